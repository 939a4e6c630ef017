internal import Database

/// Rows that refer to no row, by SQLite's own check.
///
/// It stops at the first key whose definition does not fit its parent table, so that each table is
/// looked at by itself, and such a key is a finding.
///
/// Source: https://www.sqlite.org/pragma.html#pragma_foreign_key_check
enum ForeignKeyCheck {
    static func find(_ reader: SQLiteReader) throws(DatabaseError) -> [Finding] {
        switch try reader.answer(query()) {
        case .success(let result):
            var findings: [Finding] = []
            for row in result.rows { findings.append(try finding(row, reader)) }
            return findings
        case .failure:
            return try findByTable(reader)
        }
    }

    private static func findByTable(_ reader: SQLiteReader) throws(DatabaseError) -> [Finding] {
        let tables: [String]
        switch try reader.answer(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name"
        ) {
        case .success(let result): tables = result.rows.compactMap { $0[0].string }
        case .failure(let error):
            return [Finding(Check.foreignKeyCheck.name, couldNotLookAt: "main", error)]
        }
        var findings: [Finding] = []
        for table in tables {
            switch try reader.answer(query("?1, 'main'"), [.text(table)]) {
            case .success(let result):
                for row in result.rows { findings.append(try finding(row, reader)) }
            case .failure(let error):
                findings.append(
                    Finding(
                        Check.foreignKeyCheck.name, object: table,
                        problem: "a foreign key of the table cannot be checked: \(error.message)",
                        hint: "What it refers to must be a primary key, or unique."))
            }
        }
        return findings
    }

    private static func query(_ arguments: String? = nil) -> String {
        let function = "pragma_foreign_key_check" + (arguments.map { "(\($0))" } ?? "")
        return """
            SELECT "table", parent, fkid, count(*), group_concat(rowid, ', ') FILTER (WHERE n <= 5) \
            FROM (SELECT "table", rowid, parent, fkid, \
            row_number() OVER (PARTITION BY "table", fkid ORDER BY rowid) AS n FROM \(function)) \
            GROUP BY 1, 2, 3 ORDER BY 1, 3
            """
    }

    private static func finding(
        _ row: Row, _ reader: SQLiteReader
    ) throws(DatabaseError) -> Finding {
        let table = row[0].string ?? ""
        let parent = row[1].string ?? ""
        let count = row[3].integer ?? 0
        var columns = ""
        let key = try reader.answer(
            "SELECT group_concat(\"from\", ', ') FROM (SELECT \"from\" "
                + "FROM pragma_foreign_key_list(?1, 'main') WHERE id = ?2 ORDER BY seq)",
            [row[0], row[2]])
        if case .success(let result) = key, let names = result.rows.first?[0].string {
            columns = " by (\(names))"
        }
        let rowIDs = row[4].string.map { " (rowid \($0)\(count > 5 ? ", …" : ""))" } ?? ""
        return Finding(
            Check.foreignKeyCheck.name, object: table,
            problem: "\(counted(count, "row"))\(rowIDs) \(count == 1 ? "refers" : "refer") to no "
                + "row of '\(parent)'\(columns)",
            hint: "Add the rows that are missing in '\(parent)', or mend or delete those here.",
            facts: ["parent": .text(parent), "row_count": .integer(count)],
            identity: "\(table)/\(row[2].string ?? "")", extent: count)
    }
}
