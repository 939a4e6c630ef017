/// Reads what belongs to no kind: who is a member of which extension, the dependencies, the
/// comments and the security labels.
struct Foundations: ObjectReader {
    var isLarge: Bool { true }

    func queries(_ server: ServerFacts) -> [String] { batches(server).flatMap(\.self) }

    func batches(_ server: ServerFacts) -> [[String]] {
        [
            [Self.members, Self.edges],
            [Self.types, Self.comments, Self.labels, Self.extensionDependencies],
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            contents.members[ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())] = row.oid()
        }
        contents.edges = answers[1].map { row in
            let dependent = Self.id(&row)
            return DependencyEdge(dependent, needs: Self.id(&row))
        }
        answers[2].forEach { row in
            let type = ObjectID(.type, row.oid())
            contents.standIns[type] = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
        }
        answers[3].forEach { row in
            contents.comments[Self.id(&row)] = row.text()
        }
        answers[4].forEach { row in
            contents.labels[Self.id(&row), default: []].append(
                SecurityLabel(provider: row.text(), label: row.text()))
        }
        answers[5].forEach { row in
            let id = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
            contents.extensionDependencies[id, default: []].append(row.text())
        }
    }

    private static func id(_ row: inout RowCursor) -> ObjectID {
        ObjectID(
            SystemCatalog(rawValue: row.oid()), row.oid(),
            column: Int32(truncatingIfNeeded: row.integer()))
    }

    private static let members = """
        SELECT classid, objid, refobjid FROM pg_catalog.pg_depend \
        WHERE deptype = 'e' AND refclassid = 3079
        """

    // Left out is what every object has and no order depends on: its schema, which is known by
    // name; a table's row type, the type's array and the toast table; what initdb made.
    private static let edges = """
        SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid \
        FROM pg_catalog.pg_depend \
        WHERE deptype <> 'e' AND objid >= 16384 AND refobjid >= 16384 AND refclassid <> 2615 \
        AND NOT (classid = 1247 AND deptype = 'i' AND refclassid IN (1259, 1247)) \
        AND (classid <> refclassid OR objid <> refobjid)
        """

    // The types that come with something else: the row of a table, an array, a multirange.
    private static let types = """
        SELECT t.oid, CASE WHEN t.typrelid <> 0 THEN 1259 ELSE 1247 END, \
        CASE WHEN t.typrelid <> 0 THEN t.typrelid \
        WHEN t.typtype = 'm' THEN (SELECT r.rngtypid FROM pg_catalog.pg_range r \
        WHERE r.rngmultitypid = t.oid) ELSE t.typelem END \
        FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
        LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid \
        WHERE t.oid >= 16384 \
        AND (t.typtype = 'm' OR c.relkind <> 'c' OR e.oid IS NOT NULL) \
        AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 1247 \
        AND d.refobjid = t.oid AND d.deptype <> 'i')
        """

    // The schema public has a low OID, and a large object has the one that its user chose.
    private static let comments = """
        SELECT classoid, objoid, objsubid, description FROM pg_catalog.pg_description \
        WHERE objoid >= 16384 OR classoid IN (2615, 2613)
        """

    private static let labels = """
        SELECT classoid, objoid, objsubid, provider, label FROM pg_catalog.pg_seclabel \
        ORDER BY classoid, objoid, objsubid, provider
        """

    private static let extensionDependencies = """
        SELECT d.classid, d.objid, e.extname FROM pg_catalog.pg_depend d \
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid \
        WHERE d.deptype = 'x' AND d.refclassid = 3079 ORDER BY e.extname
        """
}
