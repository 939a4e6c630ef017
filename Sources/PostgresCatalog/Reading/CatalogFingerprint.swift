package import Database

/// A short text that is another one when any object of the database was created, changed or
/// dropped in between: what decompiles definitions sees the newest state, not the transaction's, so
/// a schema that was read between two equal fingerprints is that of one moment.
///
/// The first of two that are compared is that of a transaction's snapshot, and the transaction has
/// to be open when the second is taken, on a connection without one: then no row that the snapshot
/// sees can have given its place to another, and the places of all rows say which rows there are.
///
/// - Throws: `.database`.
package func catalogFingerprint(
    _ connection: any Connection
) throws(CatalogError) -> String {
    // What is left out is written by running queries and maintenance: statistics, and the counters
    // of pg_class, which are changed in place.
    let catalogs = [
        "pg_am", "pg_amop", "pg_amproc", "pg_attrdef", "pg_attribute", "pg_cast", "pg_class",
        "pg_collation", "pg_constraint", "pg_conversion", "pg_default_acl", "pg_depend",
        "pg_description", "pg_enum", "pg_event_trigger", "pg_extension",
        "pg_foreign_data_wrapper", "pg_foreign_server", "pg_foreign_table", "pg_index",
        "pg_inherits", "pg_init_privs", "pg_language", "pg_namespace", "pg_opclass", "pg_operator",
        "pg_opfamily", "pg_partitioned_table", "pg_policy", "pg_proc", "pg_publication",
        "pg_publication_rel", "pg_range", "pg_rewrite", "pg_seclabel", "pg_sequence",
        "pg_statistic_ext", "pg_transform", "pg_trigger", "pg_ts_config", "pg_ts_config_map",
        "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_type",
    ]
    let sums = catalogs.map { name in
        """
        SELECT '\(name)' AS name, pg_catalog.count(*) AS rows, \
        pg_catalog.bit_xor(pg_catalog.hashtidextended(ctid, 0)) AS hash FROM pg_catalog.\(name)
        """
    }
    let sql = """
        SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', name, rows, hash), \
        ',' ORDER BY name)) FROM (\(sums.joined(separator: " UNION ALL "))) catalogs
        """
    do {
        return try connection.query(sql).rows.first?[0].string ?? ""
    } catch {
        throw CatalogError(.database, "the catalogs could not be read", cause: error)
    }
}
