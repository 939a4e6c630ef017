/// How large a table is, as far as that is known without touching it.
///
/// Where plain `verify` would have to read a whole table, it does so up to `affordable`; beyond it
/// leaves that to `--deep`, and says so.
enum TableSize {
    /// In bytes: a second or so of reading.
    static let affordable = 64 << 20

    /// A condition on the `pg_class` row with this alias: with all its partitions and child tables
    /// it is small, by what the last ANALYZE and the statistics know.
    static func isSmall(_ alias: String) -> String { "(\(bytes(alias)) <= \(affordable))" }

    /// The estimate in bytes. Neither of its sources needs a lock on the table, which
    /// pg_relation_size would wait for; a table that was just filled has a count of rows and no
    /// count of pages yet.
    static func bytes(_ alias: String) -> String {
        """
        (WITH RECURSIVE tree AS (SELECT \(alias).oid UNION \
        SELECT h.inhrelid FROM pg_catalog.pg_inherits h JOIN tree ON tree.oid = h.inhparent) \
        SELECT coalesce(pg_catalog.sum(GREATEST(0, tc.relpages::int8 * 8192, \
        pg_catalog.pg_stat_get_live_tuples(tc.oid) * 64)), 0) \
        FROM tree JOIN pg_catalog.pg_class tc ON tc.oid = tree.oid)
        """
    }
}
