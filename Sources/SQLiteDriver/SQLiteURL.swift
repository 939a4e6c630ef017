package import Database

/// The address of an SQLite database: a file, or a database in memory.
///
/// | text | means |
/// |---|---|
/// | `sqlite:a.db`, `sqlite:./a.db` | a file, relative to the working directory |
/// | `sqlite:/srv/a.db`, `sqlite:///srv/a.db` | a file, absolute |
/// | `sqlite::memory:`, `:memory:` | a private database in memory |
/// | `file:a.db?mode=ro` … | a URI as SQLite itself reads it |
///
/// `sqlite3:` is the same as `sqlite:`. A path after `sqlite://` is percent-decoded, one after
/// `sqlite:` is taken as it stands up to a `?`. The parameters `mode`, `cache`, `vfs` and
/// `immutable` may follow a `?` and mean what they mean in a `file:` URI.
///
/// Source: https://www.sqlite.org/uri.html
package struct SQLiteURL: Sendable, Hashable {
    /// The database file's path, decoded; nil for a database in memory.
    package let path: String?
    /// What `sqlite3_open_v2` gets: a plain path or, where parameters were given, a `file:` URI.
    package let filename: String
    /// The address without its parameters, which may hold an encryption key. Fit for messages.
    package let display: String
    /// True when the address itself asks for a database that cannot be written (`mode=ro`,
    /// `immutable=1`).
    package let isReadOnly: Bool
    /// True when the address itself forbids that the file is created (`mode=rw`, `mode=ro`,
    /// `immutable=1`).
    package let forbidsCreation: Bool

    private let parameters: [Parameter]

    struct Parameter: Sendable, Hashable {
        var name: String
        var value: String
    }

    /// Reads an address.
    ///
    /// - Throws: `.invalidURL`.
    package init(_ text: String) throws(DatabaseError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        let rest = text.dropFirst(scheme.count + 1)
        switch scheme {
        case "" where text == ":memory:":
            self.init(path: nil, parameters: [])
        case "sqlite", "sqlite3":
            try self.init(afterScheme: rest)
        case "file":
            try self.init(uri: rest)
        default:
            throw Self.invalid("the URL does not name an SQLite database", Self.forms)
        }
    }

    /// The file at `path`, whatever characters it has.
    package init(path: String) { self.init(path: path, parameters: []) }

    /// `path` with a relative file placed in `folder`; an absolute path and a database in memory
    /// stay as they are.
    package func resolved(against folder: String) -> SQLiteURL {
        guard let path, !path.hasPrefix("/") else { return self }
        var relative = path[...]
        while relative.hasPrefix("./") { relative = relative.dropFirst(2) }
        guard folder != "." else {
            return SQLiteURL(path: String(relative), parameters: parameters)
        }
        let separator = folder.hasSuffix("/") ? "" : "/"
        return SQLiteURL(path: folder + separator + relative, parameters: parameters)
    }

    /// The text after `sqlite:`.
    private init(afterScheme rest: Substring) throws(DatabaseError) {
        let (location, query) = Self.split(rest, at: "?")
        let parameters = try Self.parameters(query ?? "")
        for parameter in parameters where !Self.known.contains(parameter.name) {
            throw Self.invalid(
                "the SQLite URL has an unknown parameter '\(parameter.name)'",
                "The parameters are \(Self.known.joined(separator: ", ")).")
        }
        var path = String(location)
        if location.hasPrefix("//") {
            path = try Self.decoded(location.dropFirst(2))
            guard path.hasPrefix("/") || path == ":memory:" || path.isEmpty else {
                throw Self.invalid(
                    "the SQLite URL has a host name or a relative path after 'sqlite://'",
                    "Write sqlite:path for a relative path, sqlite:///path for an absolute one.")
            }
            // 'sqlite:////srv/a.db' is what some tools print for an absolute path.
            if path.hasPrefix("//") { path = "/" + path.drop { $0 == "/" } }
        }
        try self.init(checked: path, parameters)
    }

    /// The text after `file:`: an authority, a path, a query and a fragment, which is ignored.
    private init(uri rest: Substring) throws(DatabaseError) {
        let withoutFragment = Self.split(rest, at: "#").0
        let (location, query) = Self.split(withoutFragment, at: "?")
        var path = location
        if location.hasPrefix("//") {
            let authority = location.dropFirst(2).prefix { $0 != "/" }
            guard authority.isEmpty || authority == "localhost" else {
                throw Self.invalid(
                    "the file: URI names a host, and SQLite files are local",
                    "Write file:///path with three slashes.")
            }
            path = location.dropFirst(2 + authority.count)
        }
        try self.init(checked: try Self.decoded(path), try Self.parameters(query ?? ""))
    }

    private init(checked path: String, _ parameters: [Parameter]) throws(DatabaseError) {
        let mode = parameters.last { $0.name == "mode" }?.value
        if let mode, !["ro", "rw", "rwc", "memory"].contains(mode) {
            throw Self.invalid(
                "the SQLite URL has an unknown mode '\(mode)'",
                "The modes are ro, rw, rwc and memory.")
        }
        if path == ":memory:" || mode == "memory" {
            self.init(path: nil, name: path, parameters: parameters)
            return
        }
        guard !path.isEmpty else {
            throw Self.invalid("the SQLite URL names no file", Self.forms)
        }
        guard !path.utf8.contains(0) else {
            throw Self.invalid("the path in the SQLite URL holds a zero byte", nil)
        }
        self.init(path: path, parameters: parameters)
    }

    private init(path: String?, name: String = ":memory:", parameters: [Parameter]) {
        self.path = path
        self.parameters = parameters
        display = path.map { "sqlite:\($0)" } ?? "sqlite::memory:"
        let mode = parameters.last { $0.name == "mode" }?.value
        let isImmutable = parameters.contains {
            $0.name == "immutable" && Self.isTrue($0.value)
        }
        isReadOnly = path != nil && (mode == "ro" || isImmutable)
        forbidsCreation = path != nil && (mode == "ro" || mode == "rw" || isImmutable)
        // mode=rwc only repeats what the caller decides with its open mode, and SQLite refuses it
        // where that is stricter.
        let passed = parameters.filter { !($0.name == "mode" && $0.value == "rwc") }
        // A name that begins with a colon, such as ':memory:', is none of a file to SQLite.
        let file = path.map { $0.hasPrefix(":") ? "./" + $0 : $0 }
        filename = Self.filename(file ?? name, passed)
    }

    private static let known = ["mode", "cache", "vfs", "immutable"]
    private static let forms = "Write sqlite:path, sqlite:///absolute/path or sqlite::memory:."

    private static func invalid(_ message: String, _ hint: String?) -> DatabaseError {
        DatabaseError(.invalidURL, message, hint: hint)
    }
}

