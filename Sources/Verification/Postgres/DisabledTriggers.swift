internal import Database

/// Triggers that do not fire in an ordinary session: the user's own that are disabled, and those
/// with which the server enforces foreign keys and deferrable constraints. Without the latter, a
/// constraint that looks well is silently not enforced.
///
/// `ENABLE REPLICA` of a user's trigger is a choice of its own and does not count; of a
/// constraint's trigger it does, for it then fires on a replica alone. A partition's copy of a
/// disabled trigger is not told again.
///
/// Source: https://www.postgresql.org/docs/15/catalog-pg-trigger.html
enum DisabledTriggers {
    /// The query.
    static func step(_ scope: PostgresScope) -> Step { Step(query(scope)) }

    /// What a row of it says.
    static func finding(_ row: Row) -> Finding {
        let table = row[1].string ?? ""
        let identity = row[0].string
        guard row[4].boolean == true else {
            let name = row[2].string ?? ""
            return Finding(
                Check.disabledTrigger.name, object: table,
                problem: "the trigger '\(name)' is disabled",
                hint: "ALTER TABLE \(table) ENABLE TRIGGER \(row[3].string ?? "");",
                facts: ["trigger": .text(name)], identity: identity)
        }
        let constraint = row[5].string ?? ""
        let owner = row[6].string ?? ""
        let what = row[7].string == "f" ? "the foreign key" : "the constraint"
        let at = owner == table ? "" : " of \(owner)"
        return Finding(
            Check.disabledTrigger.name, object: table,
            problem: "\(what) '\(constraint)'\(at) is not enforced: "
                + "its triggers on \(table) are disabled",
            hint: "ALTER TABLE \(table) ENABLE TRIGGER ALL; as a superuser, and mend the rows "
                + "that slipped in meanwhile.",
            facts: ["constraint": .text(constraint)], identity: identity)
    }

    /// Of the several triggers of one constraint on one table, one stands for all.
    private static func query(_ scope: PostgresScope) -> String {
        """
        SELECT DISTINCT ON (2, 5, 6, 7, 3) pg_catalog.format('%s/%s', c.oid, \
        CASE WHEN t.tgisinternal THEN k.oid ELSE t.oid END), \
        \(CatalogSQL.name("n", "c")), CASE WHEN t.tgisinternal THEN '' ELSE t.tgname END, \
        pg_catalog.quote_ident(t.tgname), t.tgisinternal AND k.oid IS NOT NULL, k.conname, \
        \(CatalogSQL.name("kn", "kc")), k.contype \
        FROM pg_catalog.pg_trigger t \
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint \
        LEFT JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid \
        LEFT JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace \
        LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid \
        WHERE (t.tgenabled = 'D' OR t.tgenabled = 'R' AND t.tgisinternal) \
        AND (p.oid IS NULL OR p.tgenabled <> t.tgenabled) \
        AND \(CatalogSQL.isUserSchema("n")) AND \(CatalogSQL.isNotOfExtension("c.oid")) \
        AND \(scope.contains("c.oid")) ORDER BY 2, 5, 6, 7, 3
        """
    }
}
