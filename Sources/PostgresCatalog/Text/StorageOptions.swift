/// Storage parameters, which the catalogs keep as `name=value`.
enum StorageOptions {
    /// As the parentheses of WITH or SET take them; empty for none.
    ///
    /// - Parameters:
    ///   - options: the elements of `reloptions`.
    ///   - prefix: what stands before each name, such as `toast.`.
    /// - Returns: `fillfactor=70, toast.autovacuum_enabled=false`.
    static func list(_ options: [String], prefix: String = "") -> String {
        options.map { option in
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            // A plain word can stand as it is; all else is taken as a string.
            let isPlain = SQLQuoting.identifier(value) == value
            return prefix + SQLQuoting.identifier(String(parts[0])) + "="
                + (isPlain ? value : SQLQuoting.literal(value))
        }.joined(separator: ", ")
    }

    /// An expression of a query: the options of a foreign object as OPTIONS takes them,
    /// `name 'value'`, out of an expression that is the array of `name=value`; empty for none.
    static func foreign(_ options: String) -> String {
        """
        pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.quote_ident(option_name) || ' ' || \
        pg_catalog.quote_literal(option_value) FROM pg_catalog.pg_options_to_table(\(options)) \
        ORDER BY option_name), E',\\n    ')
        """
    }
}
