internal import Database

/// Collects the planner's statistics of everything in a database, which no snapshot carries, with
/// several sessions.
///
/// It covers what `ANALYZE` without a name does: all tables, also those of the catalogs, materialised
/// views and partitioned tables.
struct StatisticsWork {
    /// A table of more bytes is a piece of work of its own.
    private static let largeBytes: Int64 = 4 * 1024 * 1024
    /// So many small tables go to the server at a time; it commits after each.
    private static let batch = 50

    let pool: SessionPool
    let paths: SearchPaths

    func run(_ connection: any Connection) throws {
        let list = WorkList(try statements(connection))
        let paths = paths
        try pool.run(count: list.count) { connection, group in
            while !group.isInterrupted, let statement = list.next() {
                try Self.analyze(statement, connection, paths)
            }
        }
    }

    /// The expressions of indexes are computed here, too, by functions that may need a search path.
    private static func analyze(
        _ statement: String, _ connection: any Connection, _ paths: SearchPaths
    ) throws {
        do {
            try connection.query(statement)
        } catch {
            guard SearchPaths.isMissingName(error) else { throw error }
            let path = try paths.path(of: nil, connection)
            do {
                try connection.run([path.step, Step(statement), SearchPaths.reset])
            } catch {
                guard SearchPaths.isMissingName(error.error) else { throw error.error }
                paths.remark(
                    "the planner's statistics are not complete, run ANALYZE: "
                        + error.error.message)
            }
        }
    }

    /// The largest tables first.
    private func statements(_ connection: any Connection) throws -> [String] {
        // From PostgreSQL 18 on a partitioned table is a piece of work besides its partitions; before,
        // naming it includes them.
        let hasOnly = connection.serverVersionNumber >= 180_000
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname, c.relkind, s.bytes \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, \
            LATERAL (SELECT CASE WHEN c.relkind = 'p' THEN (SELECT \
            sum(pg_catalog.pg_relation_size(tree.relid))::pg_catalog.int8 \
            FROM pg_catalog.pg_partition_tree(c.oid) tree WHERE tree.isleaf) \
            ELSE pg_catalog.pg_relation_size(c.oid) END AS bytes) s \
            WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' \
            \(hasOnly ? "" : "AND NOT c.relispartition ")\
            ORDER BY s.bytes DESC NULLS LAST, c.oid
            """
        ).rows
        var large: [String] = []
        var small: [String] = []
        for row in rows {
            let name = PostgresName.quoted(row[0].string ?? "", row[1].string ?? "")
            let table = hasOnly && row[2].string == "p" ? "ONLY \(name)" : name
            if row[3].integer ?? 0 >= Self.largeBytes {
                large.append(table)
            } else {
                small.append(table)
            }
        }
        return large.map { "ANALYZE \($0)" }
            + stride(from: 0, to: small.count, by: Self.batch).map { start in
                let some = small[start..<min(start + Self.batch, small.count)]
                return "ANALYZE \(some.joined(separator: ", "))"
            }
    }
}
