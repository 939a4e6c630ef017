import Database
import PostgresDriver
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How addresses are read and shown.
@Suite struct PostgresURLTests {
    @Test(
        arguments: [
            ("postgres://ann@db.example:6543/shop", "postgres://ann@db.example:6543/shop"),
            ("postgresql://ann:s3cret@h:1/shop", "postgres://ann@h:1/shop"),
            ("postgres://ann:s3cret@h:1/shop?sslmode=require", "postgres://ann@h:1/shop"),
            ("postgres://h:1/shop?user=ann&password=s3cret", "postgres://ann@h:1/shop"),
            ("postgres://ann@h:1/", "postgres://ann@h:1/ann"),
            ("postgres://a%40b:s%2Fc%3Fret@h:1/x%20y", "postgres://a%40b@h:1/x%20y"),
            ("postgres://ann@[::1]:6543/shop", "postgres://ann@[::1]:6543/shop"),
            ("postgres://ann@h1:1,h2:2/shop", "postgres://ann@h1:1,h2:2/shop"),
            ("postgres://ann@h1,h2/shop?port=7", "postgres://ann@h1:7,h2:7/shop"),
            (
                "postgres://ann@%2Fvar%2Frun:6543/shop",
                "postgres://ann@/shop?host=/var/run&port=6543"
            ),
            ("host=h port=6543 user=ann dbname=shop", "postgres://ann@h:6543/shop"),
            ("host=h port=1 user=ann dbname=shop password='s3c ret'", "postgres://ann@h:1/shop"),
            ("hostaddr=10.0.0.1 port=1 user=ann dbname=shop", "postgres://ann@10.0.0.1:1/shop"),
            ("service=prod user=ann dbname=shop", "postgres://ann@/shop?service=prod"),
            ("postgres://ann@h:1/shop?ssl=true", "postgres://ann@h:1/shop"),
        ])
    func `the form for display holds no password`(text: String, redacted: String) throws {
        let url = try PostgresURL(text)
        #expect(url.redacted == redacted)
    }

    @Test func `the default user is the one of the operating system, and names the database`()
        throws
    {
        guard getenv("PGUSER") == nil, getenv("PGDATABASE") == nil else { return }
        let url = try PostgresURL("postgres://h/")
        #expect(!url.user.isEmpty)
        #expect(url.database == url.user)
    }

    @Test(
        arguments: [
            ("postgres://u:s3cret@h/d", ["s3cret"]),
            ("postgres://u:a%2Fb%20c@h/d", ["a/b c", "a%2Fb%20c"]),
            ("postgres://u:a%2fb@h/d", ["a/b", "a%2fb", "a%2Fb"]),
            ("postgres://u@h/d?password=p%26q&sslpassword=other", ["p&q", "other", "p%26q"]),
            ("host=h password='it\\'s me' sslpassword=k3y", ["it's me", "k3y", "it%27s%20me"]),
            ("postgres://u@h/d", []),
        ])
    func `every secret is known, as written and decoded`(text: String, secrets: [String]) throws {
        let found = Set(try PostgresURL(text).secrets)
        #expect(found.isSuperset(of: secrets))
        #expect(secrets.isEmpty == found.isEmpty)
    }

    @Test(
        arguments: [
            "postgres://u:s3cret@x@h/d", "postgres://u:1/s3cret@h/d", "postgres://u:s3cret/x@h/d",
            "postgres://u:s3cret", "postgres://h:s3cret/d", "postgres://u:%zzs3cret@h/d",
            "postgres://u:p@h/d?s3cret@h=1", "postgres://u@h/d?password=a&s3cret=b",
            "postgres://u@h/d?password=s3cret=", "postgres://[s3cret/d",
            "host=h password=a s3cret user=u", "host=h s3cret=1", "host=h password='s3cret",
            "password=a\\ s3cret x", "postgres://u:s3cret:x@h:s3cret/d",
        ])
    func `an unreadable address is refused without quoting it`(text: String) throws {
        var error: DatabaseError?
        do throws(DatabaseError) { _ = try PostgresURL(text) } catch let caught { error = caught }
        let refused = try #require(error)
        #expect(refused.code == .invalidURL)
        #expect(refused.hint != nil)
        #expect(!"\(refused)".contains("s3cret"))
    }

    @Test func `an unknown parameter is named`() throws {
        var error: DatabaseError?
        do throws(DatabaseError) {
            _ = try PostgresURL("postgres://u@h/d?search_path=app&sslmode=disable")
        } catch let caught { error = caught }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("'search_path'") == true)
    }

    @Test func `no text makes the reader crash or tell its password`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed)
        let pieces = [
            "postgres://", "s3cret", ":", "@", "/", "?", "&", "=", "%", "%2F", "[", "]", ",", "h",
            "1", "password", "'", "\\", " ", "ä", "host", "#",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 1...12, using: &random)
            let tail = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let text = "postgres://u:s3cret" + tail
            do throws(DatabaseError) {
                let url = try PostgresURL(text)
                // Where the text is a URL after all, the password is whatever libpq takes for it.
                if tail.hasPrefix("@"), !tail.dropFirst().contains("s3cret") {
                    #expect(!url.redacted.contains("s3cret"), "seed \(seed): \(text)")
                }
            } catch {
                #expect(error.code == .invalidURL, "seed \(seed): \(text)")
                #expect(!"\(error)".contains("s3cret"), "seed \(seed): \(text)")
            }
        }
    }
}

/// A generator that can be begun again from its printed seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
