internal import Database

/// Indexes that queries do not use (`indisvalid`), or that writes do not maintain (`indisready`,
/// `indislive`): what a failed `CREATE INDEX CONCURRENTLY`, `REINDEX CONCURRENTLY` or
/// `DROP INDEX CONCURRENTLY` leaves behind.
///
/// One that another session is building right now does not count. A partitioned index whose parts
/// are not all there yet is a warning, as long as it promises no uniqueness: it is how indexes are
/// added to partitioned tables without blocking.
///
/// Source: https://www.postgresql.org/docs/15/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
enum InvalidIndexes {
    /// The query.
    static func step(_ scope: PostgresScope) -> Step { Step(query(scope)) }

    /// What its rows say. A build may have ended between the look at its index and the look at the
    /// builds, so what was found is looked at once more.
    static func findings(
        _ rows: [Row], _ reader: PostgresReader, _ scope: PostgresScope
    ) throws(DatabaseError) -> [Finding] {
        guard !rows.isEmpty else { return [] }
        let again = Set(try reader.answer([step(scope)])[0].rows.map(\.values[0]))
        return rows.filter { again.contains($0[0]) }.map(finding)
    }

    private static func finding(_ row: Row) -> Finding {
        let index = row[1].string ?? ""
        let table = row[2].string ?? ""
        let isPartitioned = row[3].string == "I"
        let isUnique = row[4].boolean ?? false
        let state = row[5].boolean == true ? "invalid" : "not maintained"
        var problem = "the index on \(table) is \(state)"
        if isUnique { problem += ", so it does not keep its keys unique" }
        var hint = "REINDEX INDEX CONCURRENTLY \(index);"
        if isPartitioned {
            let missing = row[6].string ?? ""
            problem += missing.isEmpty ? "" : ": no valid index of it on \(missing)"
            hint = "Build the index on each partition, then ALTER INDEX … ATTACH PARTITION."
        } else if row[5].boolean != true {
            hint = "DROP INDEX CONCURRENTLY \(index); and build it again if it is wanted."
        }
        return Finding(
            Check.invalidIndex.name, isPartitioned && !isUnique ? .warning : .error,
            object: index, problem: problem, hint: hint,
            facts: ["table": .text(table), "unique": .integer(isUnique ? 1 : 0)],
            identity: row[0].string)
    }

    private static func query(_ scope: PostgresScope) -> String {
        """
        SELECT i.indexrelid, \(CatalogSQL.name("xn", "x")), \(CatalogSQL.name("n", "c")), \
        x.relkind, i.indisunique, i.indisready AND i.indislive, \
        (SELECT pg_catalog.string_agg(\(CatalogSQL.name("pn", "p")), ', ' \
        ORDER BY pn.nspname, p.relname) FROM pg_catalog.pg_inherits h \
        JOIN pg_catalog.pg_class p ON p.oid = h.inhrelid \
        JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
        WHERE h.inhparent = c.oid AND x.relkind = 'I' AND NOT EXISTS (\
        SELECT FROM pg_catalog.pg_inherits ih \
        JOIN pg_catalog.pg_index pi ON pi.indexrelid = ih.inhrelid \
        WHERE ih.inhparent = x.oid AND pi.indrelid = p.oid AND pi.indisvalid)) \
        FROM pg_catalog.pg_index i \
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
        JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace \
        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) \
        AND \(CatalogSQL.isUserSchema("n")) AND \(scope.contains("c.oid")) \
        AND NOT EXISTS (\(builds)) ORDER BY 2
        """
    }

    /// The builds that go on and that index `x` of table `c` may be part of. Who may not see another
    /// role's progress sees only its process: the lock that a build holds on the table tells then,
    /// and also while a REINDEX works on another index of the table.
    private static let builds = """
        SELECT FROM pg_catalog.pg_stat_progress_create_index b \
        WHERE b.datname = pg_catalog.current_database() AND (b.index_relid = x.oid \
        OR (b.index_relid IS NULL OR b.command LIKE 'REINDEX%') AND EXISTS (\
        SELECT FROM pg_catalog.pg_locks l WHERE l.pid = b.pid AND l.relation = c.oid \
        AND l.locktype = 'relation' AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'))
        """
}
