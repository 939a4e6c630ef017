/// A database's address as the user wrote it, sorted by system.
///
/// PostgreSQL: every form that libpq reads (`postgres://…`, `postgresql://…`, `host=… dbname=…`,
/// `service=…`). SQLite: `sqlite:path`, `sqlite:///absolute/path`, `sqlite3:…`, `file:…` URIs and
/// `:memory:`. The text can hold a password and is never shown; drivers make the form for display.
package struct DatabaseURL: Sendable, Hashable {
    /// The system that the scheme names.
    package let dialect: Dialect
    /// The text as given. Secret.
    package let text: String

    /// Sorts an address by its scheme, without opening or resolving anything.
    ///
    /// - Throws: `.invalidURL` for an empty text or an unknown scheme; the message names the scheme
    ///   only, never the text.
    package init(_ text: String) throws(DatabaseError) {
        self.text = text
        let head = text.prefix { $0 != ":" && $0 != "=" && $0 != "/" && $0 != "?" }
        let rest = text.dropFirst(head.count)
        switch (head.lowercased(), rest.first) {
        case ("postgres", ":") where rest.hasPrefix("://"),
            ("postgresql", ":") where rest.hasPrefix("://"):
            dialect = .postgres
        case ("sqlite", ":"), ("sqlite3", ":"), ("file", ":"):
            dialect = .sqlite
        case _ where text == ":memory:":
            dialect = .sqlite
        case (let word, "=") where word.allSatisfy { $0.isLetter || $0 == "_" || $0 == " " }:
            dialect = .postgres
        case (let scheme, ":") where rest.hasPrefix("://") && Self.isScheme(scheme):
            throw DatabaseError(
                .invalidURL, "the scheme '\(scheme)' is not a database that this program knows",
                hint: Self.forms)
        case _ where text.isEmpty:
            throw DatabaseError(.invalidURL, "the database URL is empty", hint: Self.forms)
        default:
            throw DatabaseError(
                .invalidURL, "the database URL has no scheme that this program knows",
                hint: Self.forms)
        }
    }

    private static func isScheme(_ text: String) -> Bool {
        !text.isEmpty && text.count <= 20
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+") }
    }

    private static let forms =
        "Write postgres://user@host:5432/database, sqlite:path/to/file.db or sqlite::memory:."
}