// MARK: - URI syntax

extension SQLiteURL {
    private static func split(
        _ text: Substring, at separator: Character
    ) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private static func parameters(_ query: Substring) throws(DatabaseError) -> [Parameter] {
        var result: [Parameter] = []
        for piece in query.split(separator: "&") {
            let (name, value) = split(piece, at: "=")
            result.append(Parameter(name: try decoded(name), value: try decoded(value ?? "")))
        }
        return result
    }

    /// What `sqlite3_uri_boolean` takes for true.
    private static func isTrue(_ value: String) -> Bool {
        if let number = Int(value) { return number != 0 }
        return ["yes", "true", "on"].contains(value.lowercased())
    }

    private static func decoded(_ text: Substring) throws(DatabaseError) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(Substring(rest.prefix(2)))
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16),
                !digits.hasPrefix("+")
            else {
                throw invalid(
                    "the SQLite URL has a '%' that two hexadecimal digits do not follow",
                    "Write %25 for a percent sign.")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self) else {
            throw invalid("the SQLite URL is not UTF-8 after percent-decoding", nil)
        }
        return result
    }

    private static func filename(_ path: String, _ parameters: [Parameter]) -> String {
        guard !parameters.isEmpty else {
            // A library built with SQLITE_USE_URI would read such a name as a URI.
            return path.hasPrefix("file:") ? "./" + path : path
        }
        let query = parameters.map { encoded($0.name) + "=" + encoded($0.value) }
        let authority = path.hasPrefix("/") ? "//" : ""
        return "file:" + authority + encoded(path) + "?" + query.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += byte < 16 ? "%0" : "%"
                result += String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
