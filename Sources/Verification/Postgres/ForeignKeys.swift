internal import Database

/// A foreign key, with the pieces of SQL that looking at its rows takes.
struct ForeignKey {
    var oid: Int64
    var name: String
    var quotedName: String
    /// The referring table, qualified and quoted, and as a FROM item.
    var table: String
    var tableItem: String
    /// The referred table, likewise.
    var parent: String
    var parentItem: String
    /// The referring columns, quoted, each with the alias `c`.
    var columns: String
    /// The columns' names for people.
    var columnNames: String
    /// `p.… = c.…` with the constraint's own operators.
    var matches: String
    var isMatchFull: Bool
    var isValidated: Bool
    /// True where its triggers are disabled, so that nothing enforces it.
    var isUnenforced: Bool
    /// True where the transaction at hand turned its triggers off or on.
    var wasToggled: Bool
    var isSmall: Bool
    /// True for a key with PERIOD (PostgreSQL 18), which needs another comparison.
    var isTemporal: Bool
}

/// Reads foreign keys, and counts the rows that break them.
///
/// A key of a partitioned table is looked at once, at its root, with all partitions on both sides.
/// Elsewhere child tables of inheritance are left out on both sides (`ONLY`), as the server does.
///
/// Source: https://www.postgresql.org/docs/15/catalog-pg-constraint.html
enum ForeignKeys {
    /// The query of the keys with a relation in scope on either side.
    static func step(_ reader: PostgresReader, _ scope: PostgresScope) -> Step {
        Step(query(reader, scope))
    }

    /// What a row of it says.
    static func key(_ row: Row) -> ForeignKey {
        ForeignKey(
            oid: row[0].integer ?? 0, name: row[1].string ?? "",
            quotedName: row[15].string ?? "", table: row[2].string ?? "",
            tableItem: row[3].string ?? "", parent: row[4].string ?? "",
            parentItem: row[5].string ?? "", columns: row[6].string ?? "",
            columnNames: row[7].string ?? "", matches: row[8].string ?? "false",
            isMatchFull: row[9].boolean ?? false, isValidated: row[10].boolean ?? true,
            isUnenforced: row[11].boolean ?? false, wasToggled: row[12].boolean ?? false,
            isSmall: row[13].boolean ?? false, isTemporal: row[14].boolean ?? false)
    }

    /// Which rows break it. MATCH SIMPLE lets a row go that has a NULL among its columns; MATCH
    /// FULL only one whose columns are all NULL. NULLs are counted, for a composite value of which
    /// a part is NULL is neither `IS NULL` nor `IS NOT NULL`.
    private static func broken(_ key: ForeignKey) -> String {
        let nulls =
            key.isMatchFull
            ? "pg_catalog.num_nonnulls(\(key.columns)) > 0"
            : "pg_catalog.num_nulls(\(key.columns)) = 0"
        return """
            FROM \(key.tableItem) c WHERE \(nulls) AND NOT EXISTS (SELECT FROM \(key.parentItem) p \
            WHERE \(key.matches))
            """
    }

    /// The findings of one key: none, the rows that break it, or why they could not be counted.
    static func check(
        _ key: ForeignKey, _ reader: PostgresReader, usesIndexes: Bool
    ) throws(DatabaseError) -> [Finding] {
        guard !key.isTemporal else { return [] }
        let manner: PostgresReader.Manner = usesIndexes ? .catalog : .rows
        let name = Check.brokenForeignKey.name
        let identity = String(key.oid)
        let count: Int64
        switch try reader.answerOne(Step("SELECT pg_catalog.count(*) \(broken(key))"), manner) {
        case .success(let result): count = result.rows.first?[0].integer ?? 0
        case .failure(let error):
            return [Finding(name, couldNotLookAt: key.table, error, identity: identity)]
        }
        guard count > 0 else { return [] }
        let examples = try reader.answerOne(
            Step("SELECT DISTINCT \(key.columns) \(broken(key)) LIMIT 5"), manner)
        var rows: Finding.Rows?
        if case .success(let result) = examples {
            rows = Finding.Rows(result, count: Int(count))
        }
        return [
            Finding(
                name, object: key.table,
                problem: "\(counted(count, "row")) \(count == 1 ? "refers" : "refer") to no row of "
                    + "\(key.parent) by (\(key.columnNames)), which the foreign key "
                    + "'\(key.name)' \(key.isValidated ? "rules out" : "is to rule out")",
                hint: hint(key),
                facts: ["constraint": .text(key.name), "parent": .text(key.parent)],
                rows: rows, identity: identity, extent: count)
        ]
    }

