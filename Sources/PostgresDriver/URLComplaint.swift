internal import Database

/// The pieces of a connection URI, cut where libpq cuts it, still percent-encoded.
///
/// Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
struct URIParts {
    /// `user` or `user:password`; nil where there is none.
    let userInfo: Substring?
    /// `host:port`, perhaps several with commas.
    let hosts: Substring
    /// The database.
    let path: Substring
    /// The parameters.
    let query: Substring

    /// nil for a text that is no URI (libpq's keyword form).
    init?(_ text: String) {
        guard
            let scheme = ["postgresql://", "postgres://"].first(where: text.hasPrefix)
        else { return nil }
        var rest = text.dropFirst(scheme.count)
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            userInfo = rest[..<end]
            rest = rest[rest.index(after: end)...]
        } else {
            userInfo = nil
        }
        let hostsEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        hosts = rest[..<hostsEnd]
        rest = rest[hostsEnd...]
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        path = rest[..<mark].dropFirst()
        query = rest[mark...].dropFirst()
    }
}

/// Why an address cannot be used, found out here because libpq's own messages quote the pieces of
/// a URL, and in a URL that was cut in the wrong place such a piece is the password.
enum URLComplaint {
    /// A second `@`, or one after the host: nearly always an unencoded character of the password.
    case unencodedPassword
    /// The port is no number.
    case port
    /// A parameter that libpq does not know.
    case unknownParameter(String?)
    /// `connect_timeout` is no number of seconds.
    case connectTimeout
    /// libpq could not read it: the text, whose form chooses the hint.
    case unreadable(String)

    /// nil where nothing is wrong with the text as far as it can be seen here.
    init?(_ text: String) {
        guard let parts = URIParts(text) else { return nil }
        let ambiguousPath = parts.userInfo == nil && parts.path.contains("@")
        if parts.hosts.contains("@") || ambiguousPath || Self.holdsAt(parts.query) {
            self = .unencodedPassword
            return
        }
        for host in parts.hosts.split(separator: ",") {
            let afterAddress =
                host.lastIndex(of: "]").map { host[host.index(after: $0)...] } ?? host
            guard let colon = afterAddress.lastIndex(of: ":") else { continue }
            let port = afterAddress[afterAddress.index(after: colon)...]
            if !port.allSatisfy({ $0.isASCII && $0.isNumber }) {
                self = .port
                return
            }
        }
        var known = Set(LibPQ.defaults(all: true).keys)
        known.insert("ssl")
        // An '@' behind the host may be the one that ends a password.
        var mayShowNames = !parts.path.contains("@") && !parts.query.contains("@")
        for pair in parts.query.split(separator: "&") {
            let name = String(pair.prefix { $0 != "=" })
            if name.contains("pass") { mayShowNames = false }
            if !known.contains(name), !name.contains("%") {
                let isWord =
                    name.count <= 40 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
                self = .unknownParameter(mayShowNames && isWord ? name : nil)
                return
            }
        }
        return nil
    }

    /// True for an `@` in a parameter before any `=`: a user name after a `?` or `&` of a password.
    private static func holdsAt(_ query: Substring) -> Bool {
        query.split(separator: "&").contains { pair in pair.prefix { $0 != "=" }.contains("@") }
    }

    /// The same as an error.
    var error: DatabaseError {
        switch self {
        case .unencodedPassword:
            DatabaseError(
                .invalidURL, "the database URL holds an '@' where none can be",
                hint: "Percent-encode special characters of the user name and the password: "
                    + "%40 for @, %2F for /, %3A for :, %25 for %.")
        case .port:
            DatabaseError(
                .invalidURL, "the port in the database URL is not a number",
                hint: "If the password holds a / or a :, write it as %2F or %3A.")
        case .unknownParameter(let name):
            DatabaseError(
                .invalidURL,
                name.map { "the database URL has the parameter '\($0)', which libpq does not know" }
                    ?? "the database URL has a parameter that libpq does not know",
                hint: "Write & within a password as %26.")
        case .connectTimeout:
            DatabaseError(
                .invalidURL, "connect_timeout is not a number",
                hint: "Write it in whole seconds, in the URL or in PGCONNECT_TIMEOUT.")
        case .unreadable(let text):
            DatabaseError(
                .invalidURL, "libpq cannot read the database URL",
                hint: URIParts(text) == nil
                    ? "Write host=… dbname=… user=…, and values with spaces in single quotes."
                    : "Write postgres://user@host:5432/database and percent-encode other characters, "
                        + "%3D for = in the value of a parameter.")
        }
    }
}
