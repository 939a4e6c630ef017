internal import Database

/// One table of an SQLite database as its schema has it.
struct SQLiteTable {
    /// A part of its definition that CREATE makes by itself: an index or a trigger.
    struct Part {
        let type: String
        let name: String
        let sql: String
    }

    /// Where it is: `main`, or the attached snapshot.
    let schema: String
    let name: String
    /// CREATE TABLE as it was written.
    let sql: String
    /// `table`, `virtual`, `shadow`.
    let kind: String
    let hasRowID: Bool
    /// The columns that hold values of their own.
    let columns: [String]
    let indexes: [Part]
    let triggers: [Part]

    /// Reads one; nil where there is none of that name.
    init?(_ name: String, in schema: String, _ connection: any Connection) throws(DatabaseError) {
        let rows = try connection.query(
            """
            SELECT m.name, m.sql, l.type, l.wr FROM \(schema).sqlite_master m \
            JOIN pragma_table_list l ON l.schema = ?2 AND l.name = m.name \
            WHERE m.type = 'table' AND m.name = ?1 COLLATE NOCASE
            """, [.text(name), .text(schema)]
        ).rows
        guard let row = rows.first, let found = row[0].string else { return nil }
        self.schema = schema
        self.name = found
        sql = row[1].string ?? ""
        kind = row[2].string ?? ""
        hasRowID = row[3].integer == 0
        columns = try connection.query(
            "SELECT name FROM pragma_table_xinfo(?1, ?2) WHERE hidden = 0 ORDER BY cid",
            [.text(found), .text(schema)]
        ).rows.compactMap { $0[0].string }
        let parts = try connection.query(
            """
            SELECT type, name, sql FROM \(schema).sqlite_master \
            WHERE type IN ('index', 'trigger') AND tbl_name = ?1 COLLATE NOCASE \
            AND sql IS NOT NULL ORDER BY rowid
            """, [.text(found)]
        ).rows.map {
            Part(type: $0[0].string ?? "", name: $0[1].string ?? "", sql: $0[2].string ?? "")
        }
        indexes = parts.filter { $0.type == "index" }
        triggers = parts.filter { $0.type == "trigger" }
    }

    /// The tables that can be chosen.
    static func names(in schema: String, _ connection: any Connection) throws(DatabaseError)
        -> [String]
    {
        try connection.query(
            """
            SELECT name FROM \(schema).sqlite_master WHERE type = 'table' \
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
            """
        ).rows.compactMap { $0[0].string }
    }

    var quoted: String { "\(schema).\(Self.quoted(name))" }

    static func quoted(_ name: String) -> String { QuotedText.sqliteName(name) }

    /// The columns that carry a row from one database to another, quoted: with the rowid as the first,
    /// where the table has one and a name for it is left.
    var carriedColumns: [String] {
        let taken = Set(columns.map { $0.lowercased() })
        let alias = hasRowID ? ["rowid", "_rowid_", "oid"].first { !taken.contains($0) } : nil
        return (alias.map { [$0] } ?? []) + columns.map(Self.quoted)
    }

    /// The same as a list.
    var carried: String { carriedColumns.joined(separator: ", ") }

    /// The definition without what white space is left over.
    var words: [Substring] { sql.split(whereSeparator: \.isWhitespace) }
}