    private static func hint(_ key: ForeignKey) -> String {
        let mend = "Add the rows that are missing in \(key.parent), or mend or delete those here"
        guard !key.isValidated else { return mend + "." }
        return mend + "; then ALTER TABLE \(key.table) VALIDATE CONSTRAINT \(key.quotedName);"
    }

    private static func query(_ reader: PostgresReader, _ scope: PostgresScope) -> String {
        """
        SELECT k.oid, k.conname, \(CatalogSQL.name("n", "c")), \(item("n", "c")), \
        \(CatalogSQL.name("pn", "p")), \(item("pn", "p")), s.columns, s.names, s.matches, \
        k.confmatchtype = 'f', k.convalidated, coalesce(t.is_off, false), \
        coalesce(t.is_new, false) AND pg_catalog.age(k.xmin) > 0, \
        \(TableSize.isSmall("c")), \(reader.version >= 180_000 ? "k.conperiod" : "false"), \
        pg_catalog.quote_ident(k.conname) \
        FROM pg_catalog.pg_constraint k \
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_class p ON p.oid = k.confrelid \
        JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
        CROSS JOIN LATERAL (\(sides)) s \
        LEFT JOIN (\(triggers)) t ON t.root = k.oid \
        WHERE k.contype = 'f' AND k.conparentid = 0 \
        AND \(CatalogSQL.isEnforced("k", version: reader.version)) \
        AND \(CatalogSQL.canBeRead("c")) AND \(CatalogSQL.isUserSchema("n")) \
        AND (\(scope.contains("c.oid")) OR \(scope.contains("p.oid"))) ORDER BY 3, 2
        """
    }

    private static func item(_ namespace: String, _ relation: String) -> String {
        "CASE WHEN \(relation).relkind = 'p' THEN '' ELSE 'ONLY ' END || "
            + CatalogSQL.name(namespace, relation)
    }

    /// The columns of both sides, compared with the operator that the constraint itself uses and,
    /// as the server does, with the collation of the referred column.
    private static let sides = """
        SELECT pg_catalog.string_agg(pg_catalog.format('c.%I', ca.attname), ', ' ORDER BY o.n) \
        AS columns, pg_catalog.string_agg(ca.attname::text, ', ' ORDER BY o.n) AS names, \
        pg_catalog.string_agg(pg_catalog.format('p.%I%s OPERATOR(%I.%s) c.%I', pa.attname, \
        CASE WHEN pa.attcollation <> ca.attcollation AND pa.attcollation <> 0 \
        THEN pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) ELSE '' END, \
        opn.nspname, op.oprname, ca.attname), ' AND ' ORDER BY o.n) AS matches \
        FROM ROWS FROM (unnest(k.conkey), unnest(k.confkey), unnest(k.conpfeqop)) \
        WITH ORDINALITY o(child, parent, operator, n) \
        JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = o.child \
        JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = o.parent \
        JOIN pg_catalog.pg_operator op ON op.oid = o.operator \
        JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace \
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = pa.attcollation \
        LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
        """

    /// By root constraint, over the triggers of the constraint and of its copies on partitions:
    /// whether one does not fire, and whether one was written by the transaction at hand (its age
    /// counts from that transaction).
    private static let triggers = """
        WITH RECURSIVE family AS (\
        SELECT r.oid AS root, r.oid FROM pg_catalog.pg_constraint r \
        WHERE r.contype = 'f' AND r.conparentid = 0 \
        UNION ALL SELECT f.root, m.oid FROM family f \
        JOIN pg_catalog.pg_constraint m ON m.conparentid = f.oid) \
        SELECT f.root, pg_catalog.bool_or(g.tgenabled IN ('D', 'R')) AS is_off, \
        pg_catalog.bool_or(pg_catalog.age(g.xmin) <= 0) AS is_new \
        FROM family f JOIN pg_catalog.pg_trigger g ON g.tgconstraint = f.oid \
        WHERE g.tgisinternal GROUP BY f.root
        """
}
