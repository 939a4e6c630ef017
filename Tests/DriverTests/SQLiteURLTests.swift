import Database
import SQLiteDriver
import Testing

/// One address and what it must be read as.
struct URLCase: Sendable, CustomTestStringConvertible {
    var text: String
    var path: String?
    var filename: String

    init(_ text: String, _ path: String?, _ filename: String) {
        self.text = text
        self.path = path
        self.filename = filename
    }

    var testDescription: String { text }
}

struct SQLiteURLTests {
    @Test(arguments: [
        URLCase("sqlite:relative.db", "relative.db", "relative.db"),
        URLCase("sqlite3:relative.db", "relative.db", "relative.db"),
        URLCase("SQLite:relative.db", "relative.db", "relative.db"),
        URLCase("sqlite:./x", "./x", "./x"),
        URLCase("sqlite:../x y.db", "../x y.db", "../x y.db"),
        URLCase("sqlite:/srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("sqlite:///srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("sqlite:////srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("sqlite:///srv/a%20b%3f.db", "/srv/a b?.db", "/srv/a b?.db"),
        URLCase("sqlite:100%.db", "100%.db", "100%.db"),
        URLCase("sqlite:a#b.db", "a#b.db", "a#b.db"),
        URLCase("sqlite:file:odd.db", "file:odd.db", "./file:odd.db"),
        URLCase("sqlite:./:memory:", "./:memory:", "./:memory:"),
        URLCase(":memory:", nil, ":memory:"),
        URLCase("sqlite::memory:", nil, ":memory:"),
        URLCase("sqlite3::memory:", nil, ":memory:"),
        URLCase("sqlite://:memory:", nil, ":memory:"),
        URLCase("sqlite::memory:?cache=shared", nil, "file::memory:?cache=shared"),
        URLCase(
            "sqlite:x?mode=memory&cache=shared", nil, "file:x?mode=memory&cache=shared"),
        URLCase("sqlite:a.db?mode=ro", "a.db", "file:a.db?mode=ro"),
        URLCase("sqlite:a.db?mode=rwc", "a.db", "a.db"),
        URLCase("sqlite:/a b%.db?vfs=unix", "/a b%.db", "file:///a%20b%25.db?vfs=unix"),
        URLCase("sqlite:a.db?immutable=1", "a.db", "file:a.db?immutable=1"),
        URLCase("file:a.db", "a.db", "a.db"),
        URLCase("file:a%20b.db", "a b.db", "a b.db"),
        URLCase("file:/srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("file:///srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("file://localhost/srv/a.db", "/srv/a.db", "/srv/a.db"),
        URLCase("file:///srv/a.db?nolock=1#part", "/srv/a.db", "file:///srv/a.db?nolock=1"),
        URLCase("file::memory:", nil, ":memory:"),
        URLCase("file:shared?mode=memory", nil, "file:shared?mode=memory"),
        URLCase("file:ü.db?cache=private", "ü.db", "file:%C3%BC.db?cache=private"),
    ])
    func `every form is read`(_ form: URLCase) throws {
        let url = try SQLiteURL(form.text)
        #expect(url.path == form.path)
        #expect(url.filename == form.filename)
        #expect(url.display == (form.path.map { "sqlite:\($0)" } ?? "sqlite::memory:"))
    }

    @Test(arguments: [
        ("sqlite:", "the SQLite URL names no file"),
        ("sqlite://", "the SQLite URL names no file"),
        ("file:", "the SQLite URL names no file"),
        ("sqlite:?mode=ro", "the SQLite URL names no file"),
        (
            "sqlite://relative/a.db",
            "the SQLite URL has a host name or a relative path after 'sqlite://'"
        ),
        ("sqlite:a.db?timeout=5", "the SQLite URL has an unknown parameter 'timeout'"),
        ("sqlite:a.db?mode=write", "the SQLite URL has an unknown mode 'write'"),
        ("file://server/a.db", "the file: URI names a host, and SQLite files are local"),
        (
            "file:100%.db",
            "the SQLite URL has a '%' that two hexadecimal digits do not follow"
        ),
        (
            "sqlite:///a%+1b",
            "the SQLite URL has a '%' that two hexadecimal digits do not follow"
        ),
        ("file:%ff", "the SQLite URL is not UTF-8 after percent-decoding"),
        ("file:a%00b", "the path in the SQLite URL holds a zero byte"),
        ("postgres://u:secret@h/d", "the URL does not name an SQLite database"),
        ("", "the URL does not name an SQLite database"),
    ])
    func `a wrong form is refused with its reason`(_ text: String, _ message: String) throws {
        let error = try #require(throws: DatabaseError.self) { try SQLiteURL(text) }
        #expect(error.code == .invalidURL)
        #expect(error.message == message)
    }

    @Test func `an encryption key in a file URI is never displayed`() throws {
        let url = try SQLiteURL("file:a.db?key=hunter2")
        #expect(url.filename.contains("hunter2"))
        #expect(!url.display.contains("hunter2"))
    }

    @Test(arguments: [
        ("sqlite:a.db", "/p/a.db", "/p/a.db"),
        ("sqlite:./a.db", "/p/a.db", "/p/a.db"),
        ("sqlite:/x/a.db", "/x/a.db", "/x/a.db"),
        ("sqlite:a.db?mode=ro", "/p/a.db", "file:///p/a.db?mode=ro"),
    ])
    func `a relative file is placed in a folder`(
        _ text: String, _ path: String, _ filename: String
    ) throws {
        let url = try SQLiteURL(text).resolved(against: "/p")
        #expect(url.path == path)
        #expect(url.filename == filename)
        #expect(try SQLiteURL(":memory:").resolved(against: "/p") == SQLiteURL(":memory:"))
    }
}
