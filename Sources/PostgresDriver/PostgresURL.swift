internal import CLibPQ
package import Database

/// A PostgreSQL address taken apart by libpq, with its defaults and the PG… variables filled in.
///
/// Nothing of it connects or resolves a name. A value may be a list with commas (several hosts).
package struct PostgresURL: Sendable {
    /// The host names or socket folders; empty where a service file or libpq's default gives them.
    package let host: String
    /// The ports.
    package let port: String
    /// The role to connect as.
    package let user: String
    /// The database; libpq's default is the one named as the user.
    package let database: String
    /// Every secret in the text, as it was written and decoded. To be kept out of all output.
    package let secrets: [String]

    /// The service of the service file, if one is named.
    let service: String?
    /// `hostaddr` as given.
    let hostAddress: String
    /// `connect_timeout` as given, in seconds.
    let connectTimeout: Int?

    /// Reads an address.
    ///
    /// - Throws: `.invalidURL`, with a message that quotes nothing of the text but the name of an
    ///   unknown parameter; `.cannotConnect` when libpq is not installed.
    package init(_ text: String) throws(DatabaseError) {
        try LibPQ.load()
        if let complaint = URLComplaint(text) { throw complaint.error }
        guard let given = LibPQ.parse(text) else { throw URLComplaint.unreadable(text).error }
        let defaults = LibPQ.defaults()
        func value(_ keyword: String) -> String { given[keyword] ?? defaults[keyword] ?? "" }

        let service = given["service"] ?? defaults["service"]
        self.service = service
        hostAddress = value("hostaddr")
        let host = value("host")
        self.host = host.isEmpty ? hostAddress : host
        port = value("port")
        user = value("user")
        // What a service file says is known only once connected.
        let database = value("dbname")
        self.database = database.isEmpty && service == nil ? user : database
        let seconds = value("connect_timeout")
        connectTimeout = Int(seconds[...].trimmed)
        if connectTimeout == nil, !seconds.isEmpty { throw URLComplaint.connectTimeout.error }
        secrets = Self.secrets(of: text, given: given)
    }

    private static func secrets(of text: String, given: [String: String]) -> [String] {
        var secrets: [String] = []
        for keyword in ["password", "sslpassword"] {
            guard let value = given[keyword], !value.isEmpty else { continue }
            secrets.append(value)
        }
        secrets += rawSecrets(in: text)
        secrets += secrets.map(percentEncoded)
        var seen: Set<String> = []
        return secrets.filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// The passwords of a URI exactly as they stand in it.
    private static func rawSecrets(in text: String) -> [String] {
        guard let parts = URIParts(text) else { return [] }
        var secrets: [String] = []
        if let colon = parts.userInfo?.firstIndex(of: ":"), let userInfo = parts.userInfo {
            secrets.append(String(userInfo[userInfo.index(after: colon)...]))
        }
        for pair in parts.query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0] == "password" || sides[0] == "sslpassword" else {
                continue
            }
            secrets.append(String(sides[1]))
        }
        return secrets
    }

    /// The address for display, `postgres://user@host:5432/database`: no password and no parameter
    /// that could hold one.
    package var redacted: String {
        let address = Self.percentEncoded(user) + (user.isEmpty ? "" : "@")
        let path = "/" + Self.percentEncoded(database)
        if let service, host.isEmpty {
            return "postgres://\(address)\(path)?service=\(Self.percentEncoded(service))"
        }
        let hosts = host.split(separator: ",", omittingEmptySubsequences: false)
        if host.hasPrefix("/") || host.hasPrefix("@") {
            return "postgres://\(address)\(path)?host=\(host)&port=\(port)"
        }
        let ports = port.split(separator: ",", omittingEmptySubsequences: false)
        let list = hosts.indices.map { index in
            let name = hosts[index].contains(":") ? "[\(hosts[index])]" : String(hosts[index])
            let port = ports.count == 1 ? ports[0] : (index < ports.count ? ports[index] : "")
            return port.isEmpty || name.isEmpty ? name : "\(name):\(port)"
        }
        return "postgres://\(address)\(list.joined(separator: ","))\(path)"
    }

    /// Percent-encodes all that is not unreserved in RFC 3986.
    private static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }
}
