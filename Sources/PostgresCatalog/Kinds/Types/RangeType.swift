/// Reads range types. With each come its multirange, the functions that construct both and the
/// cast between them.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtype.html
struct RangeTypeReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT \(TypeColumns.list(server)), pg_catalog.format_type(r.rngsubtype, NULL),
              pg_catalog.format_type(r.rngmultitypid, NULL),
              CASE WHEN NOT o.opcdefault THEN pg_catalog.quote_ident(
                (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = o.opcnamespace))
                || '.' || pg_catalog.quote_ident(o.opcname) END,
              CASE WHEN r.rngcollation <> s.typcollation
                THEN \(server.collationName("r.rngcollation")) END,
              \(server.functionName("r.rngcanonical")), \(server.functionName("r.rngsubdiff")),
              r.rngcanonical::pg_catalog.oid
            FROM pg_catalog.pg_range r
            JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
            JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc,
              \(TypeColumns.tables(server, type: "r")) AND t.oid = r.rngtypid
            """,
            """
            SELECT r.rngtypid, d.classid, d.objid FROM pg_catalog.pg_range r
            JOIN pg_catalog.pg_depend d ON d.refclassid = 1247
              AND d.refobjid IN (r.rngtypid, r.rngmultitypid)
            WHERE d.classid = 1255 AND d.deptype = 'i'
            UNION ALL
            SELECT r.rngtypid, 2605, c.oid FROM pg_catalog.pg_range r
            JOIN pg_catalog.pg_cast c
              ON c.castsource = r.rngtypid AND c.casttarget = r.rngmultitypid
            WHERE c.oid >= 16384
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var companions: [UInt32: [ObjectID]] = [:]
        answers[1].forEach { row in
            companions[row.oid(), default: []].append(
                ObjectID(SystemCatalog(rawValue: row.oid()), row.oid()))
        }
        for (range, ids) in companions {
            guard let owner = contents.members[ObjectID(.type, range)] else { continue }
            for id in ids { contents.members[id] = owner }
        }
        answers[0].forEach { row in
            var object = TypeColumns.object(&row)
            object.aliases = companions[object.id.oid] ?? []
            let target = SQLQuoting.qualified(object.name.schema ?? "", object.name.name)
            let words = [
                "SUBTYPE", "MULTIRANGE_TYPE_NAME", "SUBTYPE_OPCLASS", "COLLATION", "CANONICAL",
                "SUBTYPE_DIFF",
            ]
            let clauses = words.compactMap { word in
                row.optionalText().map { "\(word) = \($0)" }
            }
            object.statements = [
                SchemaStatement(
                    "CREATE TYPE \(target) AS RANGE (\(clauses.joined(separator: ", ")))")
            ]
            let canonical = row.oid()
            if canonical >= ObjectID.firstUserOID {
                let (shell, corrections) = TypeColumns.shell(of: object, for: [canonical])
                object.corrections = corrections
                contents.objects.append(shell)
            }
            contents.objects.append(object)
        }
    }
}
