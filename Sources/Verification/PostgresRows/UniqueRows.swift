internal import Database

/// Keys that are there twice under a unique index or a primary key, found by grouping the rows
/// themselves.
///
/// The keys come out of a subquery that the planner cannot merge (`OFFSET 0`): it believes unique
/// indexes, and would group by fewer columns. Each partition has an index of its own, so a key is
/// unique in the whole table as long as every row is in its partition.
///
/// Source: https://www.postgresql.org/docs/15/catalog-pg-index.html
enum UniqueRows {
    static func find(_ reader: PostgresReader) throws(DatabaseError) -> [Finding] {
        var findings: [Finding] = []
        for row in try reader.answer([Step(query(reader))])[0].rows {
            findings += try check(row, reader)
        }
        return findings
    }

    private static func check(
        _ row: Row, _ reader: PostgresReader
    ) throws(DatabaseError) -> [Finding] {
        let index = row[1].string ?? ""
        let table = row[2].string ?? ""
        let names = row[4].string ?? ""
        let check = Check.uniqueViolation.name
        let filter = row[5].string.map { " WHERE \($0)" } ?? ""
        // With NULLS NOT DISTINCT a NULL is a key like any other.
        let nulls = row[6].boolean == true ? "" : "WHERE pg_catalog.num_nulls(\(names)) = 0 "
        let duplicates = """
            SELECT \(names), pg_catalog.count(*) AS copies FROM (SELECT \(row[3].string ?? "") \
            FROM ONLY \(table)\(filter) OFFSET 0) s \(nulls)GROUP BY \(names) \
            HAVING pg_catalog.count(*) > 1
            """
        let step = Step(
            "SELECT d.*, pg_catalog.count(*) OVER () AS keys FROM (\(duplicates)) d LIMIT 5")
        switch try reader.answerOne(step, .rows) {
        case .failure(let error):
            return [Finding(check, couldNotLookAt: index, error, identity: row[0].string)]
        case .success(let result):
            guard let count = result.rows.first?.values.last?.integer else { return [] }
            var rows = Finding.Rows(result, count: Int(count))
            rows.columns.removeLast()
            rows.values = rows.values.map { $0.dropLast() }
            return [
                Finding(
                    check, object: index,
                    problem: "\(counted(count, "key")) \(count == 1 ? "is" : "are") more than once "
                        + "in \(table), which the index rules out",
                    hint: "Mend or delete the rows that are too many, then REINDEX INDEX "
                        + "\(index);",
                    facts: ["table": .text(table)], rows: rows, identity: row[0].string,
                    extent: count)
            ]
        }
    }

    private static func query(_ reader: PostgresReader) -> String {
        let nullsNotDistinct = reader.version >= 150_000 ? "i.indnullsnotdistinct" : "false"
        return """
            SELECT i.indexrelid, \(CatalogSQL.name("xn", "x")), \(CatalogSQL.name("n", "c")), \
            \(IndexKeys.list("i")), \(IndexKeys.names("i")), \
            pg_catalog.pg_get_expr(i.indpred, i.indrelid), \(nullsNotDistinct) \
            FROM pg_catalog.pg_index i \
            JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
            JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace \
            JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE i.indisunique AND i.indisvalid AND NOT i.indisexclusion \
            AND c.relkind IN ('r', 'm') AND \(CatalogSQL.isUserSchema("n")) \
            AND (c.relkind = 'r' OR c.relispopulated) AND \(CatalogSQL.canBeRead("c")) ORDER BY 3, 2
            """
    }
}

/// The key columns of an index as SQL.
enum IndexKeys {
    /// `(expression) COLLATE … AS k1, …`, in the collations in which the index compares them.
    static func list(_ index: String) -> String {
        """
        (SELECT pg_catalog.string_agg(pg_catalog.format('(%s)%s AS k%s', \
        pg_catalog.pg_get_indexdef(\(index).indexrelid, g.n, false), \
        CASE WHEN l.oid IS NULL THEN '' \
        ELSE pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) END, g.n), ', ' \
        ORDER BY g.n) FROM pg_catalog.generate_series(1, \(index).indnkeyatts::int4) g(n) \
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = \(index).indcollation[g.n - 1] \
        LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace)
        """
    }

    /// `k1, k2, …`
    static func names(_ index: String) -> String {
        """
        (SELECT pg_catalog.string_agg('k' || g.n, ', ' ORDER BY g.n) \
        FROM pg_catalog.generate_series(1, \(index).indnkeyatts::int4) g(n))
        """
    }
}
