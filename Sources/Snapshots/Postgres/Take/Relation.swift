internal import Database

/// A table as it was when it was listed; another one if anything of it differs.
struct Relation: Hashable {
    let oid: UInt32
    let schema: String
    let name: String
    let kind: String
    let fileNode: UInt32
}

/// What was found out of a table's storage once it was locked.
struct RelationStorage {
    /// Pages of the table itself.
    let pages: Int64
    /// Bytes of the table and of its values out of line.
    let bytes: Int64
    /// Whether the pages can be read one by one.
    let hasPages: Bool
}

/// All tables of users that have rows, or partitions that have.
struct RelationList {
    let relations: Set<Relation>
    let storage: [UInt32: RelationStorage]

    /// Lists them as the connection sees them; asks for sizes too where `withStorage` says so, which
    /// only makes sense under a lock.
    init(_ connection: any Connection, withStorage: Bool) throws(DatabaseError) {
        let sizes = """
            pg_catalog.pg_relation_size(c.oid), \
            coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0)), 0), \
            coalesce((SELECT amname = 'heap' FROM pg_catalog.pg_am a WHERE a.oid = c.relam), false), \
            pg_catalog.current_setting('block_size')::bigint
            """
        let rows = try connection.query(
            """
            SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode\
            \(withStorage ? ", " + sizes : "") \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 \
            ORDER BY c.oid
            """
        ).rows
        var relations: Set<Relation> = []
        var storage: [UInt32: RelationStorage] = [:]
        for row in rows {
            let oid = UInt32(clamping: row[0].integer ?? 0)
            relations.insert(
                Relation(
                    oid: oid, schema: row[1].string ?? "", name: row[2].string ?? "",
                    kind: row[3].string ?? "", fileNode: UInt32(clamping: row[4].integer ?? 0)))
            guard withStorage else { continue }
            let heap = row[5].integer ?? 0
            storage[oid] = RelationStorage(
                pages: heap / max(row[8].integer ?? 8192, 1), bytes: heap + (row[6].integer ?? 0),
                hasPages: row[7].boolean ?? false)
        }
        self.relations = relations
        self.storage = storage
    }

    /// The statements that lock all of them, in an order that is the same in every run.
    func lockSteps() -> [Step] {
        let names = relations.sorted {
            ($0.schema.exact, $0.name.exact) < ($1.schema.exact, $1.name.exact)
        }
        .map { "ONLY " + PostgresName.quoted($0.schema, $0.name) }
        return stride(from: 0, to: names.count, by: 500).map { start in
            let some = names[start..<min(start + 500, names.count)]
            return Step("LOCK TABLE \(some.joined(separator: ", ")) IN ACCESS SHARE MODE")
        }
    }
}
