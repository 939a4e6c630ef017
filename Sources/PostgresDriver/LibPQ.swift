internal import CLibPQ
package import Database

/// What is asked of libpq without a connection.
enum LibPQ {
    /// Makes sure that libpq is there.
    ///
    /// - Throws: `.cannotConnect`.
    static func load() throws(DatabaseError) {
        var reason: UnsafePointer<CChar>?
        guard clibpq_load(&reason) != 0 else { return }
        throw DatabaseError(
            .cannotConnect, "libpq, PostgreSQL's client library, cannot be loaded",
            detail: reason.map { String(cString: $0) },
            hint: "Install libpq 14 or later: 'apt-get install libpq5' on Debian and Ubuntu, "
                + "'dnf install libpq' on Fedora, 'brew install libpq' on macOS.")
    }

    /// The options that a connection string gives; nil for one that libpq cannot read.
    static func parse(_ text: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        defer { PQfreemem(message) }
        guard let options = PQconninfoParse(text, &message) else { return nil }
        defer { PQconninfoFree(options) }
        return dictionary(options, all: false)
    }

    /// The options that libpq takes from the environment and its own defaults; with `all` also those
    /// that have no value, as "".
    static func defaults(all: Bool = false) -> [String: String] {
        guard let options = PQconndefaults() else { return [:] }
        defer { PQconninfoFree(options) }
        return dictionary(options, all: all)
    }

    private static func dictionary(
        _ options: UnsafeMutablePointer<PQconninfoOption>, all: Bool
    ) -> [String: String] {
        var result: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                result[String(cString: keyword)] = String(cString: value)
            } else if all {
                result[String(cString: keyword)] = ""
            }
            option += 1
        }
        return result
    }
}

/// The client library that connections use.
package enum PostgresLibrary {
    /// libpq's version, `15.18`; loads it if that was not done yet.
    ///
    /// - Throws: `.cannotConnect` where libpq is not installed.
    package static func version() throws(DatabaseError) -> String {
        try LibPQ.load()
        let number = PQlibVersion()
        return "\(number / 10000).\(number % 10000)"
    }
}
