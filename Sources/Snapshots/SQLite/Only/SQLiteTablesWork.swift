internal import Database

/// The steps of a restore of tables, on a connection that has the snapshot attached.
struct SQLiteTablesWork {
    private let connection: any Connection
    /// The tables of the snapshot that are there as well.
    let replaced: [(wanted: SQLiteTable, there: SQLiteTable)]
    /// Those that are not.
    let created: [SQLiteTable]
    private let broken: [Reference: Int64]
    private let isNew: Bool

    /// A foreign key and the table that it is of.
    private struct Reference: Hashable {
        let table: String
        let parent: String
        let number: Int64
    }

    /// Looks at the tables; `isNew` is true where `main` stands in for a database that is not there.
    init(_ names: [String], _ connection: any Connection, isNew: Bool) throws {
        self.connection = connection
        self.isNew = isNew
        var replaced: [(wanted: SQLiteTable, there: SQLiteTable)] = []
        var created: [SQLiteTable] = []
        for name in names {
            guard let wanted = try SQLiteTable(name, in: SQLiteSnapshotFile.schema, connection)
            else {
                throw SnapshotError(.refused, "the snapshot has no table '\(name)'")
            }
            try Self.refuseVirtual(wanted)
            if isNew {
                created.append(wanted)
            } else if let there = try SQLiteTable(name, in: "main", connection) {
                try Self.compare(wanted, there, connection)
                replaced.append((wanted, there))
            } else {
                try Self.refuseOther(name, connection)
                created.append(wanted)
            }
        }
        self.replaced = replaced
        self.created = created
        broken = isNew ? [:] : try Self.brokenReferences(connection)
    }

    /// Its own module keeps a virtual table in several ordinary ones, which only together are one.
    private static func refuseVirtual(_ table: SQLiteTable) throws(SnapshotError) {
        guard table.kind != "table" else { return }
        let what =
            table.kind == "shadow" ? "holds a part of a virtual table" : "is a virtual table"
        throw SnapshotError(
            .refused, "'\(table.name)' \(what), which is not restored by itself",
            hint:
                "Restore the whole snapshot with --into sqlite:other.db, and build the table from "
                + "its content.")
    }

    private static func refuseOther(_ name: String, _ connection: any Connection) throws {
        let rows = try connection.query(
            "SELECT type FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE", [.text(name)]
        ).rows
        guard let type = rows.first?[0].string else { return }
        throw SnapshotError(
            .refused,
            "'\(name)' is a table in the snapshot, and the target has \(type == "index" ? "an" : "a") \(type) of that name",
            hint: "Rename or drop it first.")
    }

    private static func compare(
        _ wanted: SQLiteTable, _ there: SQLiteTable, _ connection: any Connection
    ) throws {
        guard wanted.words != there.words else { return }
        let (mine, theirs) = (try columns(wanted, connection), try columns(there, connection))
        let (only, besides) = (
            mine.filter { !theirs.contains($0) }, theirs.filter { !mine.contains($0) }
        )
        func list(_ lines: [String]) -> String {
            lines.isEmpty ? "nothing" : lines.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        }
        let what =
            only.isEmpty && besides.isEmpty
            ? "the snapshot has '\(wanted.words.joined(separator: " "))', and the target "
                + "'\(there.words.joined(separator: " "))'"
            : "the snapshot has \(list(only)), and the target \(list(besides))"
        throw SnapshotError(
            .refused, "'\(there.name)' is not defined as in the snapshot: \(what)",
            hint: "Restore it with --into another file and take over the rows you need, or drop or "
                + "rename the table first, so that it is created as the snapshot has it.")
    }

    /// The columns as one line each.
    private static func columns(
        _ table: SQLiteTable, _ connection: any Connection
    ) throws(DatabaseError) -> [String] {
        try connection.query(
            """
            SELECT trim(name || ' ' || type) || CASE WHEN "notnull" THEN ' NOT NULL' ELSE '' END \
            || CASE WHEN dflt_value IS NOT NULL THEN ' DEFAULT ' || dflt_value ELSE '' END \
            || CASE WHEN pk THEN ' PRIMARY KEY' ELSE '' END \
            FROM pragma_table_xinfo(?1, ?2) ORDER BY cid
            """, [.text(table.name), .text(table.schema)]
        ).rows.compactMap { $0[0].string }
    }

    /// What is to be done.
    func report() throws -> SQLiteTablesRestore.Report {
        var report = SQLiteTablesRestore.Report()
        report.replaced = replaced.map(\.there.name)
        report.created = created.map(\.name)
        for table in replaced {
            report.replacedRows += try SQLiteFacts.number(
                connection, "SELECT count(*) FROM \(table.there.quoted)")
            let triggers = table.there.triggers.map { "'\($0.name)'" }
            if !triggers.isEmpty {
                report.remarks.append(
                    "triggers of '\(table.there.name)' do not fire, and what they keep up to date "
                        + "stays as it is: \(triggers.joined(separator: ", "))")
            }
        }
        let all = replaced.map(\.wanted) + created
        for table in all {
            report.rows += try SQLiteFacts.number(
                connection, "SELECT count(*) FROM \(table.quoted)")
        }
        for table in created { report.remarks += try missingParents(table) }
        return report
    }

