internal import Database

/// What a manifest says of an SQLite database.
struct SQLiteFacts {
    var pageSize: Int64
    var pageCount: Int64
    var applicationID: Int64
    var userVersion: Int64
    /// Ordinary tables, those of the system left out and those behind virtual tables included.
    var tables: Int64
    /// Rows of those.
    var rows: Int64

    /// Reads them.
    init(_ connection: any Connection) throws(DatabaseError) {
        pageSize = try Self.number(connection, "PRAGMA page_size")
        pageCount = try Self.number(connection, "PRAGMA page_count")
        applicationID = try Self.number(connection, "PRAGMA application_id")
        userVersion = try Self.number(connection, "PRAGMA user_version")
        // A virtual table has no page of its own, and may want a module that is not here.
        let names = try connection.query(
            """
            SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 \
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            """
        ).rows.compactMap(\.values.first?.string)
        tables = Int64(names.count)
        rows = 0
        for name in names {
            let quoted = QuotedText.sqliteName(name)
            rows += try Self.number(connection, "SELECT count(*) FROM main.\(quoted)")
        }
    }

    /// What is wrong with the database; empty where it is sound.
    static func problems(_ connection: any Connection) throws(DatabaseError) -> [String] {
        let rows: [Row]
        do throws(DatabaseError) {
            rows = try connection.query("PRAGMA integrity_check(10)").rows
        } catch {
            // An index by a collation of the application cannot be checked without it.
            guard error.code == .undefinedObject else { throw error }
            rows = try connection.query("PRAGMA quick_check(10)").rows
        }
        let lines = rows.compactMap(\.values.first?.string)
        return lines == ["ok"] ? [] : lines
    }

    /// How many rows refer to one that is not there.
    static func brokenReferences(_ connection: any Connection) throws(DatabaseError) -> Int {
        do {
            return try connection.run([Step("PRAGMA foreign_key_check", rowLimit: 0)])[0].rowCount
        } catch {
            throw error.error
        }
    }

    static func number(
        _ connection: any Connection, _ sql: String
    ) throws(DatabaseError) -> Int64 {
        guard case .integer(let value)? = try connection.query(sql).rows.first?.values.first else {
            throw DatabaseError(.other, "'\(sql)' gave no number")
        }
        return value
    }
}
