import ProjectConfig
import Testing

struct ConfigSyntaxTests {
    @Test(arguments: [
        ("environments:\n\tdev: {}\n", "2:1", "a tab stands where YAML wants spaces"),
        ("a:\n  b: 1\n c: 2\n", "3:2", "the indentation does not fit the lines above"),
        ("layout: auto\n  migrations: x\n", "2:13", "a ':' stands where no key can be"),
        ("migrations: a: b\n", "1:14", "a ':' stands where no key can be"),
        ("migrations: 'a\n", "1:13", "a quote is opened and never closed"),
        ("migrations: \"a\n", "1:13", "a quote is opened and never closed"),
        ("layout: auto\nmigrations\n", "3:1", "a ':' is missing after the key"),
        ("a: [b, c\n", "1:4", "a list is opened with '[' and not closed"),
        ("a: {b: c\n", "1:4", "a mapping is opened with '{' and not closed"),
        ("a: { url: ${X} }\n", "1:12", "a variable in braces needs quotes here"),
        ("migrations: @x\n", "1:13", "a value cannot begin with this character"),
        (
            "migrations: \"a\\q\"\n", "1:15",
            "the backslash begins no escape that YAML knows"
        ),
        ("layout: auto\n---\nlayout: auto\n", "2:1", "the file holds more than one YAML document"),
        ("a: &x 1\n", "1:4", "YAML's anchors ('&name') are not supported in this file"),
        ("a: &x [1]\n", "1:4", "YAML's anchors ('&name') are not supported in this file"),
        ("a: *x\n", "1:4", "YAML's aliases ('*name') are not supported in this file"),
        ("<<: *x\n", "1:5", "YAML's aliases ('*name') are not supported in this file"),
        ("a: !!str 1\n", "1:4", "YAML's tags ('!name') are not supported in this file"),
        ("a: !t {}\n", "1:4", "YAML's tags ('!name') are not supported in this file"),
        ("? [a]\n: b\n", "1:3", "a list or a mapping stands in the place of a key"),
        ("a: b\u{1}\n", "1:5", "the file holds a control character"),
        ("ä: b\u{1}\n", "1:5", "the file holds a control character"),
        ("- a\nb: c\n", "2:1", "the indentation does not fit the lines above"),
        ("a: - b\n", "1:4", "a '-' stands where no list can be"),
    ])
    func `a syntax error has its place and plain words`(
        _ text: String, _ place: String, _ message: String
    ) throws {
        let error = try parseFailure(text)
        #expect(error.code == .syntax)
        #expect(error.message == message)
        #expect("\(error.line ?? 0):\(error.column ?? 0)" == place)
    }

    @Test func `text that is not UTF-8 is refused at its first wrong byte`() throws {
        let bytes = Array("layout: auto\nmigrations: ü".utf8) + [0xff, 0x0a]
        let error = try #require(throws: ConfigError.self) {
            try ConfigFile.parse(bytes, path: "migrate.yaml")
        }
        #expect(error.message == "the file is not UTF-8")
        #expect((error.line, error.column) == (2, 14))
    }

    @Test func `a huge file and deep nesting are refused`() throws {
        let huge = try parseFailure("# " + String(repeating: "x", count: 1 << 20))
        #expect(huge.code == .unreadable)
        let deep = try parseFailure(
            "a: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900))
        #expect(deep.message == "values are nested more than 20 deep")
        #expect((deep.line, deep.column) == (1, 23))
    }

    @Test func `random bytes never crash the reader`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let good = Array(ConfigTemplate.text.utf8)
        let alphabet = Array("abc: -[]{}\"'\n\t #&*!|>%@`$,?~\\0\u{0}é".utf8)
        var failures = 0
        for _ in 0..<3000 {
            var bytes: [UInt8]
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                bytes = (0..<Int.random(in: 0..<80, using: &random)).map { _ in
                    UInt8.random(in: 0 ... .max, using: &random)
                }
            case 1:
                bytes = (0..<Int.random(in: 0..<80, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? 0
                }
            default:
                bytes = good
                for _ in 0..<Int.random(in: 1..<4, using: &random) {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[index] = alphabet.randomElement(using: &random) ?? 0
                }
            }
            do throws(ConfigError) {
                let config = try ConfigFile.parse(bytes, path: "migrate.yaml")
                for name in config.environmentNames {
                    _ = try config.environment(name) { $0.isEmpty ? nil : "value" }
                }
            } catch {
                failures += 1
                #expect(!error.message.isEmpty && error.line ?? 1 >= 1, "seed \(seed)")
                #expect(error.column ?? 1 >= 1, "seed \(seed)")
            }
        }
        #expect(failures > 1000, "seed \(seed): the texts were hardly ever wrong")
    }
}

/// SplitMix64. Source: https://prng.di.unimi.it/splitmix64.c
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