    /// The foreign keys of a table that lead nowhere in the target.
    private func missingParents(_ table: SQLiteTable) throws(DatabaseError) -> [String] {
        let chosen = Set((replaced.map(\.wanted) + created).map { $0.name.lowercased() })
        let parents = try connection.query(
            """
            SELECT DISTINCT f."table" FROM pragma_foreign_key_list(?1, ?2) f \
            WHERE ?3 OR NOT EXISTS (SELECT 1 FROM main.sqlite_master m \
            WHERE m.type = 'table' AND m.name = f."table" COLLATE NOCASE)
            """, [.text(table.name), .text(table.schema), .integer(isNew ? 1 : 0)]
        ).rows.compactMap { $0[0].string }
        return parents.filter { !chosen.contains($0.lowercased()) }.map {
            "a foreign key of '\(table.name)' refers to '\($0)', which is not there"
        }
    }

    // MARK: - The work

    /// Does it, inside a transaction.
    func run() throws {
        for table in replaced {
            for trigger in table.there.triggers {
                try connection.query("DROP TRIGGER main.\(SQLiteTable.quoted(trigger.name))")
            }
            try connection.query("DELETE FROM \(table.there.quoted)")
            try copy(table.wanted)
            for trigger in table.there.triggers { try connection.query(trigger.sql) }
        }
        for table in created {
            try connection.query(table.sql)
            try copy(table)
            for index in table.indexes { try connection.query(index.sql) }
        }
        // A trigger can name a table that only comes later.
        for table in created { for trigger in table.triggers { try connection.query(trigger.sql) } }
        try checkReferences()
    }

    private func copy(_ table: SQLiteTable) throws {
        let target = "main.\(SQLiteTable.quoted(table.name))"
        try connection.query(
            "INSERT INTO \(target) (\(table.carried)) SELECT \(table.carried) FROM \(table.quoted)")
        let lost = try SQLiteFacts.number(
            connection,
            """
            SELECT (SELECT count(*) FROM \(target)) - (SELECT count(*) FROM \(table.quoted)) \
            + (SELECT count(*) FROM (SELECT \(table.carried) FROM \(table.quoted) \
            EXCEPT SELECT \(table.carried) FROM \(target)))
            """)
        guard lost == 0 else {
            throw SnapshotError(
                .restoreFailed, "the rows of '\(table.name)' are not those of the snapshot")
        }
        try setSequence(table, target)
    }

    /// The last number that AUTOINCREMENT has given out: that of the snapshot, or a row's.
    private func setSequence(_ table: SQLiteTable, _ target: String) throws(DatabaseError) {
        let schema = SQLiteSnapshotFile.schema
        for place in ["main", schema] {
            let rows = try connection.query(
                "SELECT 1 FROM \(place).sqlite_master WHERE name = 'sqlite_sequence'"
            ).rows
            if rows.isEmpty { return }
        }
        let name = [DatabaseValue.text(table.name)]
        try connection.query(
            "DELETE FROM main.sqlite_sequence WHERE name = ?1 COLLATE NOCASE", name)
        guard table.hasRowID else { return }
        let alias = table.carried.prefix { $0 != "," }
        try connection.query(
            """
            INSERT INTO main.sqlite_sequence (name, seq) SELECT ?1, \
            max(seq, coalesce((SELECT max(\(alias)) FROM \(target)), seq)) \
            FROM \(schema).sqlite_sequence WHERE name = ?1 COLLATE NOCASE
            """, name)
    }

    // MARK: - Foreign keys

    private static func brokenReferences(
        _ connection: any Connection
    ) throws(DatabaseError) -> [Reference: Int64] {
        var broken: [Reference: Int64] = [:]
        // A key to a table that is not there is broken in every row, and reported by itself.
        let rows = try connection.query(
            """
            SELECT f."table", f.parent, f.fkid, count(*) FROM pragma_foreign_key_check f \
            WHERE EXISTS (SELECT 1 FROM main.sqlite_master m \
            WHERE m.type = 'table' AND m.name = f.parent COLLATE NOCASE) GROUP BY 1, 2, 3
            """
        ).rows
        for row in rows {
            let key = Reference(
                table: row[0].string ?? "", parent: row[1].string ?? "",
                number: row[2].integer ?? 0)
            broken[key] = row[3].integer ?? 0
        }
        return broken
    }

    /// No row of a restored table may refer to one that is not there, and in other tables no more than
    /// before.
    private func checkReferences() throws {
        let restored = Set(replaced.map(\.there.name) + created.map(\.name))
        for (key, count) in try Self.brokenReferences(connection) {
            let before = restored.contains(key.table) ? 0 : broken[key] ?? 0
            guard count > before else { continue }
            let column = try connection.query(
                "SELECT \"from\" FROM pragma_foreign_key_list(?1, 'main') WHERE id = ?2 AND seq = 0",
                [.text(key.table), .integer(key.number)]
            ).rows.first?[0].string
            let row = try connection.query(
                """
                SELECT rowid FROM pragma_foreign_key_check(?1) WHERE parent = ?2 AND fkid = ?3 LIMIT 1
                """, [.text(key.table), .text(key.parent), .integer(key.number)]
            ).rows.first?[0].integer
            throw SnapshotError(
                .restoreFailed,
                "the restore failed, the target is as it was: \(count) "
                    + "\(count == 1 ? "row" : "rows") of '\(key.table)' without the row of "
                    + "'\(key.parent)' referred to (foreign key "
                    + "\(column ?? "") → \(key.parent)\(row.map { ", the first with rowid \($0)" } ?? ""))",
                hint: "Restore '\(key.parent)' as well, or mend the rows first.")
        }
    }
}
