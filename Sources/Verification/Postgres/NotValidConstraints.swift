internal import Database

/// Constraints that were added NOT VALID and never validated: new rows are checked, and nobody
/// knows of those that were there before.
///
/// A partition's copy of a parent's constraint is not told again, and `NOT ENFORCED` of PostgreSQL
/// 18 promises nothing.
///
/// Source: https://www.postgresql.org/docs/15/catalog-pg-constraint.html
enum NotValidConstraints {
    /// The query.
    static func step(_ reader: PostgresReader, _ scope: PostgresScope) -> Step {
        Step(query(reader, scope))
    }

    /// What a row of it says.
    static func finding(_ row: Row) -> Finding {
        let object = row[1].string ?? ""
        let name = row[2].string ?? ""
        let quoted = row[3].string ?? ""
        let kind = row[4].string == "domain" ? "DOMAIN" : "TABLE"
        return Finding(
            Check.notValidConstraint.name, object: object,
            problem: "the constraint '\(name)' was never validated: \(row[5].string ?? "")",
            hint: "ALTER \(kind) \(object) VALIDATE CONSTRAINT \(quoted);",
            facts: ["constraint": .text(name)], identity: row[0].string)
    }

    private static func query(_ reader: PostgresReader, _ scope: PostgresScope) -> String {
        """
        SELECT k.oid, CASE WHEN c.oid IS NULL \
        THEN pg_catalog.format('%I.%I', n.nspname, t.typname) ELSE \(CatalogSQL.name("n", "c")) \
        END, k.conname, pg_catalog.quote_ident(k.conname), \
        CASE WHEN c.oid IS NULL THEN 'domain' ELSE 'table' END, \
        pg_catalog.pg_get_constraintdef(k.oid) \
        FROM pg_catalog.pg_constraint k \
        LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
        LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid \
        JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace) \
        WHERE NOT k.convalidated AND k.contype IN ('c', 'f', 'n') AND k.conparentid = 0 \
        AND (k.conislocal OR k.coninhcount = 0) \
        AND \(CatalogSQL.isEnforced("k", version: reader.version)) \
        AND \(CatalogSQL.isUserSchema("n")) AND \(CatalogSQL.isNotOfExtension("k.conrelid")) \
        AND (\(scope.contains("k.conrelid"))) ORDER BY 2, 3
        """
    }
}
