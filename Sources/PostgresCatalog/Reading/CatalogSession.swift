package import Database

/// How a session is set for reading a schema, whatever its role and its database say.
///
/// What decompiles expressions qualifies a name unless the search path finds it; literals of dates
/// and numbers in it follow the session's style.
package enum CatalogSession {
    /// The steps, which need no transaction and can be undone by none but the end of one.
    package static var steps: [Step] {
        settings.map { name, value in
            Step("SELECT pg_catalog.set_config($1, $2, false)", [.text(name), .text(value)])
        } + [newerSettings]
    }

    private static let settings: [(String, String)] = [
        ("search_path", ""), ("DateStyle", "ISO"), ("IntervalStyle", "postgres"),
        ("extra_float_digits", "3"), ("TimeZone", "UTC"), ("bytea_output", "hex"),
        ("row_security", "off"), ("quote_all_identifiers", "off"),
        ("standard_conforming_strings", "on"), ("statement_timeout", "0"), ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"), ("jit", "off"),
        ("default_transaction_deferrable", "off"),
        // Thousands of objects are joined in memory, and most catalogs are read as a whole.
        ("enable_nestloop", "on"), ("enable_hashjoin", "on"), ("enable_hashagg", "on"),
        ("enable_seqscan", "on"), ("enable_sort", "on"), ("work_mem", "32MB"),
    ]

    /// What only some of the servers have, set where it is.
    private static let newerSettings = Step(
        """
        SELECT pg_catalog.set_config(s.name, v.value, false) FROM (VALUES \
        ('transaction_timeout', '0'), ('idle_session_timeout', '0'), \
        ('restrict_nonsystem_relation_kind', 'view, foreign-table')) v (name, value) \
        JOIN pg_catalog.pg_settings s ON s.name = v.name
        """)
}
