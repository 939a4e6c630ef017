internal import Database

/// The definitions of an SQLite database at one time.
struct SQLiteSchema {
    private struct Entry: Hashable {
        var type: String
        var name: String
        var table: String
        var sql: String?
    }

    private var entries: Set<Entry> = []

    /// Of an empty database.
    init() {}

    init(_ connection: any Connection) throws(DatabaseError) {
        let rows = try connection.query(
            "SELECT type, name, tbl_name, sql FROM main.sqlite_master "
                + "WHERE type IN ('table', 'index')"
        ).rows
        entries = Set(
            rows.map {
                Entry(
                    type: $0[0].string ?? "", name: $0[1].string ?? "", table: $0[2].string ?? "",
                    sql: $0[3].string)
            })
    }

    /// The tables that are defined differently now, themselves or by their indexes.
    ///
    /// Where there are any, SQLite is made to read the definitions again, for a file may have
    /// written them by hand (`PRAGMA writable_schema`), and SQLite would go on with the old ones.
    func changedTables(_ connection: any Connection) throws(DatabaseError) -> [String] {
        let now = try SQLiteSchema(connection)
        let changed = now.entries.subtracting(entries)
        guard !changed.isEmpty else { return [] }
        try connection.query("PRAGMA writable_schema = RESET")
        return Set(changed.map(\.table)).sorted()
    }
}

/// What SQLite finds in some tables without comparing them with their indexes.
///
/// Source: https://www.sqlite.org/pragma.html#pragma_quick_check
enum QuickCheck {
    static let name = "quick_check"

    static func find(
        _ tables: [String], _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Finding] {
        var findings: [Finding] = []
        for table in tables {
            switch try reader.answer(
                "PRAGMA main.quick_check(\(quotedIdentifier(table)))")
            {
            case .success(let result): findings += SQLiteChecks.findings(result, name)
            case .failure(let error):
                findings.append(Finding(name, couldNotLookAt: table, error))
            }
        }
        return findings
    }
}
