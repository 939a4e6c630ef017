internal import Database

/// Rows that an exclusion constraint keeps from being together (a key WITHOUT OVERLAPS of
/// PostgreSQL 18 among them), found by comparing the rows in pairs.
///
/// With an operator that is an equality the pairs are few. Without one every row is compared with
/// every other, which is done up to `rowLimit` rows; what is left out is told.
struct ExclusionRows {
    /// Beyond it, comparing all pairs would take minutes.
    private static let rowLimit = 10_000

    var findings: [Finding] = []
    /// Constraints that were not looked at.
    var skipped: [String] = []

    init(_ reader: PostgresReader) throws(DatabaseError) {
        for row in try reader.answer([Step(Self.query)])[0].rows {
            let table = row[2].string ?? ""
            let hasEquality = row[6].boolean ?? false
            let isAffordable = hasEquality ? true : try Self.isShort(table, reader)
            guard isAffordable else {
                skipped.append("\(table) (\(row[1].string ?? ""))")
                continue
            }
            findings += try Self.check(row, reader)
        }
    }

    private static func isShort(
        _ table: String, _ reader: PostgresReader
    ) throws(DatabaseError) -> Bool {
        let step = Step(
            "SELECT pg_catalog.count(*) FROM (SELECT FROM ONLY \(table) LIMIT \(rowLimit + 1)) s")
        // What fails here fails again, and is told, when the rows are compared.
        guard case .success(let result) = try reader.answerOne(step) else { return true }
        return (result.rows.first?[0].integer ?? 0) <= rowLimit
    }

    private static func check(
        _ row: Row, _ reader: PostgresReader
    ) throws(DatabaseError) -> [Finding] {
        let name = row[1].string ?? ""
        let table = row[2].string ?? ""
        let filter = row[4].string.map { " WHERE \($0)" } ?? ""
        let rows =
            "(SELECT ctid AS place, \(row[3].string ?? "") FROM ONLY \(table)\(filter) OFFSET 0)"
        let step = Step(
            """
            SELECT pg_catalog.count(*) FROM \(rows) a JOIN \(rows) b ON a.place < b.place \
            AND \(row[5].string ?? "false")
            """)
        let identity = row[0].string
        switch try reader.answerOne(step, .rows) {
        case .failure(let error):
            return [
                Finding(
                    Check.exclusionViolation.name, couldNotLookAt: table, error, identity: identity)
            ]
        case .success(let result):
            guard let count = result.rows.first?[0].integer, count > 0 else { return [] }
            return [
                Finding(
                    Check.exclusionViolation.name, object: table,
                    problem: "\(counted(count, "pair")) of rows \(count == 1 ? "is" : "are") there "
                        + "that the constraint '\(name)' excludes",
                    hint: "Mend or delete one of each pair, then rebuild the constraint's index.",
                    facts: ["constraint": .text(name)], identity: identity, extent: count)
            ]
        }
    }

    private static let query = """
        SELECT k.oid, k.conname, \(CatalogSQL.name("n", "c")), \(IndexKeys.list("i")), \
        pg_catalog.pg_get_expr(i.indpred, i.indrelid), \
        (SELECT pg_catalog.string_agg(pg_catalog.format('a.k%s OPERATOR(%I.%s) b.k%s', o.n, \
        opn.nspname, op.oprname, o.n), ' AND ' ORDER BY o.n) \
        FROM unnest(k.conexclop) WITH ORDINALITY o(operator, n) \
        JOIN pg_catalog.pg_operator op ON op.oid = o.operator \
        JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace), \
        EXISTS (SELECT FROM unnest(k.conexclop) o(operator) \
        JOIN pg_catalog.pg_operator op ON op.oid = o.operator \
        WHERE op.oprcanhash OR op.oprcanmerge) \
        FROM pg_catalog.pg_constraint k \
        JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid \
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE k.contype IN ('x', 'p', 'u') AND k.conexclop IS NOT NULL AND c.relkind = 'r' \
        AND \(CatalogSQL.canBeRead("c")) AND \(CatalogSQL.isUserSchema("n")) ORDER BY 3, 2
        """
}
