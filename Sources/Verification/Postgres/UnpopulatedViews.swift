internal import Database

/// Materialised views that were never filled: every query of them fails.
enum UnpopulatedViews {
    /// The query.
    static func step(_ scope: PostgresScope) -> Step {
        Step(
            """
            SELECT c.oid, \(CatalogSQL.name("n", "c")) FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind = 'm' AND NOT c.relispopulated AND \(CatalogSQL.isUserSchema("n")) \
            AND \(CatalogSQL.isNotOfExtension("c.oid")) AND \(scope.contains("c.oid")) ORDER BY 2
            """)
    }

    /// What a row of it says.
    static func finding(_ row: Row) -> Finding {
        let view = row[1].string ?? ""
        return Finding(
            Check.unpopulatedView.name, object: view,
            problem: "the materialised view has no rows yet, and every query of it fails",
            hint: "REFRESH MATERIALIZED VIEW \(view);", identity: row[0].string)
    }
}
