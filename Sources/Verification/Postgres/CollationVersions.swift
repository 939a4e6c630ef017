internal import Database

/// Collations whose version in the operating system or in ICU is another one than when they were
/// made: what is sorted by them, indexes above all, may be out of order.
///
/// The database's own default collation counts (from PostgreSQL 15, which records its version), and
/// of the others those that something in the database uses.
///
/// Source: https://www.postgresql.org/docs/15/sql-altercollation.html
enum CollationVersions {
    /// The query.
    static func step(_ reader: PostgresReader) -> Step {
        Step(reader.version >= 150_000 ? "\(database) UNION ALL \(collations)" : collations)
    }

    /// What a row of it says.
    static func finding(_ row: Row) -> Finding {
        let name = row[1].string ?? ""
        guard let oid = row[0].string else { return databaseFinding(row) }
        return Finding(
            Check.collationVersion.name, object: name,
            problem: "the collation was version \(row[2].string ?? "") and is now "
                + "\(row[3].string ?? ""); it is used by \(users(row[4].integer, row[5].string))",
            hint: "Rebuild the indexes that use it (REINDEX), then ALTER COLLATION \(name) "
                + "REFRESH VERSION;",
            facts: ["recorded": row[2], "actual": row[3]], identity: oid)
    }

    private static func users(_ number: Int64?, _ first: String?) -> String {
        let others = (number ?? 1) - 1
        return (first ?? "") + (others > 0 ? " and \(counted(others, "other object"))" : "")
    }

    private static func databaseFinding(_ row: Row) -> Finding {
        let name = row[1].string ?? ""
        return Finding(
            Check.collationVersion.name, object: name,
            problem: "the database's default collation was version \(row[2].string ?? "") and is "
                + "now \(row[3].string ?? "")",
            hint: "REINDEX DATABASE \(name); then ALTER DATABASE \(name) REFRESH COLLATION "
                + "VERSION;",
            facts: ["recorded": row[2], "actual": row[3]], identity: "database")
    }

    private static let collations = """
        SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.collname), c.collversion, \
        pg_catalog.pg_collation_actual_version(c.oid), pg_catalog.count(*), \
        pg_catalog.min(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) \
        FROM pg_catalog.pg_collation c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace \
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_collation'::regclass \
        AND d.refobjid = c.oid \
        WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid) \
        GROUP BY 1, 2, 3, 4
        """

    private static let database = """
        SELECT NULL::oid, pg_catalog.quote_ident(d.datname), d.datcollversion, \
        pg_catalog.pg_database_collation_actual_version(d.oid), 1, '' FROM pg_catalog.pg_database d \
        WHERE d.datname = pg_catalog.current_database() \
        AND d.datcollversion <> pg_catalog.pg_database_collation_actual_version(d.oid)
        """
}
