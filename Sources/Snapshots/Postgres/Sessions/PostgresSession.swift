internal import Database

/// How the sessions of a snapshot and of a restore are set: the text of every value must be the
/// same wherever it is written and read, whatever role and database say.
enum PostgresSession {
    /// The settings that every session has.
    private static let common: [(String, String)] = [
        ("search_path", ""), ("DateStyle", "ISO"), ("IntervalStyle", "postgres"),
        ("TimeZone", "UTC"), ("extra_float_digits", "3"), ("bytea_output", "hex"),
        // Money is written and read by it; what pg_dump leaves to chance.
        ("lc_monetary", "C"), ("standard_conforming_strings", "on"), ("xmloption", "content"),
        ("row_security", "off"), ("statement_timeout", "0"), ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"), ("client_min_messages", "warning"),
        ("synchronize_seqscans", "off"), ("jit", "off"),
        ("default_transaction_read_only", "off"),
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_deferrable", "off"), ("quote_all_identifiers", "off"),
        // The order of the rows is that of the table, so that the same pages give the same bytes.
        ("max_parallel_workers_per_gather", "0"),
    ]

    /// What only some servers have.
    private static let newer: [(String, String)] = [
        ("transaction_timeout", "0"), ("idle_session_timeout", "0"),
    ]

    private static let restoring: [(String, String)] = [
        ("check_function_bodies", "off"), ("synchronous_commit", "off"),
        ("default_table_access_method", "heap"), ("default_tablespace", ""),
        ("vacuum_cost_delay", "0"), ("enable_seqscan", "on"),
    ]

    /// The steps that prepare a session for reading.
    static var reading: [Step] {
        // A range of a table is read by its ctid, never by a scan of all.
        // A table that became a view after it was locked must not be read as one; the restore of a
        // materialised view reads views, of the database that is being made.
        steps(
            common + [("enable_seqscan", "off")],
            newer + [("restrict_nonsystem_relation_kind", "view, foreign-table")])
    }

    private static let newerRestoring = [
        ("event_triggers", "off"), ("createrole_self_grant", ""),
        ("restrict_nonsystem_relation_kind", ""),
    ]

    /// The steps that prepare a session for restoring.
    static var restore: [Step] { steps(common + restoring, newer + newerRestoring) }

    /// The statements by which a script prepares its session for restoring, without semicolons.
    static var restoreScript: [String] {
        let names = (newer + newerRestoring).map { "'\($0.0)'" }.joined(separator: ", ")
        // Those have no value but 0, off and nothing.
        return ["SET client_encoding = 'UTF8'"]
            + (common + restoring).map { name, value in
                name == "search_path"
                    ? "SELECT pg_catalog.set_config('search_path', '', false)"
                    : "SET \(name) = '\(value)'"
            } + [
                """
                SELECT pg_catalog.set_config(name, CASE vartype WHEN 'bool' THEN 'off' \
                WHEN 'integer' THEN '0' ELSE '' END, false) \
                FROM pg_catalog.pg_settings WHERE name IN (\(names)) AND (context = 'user' \
                OR pg_catalog.current_setting('is_superuser') = 'on')
                """
            ]
    }

    private static func steps(
        _ settings: [(String, String)], _ optional: [(String, String)]
    ) -> [Step] {
        settings.map { name, value in
            Step("SELECT pg_catalog.set_config($1, $2, false)", [.text(name), .text(value)])
        }
            + optional.map { name, value in
                Step(
                    """
                    SELECT pg_catalog.set_config(name, $2, false) \
                    FROM pg_catalog.pg_settings WHERE name = $1 AND (context = 'user' \
                    OR pg_catalog.current_setting('is_superuser') = 'on')
                    """, [.text(name), .text(value)])
            }
    }
}
