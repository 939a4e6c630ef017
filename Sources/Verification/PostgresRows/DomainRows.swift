internal import Database

/// Values that the domain of their column forbids: by a CHECK or NOT NULL of the domain, or of a
/// domain that it is made of. Domains inside arrays and composite types are not looked into.
enum DomainRows {
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
        let table = row[1].string ?? ""
        let column = row[2].string ?? ""
        let domain = row[4].string ?? ""
        let isNotNull = row[6].string == nil
        // The domain's expression calls the value VALUE, which here is a column of that name.
        let broken =
            isNotNull ? "pg_catalog.num_nulls(value) = 1" : "NOT (\(row[6].string ?? "true"))"
        let step = Step(
            """
            SELECT pg_catalog.count(*) FILTER (WHERE \(broken)) FROM (\
            SELECT \(column)::\(row[3].string ?? "text") AS value FROM ONLY \(table) OFFSET 0) s
            """)
        let identity = "\(row[0].string ?? "")/\(column)/\(row[5].string ?? "")"
        switch try reader.answerOne(step, .rows) {
        case .failure(let error):
            return [
                Finding(
                    Check.domainViolation.name, couldNotLookAt: table, error, identity: identity)
            ]
        case .success(let result):
            guard let count = result.rows.first?[0].integer, count > 0 else { return [] }
            let rule = isNotNull ? "NOT NULL" : "the constraint '\(row[5].string ?? "")'"
            return [
                Finding(
                    Check.domainViolation.name, object: "\(table).\(column)",
                    problem:
                        "\(counted(count, "value")) \(count == 1 ? "breaks" : "break") \(rule) "
                        + "of the domain \(domain)",
                    hint: "Mend the rows; new values are checked as they are written.",
                    facts: ["domain": .text(domain), "row_count": .integer(count)],
                    identity: identity, extent: count)
            ]
        }
    }

    private static func query(_ reader: PostgresReader) -> String {
        """
        WITH RECURSIVE chain AS (\
        SELECT c.oid AS relid, \(CatalogSQL.name("n", "c")) AS relation, \
        pg_catalog.quote_ident(a.attname) AS attribute, t.oid AS domain, t.typbasetype AS base, \
        t.typtypmod AS typmod FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
        AND NOT a.attisdropped \
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' \
        WHERE c.relkind = 'r' AND \(CatalogSQL.canBeRead("c")) AND \(CatalogSQL.isUserSchema("n")) \
        UNION ALL SELECT h.relid, h.relation, h.attribute, b.oid, b.typbasetype, b.typtypmod \
        FROM chain h JOIN pg_catalog.pg_type b ON b.oid = h.base AND b.typtype = 'd') \
        SELECT h.relid, h.relation, h.attribute, pg_catalog.format_type(h.base, h.typmod), \
        pg_catalog.format('%I.%I', tn.nspname, t.typname), r.name, r.expression \
        FROM chain h JOIN pg_catalog.pg_type t ON t.oid = h.domain \
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace \
        CROSS JOIN LATERAL (SELECT '' AS name, NULL AS expression WHERE t.typnotnull \
        UNION ALL SELECT k.conname, pg_catalog.pg_get_expr(k.conbin, 0) \
        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' \
        AND \(CatalogSQL.isEnforced("k", version: reader.version))) r \
        ORDER BY 2, 3, 5, 6
        """
    }
}
