internal import Database

/// Tables that get other rows within a transaction: nothing that watches over a row fires or hides one
/// meanwhile, and all of it watches again at the end.
struct ReplacedTables {
    /// A foreign key of the target.
    struct Key: Hashable {
        let table: RestoredTable
        let other: RestoredTable
        let name: String
    }

    private struct Trigger {
        let table: RestoredTable
        let name: String
        let firing: String
    }

    private let connection: any Connection
    /// Those that hold rows themselves.
    private let leaves: [RestoredTable]
    private let triggers: [Trigger]
    private let guarded: [RestoredTable]
    /// The foreign keys from and to them, those of the tables that they are partitions of included.
    let keys: [Key]
    /// The OIDs of the tables.
    let oids: [Int64]

    /// Looks at tables that are there.
    init(_ tables: Set<RestoredTable>, _ connection: any Connection) throws {
        self.connection = connection
        let list = tables.sorted().map {
            "\(PostgresName.literal($0.quoted))::pg_catalog.regclass::pg_catalog.oid"
        }
        let ids = "ARRAY[\(list.joined(separator: ", "))]::pg_catalog.oid[]"
        let relations = try connection.query(
            """
            SELECT c.oid, n.nspname, c.relname, c.relkind = 'r', c.relforcerowsecurity \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.oid = ANY (\(ids)) ORDER BY 2, 3
            """
        ).rows
        oids = relations.compactMap { $0[0].integer }
        leaves = relations.filter { $0[3].boolean == true }.map { Self.table($0, at: 1) }
        guarded = relations.filter { $0[4].boolean == true }.map { Self.table($0, at: 1) }
        triggers = try connection.query(
            """
            SELECT n.nspname, c.relname, t.tgname, t.tgenabled FROM pg_catalog.pg_trigger t \
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint \
            WHERE t.tgrelid = ANY (\(ids)) AND t.tgenabled <> 'D' \
            AND (k.oid IS NULL OR k.contype = 't') ORDER BY 1, 2, 3
            """
        ).rows.map { row in
            Trigger(
                table: Self.table(row, at: 0), name: row[2].string ?? "",
                firing: row[3].string == "R" ? "REPLICA " : row[3].string == "A" ? "ALWAYS " : "")
        }
        keys = try connection.query(
            """
            WITH RECURSIVE up (oid, parent) AS (SELECT oid, conparentid \
            FROM pg_catalog.pg_constraint WHERE contype = 'f' \
            AND (conrelid = ANY (\(ids)) OR confrelid = ANY (\(ids))) \
            UNION SELECT k.oid, k.conparentid FROM up \
            JOIN pg_catalog.pg_constraint k ON k.oid = up.parent) \
            SELECT n.nspname, c.relname, rn.nspname, r.relname, k.conname FROM up \
            JOIN pg_catalog.pg_constraint k ON k.oid = up.oid \
            JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_class r ON r.oid = k.confrelid \
            JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace \
            WHERE k.conparentid = 0 ORDER BY 1, 2, 5
            """
        ).rows.map { row in
            Key(
                table: Self.table(row, at: 0), other: Self.table(row, at: 2),
                name: row[4].string ?? "")
        }
    }

    private static func table(_ row: Row, at index: Int) -> RestoredTable {
        RestoredTable(schema: row[index].string ?? "", name: row[index + 1].string ?? "")
    }

    /// Takes keys, triggers and forced row security off, and empties them.
    func open() throws {
        var statements = keys.map {
            "ALTER TABLE \($0.table.quoted) DROP CONSTRAINT \(PostgresName.quoted($0.name))"
        }
        statements += triggers.map {
            "ALTER TABLE ONLY \($0.table.quoted) DISABLE TRIGGER \(PostgresName.quoted($0.name))"
        }
        statements += guarded.map { "ALTER TABLE ONLY \($0.quoted) NO FORCE ROW LEVEL SECURITY" }
        if !leaves.isEmpty {
            statements.append("TRUNCATE ONLY \(leaves.map(\.quoted).joined(separator: ", ONLY "))")
        }
        try connection.run(statements.map { Step($0) })
    }

    /// Puts triggers and forced row security back; the keys are added anew before.
    func close() throws {
        var statements = triggers.map {
            "ALTER TABLE ONLY \($0.table.quoted) ENABLE \($0.firing)TRIGGER "
                + PostgresName.quoted($0.name)
        }
        statements += guarded.map { "ALTER TABLE ONLY \($0.quoted) FORCE ROW LEVEL SECURITY" }
        try connection.run(statements.map { Step($0) })
    }
}
