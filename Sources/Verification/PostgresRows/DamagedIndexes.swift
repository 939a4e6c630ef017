internal import Database

/// B-tree indexes by the extension amcheck: their order, and that every row of the table is in
/// them (`bt_index_check` with `heapallindexed`).
///
/// `bt_index_parent_check` is not used: it keeps writers from the table while it looks.
///
/// Source: https://www.postgresql.org/docs/15/amcheck.html
struct DamagedIndexes {
    var findings: [Finding] = []
    /// False where the database does not have the extension, so that nothing was looked at.
    var isInstalled: Bool

    init(_ reader: PostgresReader) throws(DatabaseError) {
        let extensions = try reader.answer([Step(Self.extensionQuery)])[0].rows
        isInstalled = !extensions.isEmpty
        guard let function = extensions.first?[0].string else { return }
        for row in try reader.answer([Step(Self.query)])[0].rows {
            let step = Step("SELECT \(function)(\(row[0].integer ?? 0)::oid::regclass, true)")
            guard case .failure(let error) = try reader.answerOne(step, .indexes) else { continue }
            findings.append(Self.finding(row, error))
        }
    }

    private static func finding(_ row: Row, _ error: DatabaseError) -> Finding {
        let index = row[1].string ?? ""
        // A damaged page may show as an internal error, or as an attempt to read beyond a file.
        let isDamage =
            error.code == .corrupt || error.sqlState?.hasPrefix("XX") == true
            || error.sqlState?.hasPrefix("58") == true
        guard isDamage else {
            return Finding(
                Check.damagedIndex.name, couldNotLookAt: index, error, identity: row[0].string)
        }
        return Finding(
            Check.damagedIndex.name, object: index,
            problem: "the index on \(row[2].string ?? "") is damaged: \(error.message)",
            hint: "REINDEX INDEX CONCURRENTLY \(index); and look for the cause: the disk, the "
                + "memory, a collation that changed.",
            facts: ["table": row[2]], identity: row[0].string)
    }

    private static let extensionQuery = """
        SELECT pg_catalog.format('%I.bt_index_check', n.nspname) FROM pg_catalog.pg_extension e \
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'
        """

    private static let query = """
        SELECT x.oid, \(CatalogSQL.name("xn", "x")), \(CatalogSQL.name("n", "c")) \
        FROM pg_catalog.pg_index i \
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
        JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace \
        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree' \
        WHERE x.relkind = 'i' AND i.indisvalid AND i.indisready \
        AND \(CatalogSQL.canBeRead("x")) \
        AND \(CatalogSQL.isUserSchema("n")) ORDER BY 3, 2
        """
}
