/// Reads functions, window functions and procedures.
///
/// Source: https://www.postgresql.org/docs/current/sql-createfunction.html
struct FunctionReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        // What another object made, such as the constructors of a range, comes with that object.
        let isUsers = """
            p.prokind <> 'a' AND \(server.isUsers(.function, "p.oid", schema: "n.nspname")) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1255 \
            AND d.objid = p.oid AND d.deptype = 'i')
            """
        return [
            """
            SELECT p.oid, n.nspname, p.proname, \(server.roleName("p.proowner")), p.prokind,
              pg_catalog.pg_get_function_arguments(p.oid),
              pg_catalog.pg_get_function_identity_arguments(p.oid),
              \(server.privilegeColumns("p.proacl", type: "'f'", owner: "p.proowner")),
              pg_catalog.pg_get_function_result(p.oid), l.lanname,
              (SELECT pg_catalog.string_agg('FOR TYPE ' || pg_catalog.format_type(t, NULL), ', '
                ORDER BY place) FROM pg_catalog.unnest(p.protrftypes)
                WITH ORDINALITY types (t, place)),
              p.provolatile, p.proisstrict, p.prosecdef, p.proleakproof,
              NULLIF(p.procost, CASE WHEN l.lanname IN ('internal', 'c') THEN 1 ELSE 100 END),
              CASE WHEN p.proretset THEN NULLIF(p.prorows, 1000) END,
              \(server.functionName("p.prosupport")), p.proparallel, p.proconfig,
              pg_catalog.pg_get_function_sqlbody(p.oid), p.probin, p.prosrc
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            WHERE \(isUsers)
            """,
            """
            SELECT d.objid, x.extname FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
            WHERE d.classid = 1255 AND d.refclassid = 3079 AND d.deptype = 'x' ORDER BY 1, 2
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var extensions: [UInt32: [String]] = [:]
        answers[1].forEach { row in extensions[row.oid(), default: []].append(row.text()) }
        answers[0].forEach { row in
            let id = ObjectID(.function, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let type = row.letter()
            let target = SQLQuoting.qualified(schema, name)
            let (arguments, identity) = (row.text(), row.text())
            let kind: ObjectKind = type == "p" ? .procedure : .function
            var object = PlainObject(
                id, kind, ObjectName(schema: schema, name, detail: "(\(identity))"),
                target: "\(target)(\(identity))", owner: owner, statements: [])
            object.privileges = .next(in: &row, of: object.target, owner: owner)
            let (clauses, roles) = Self.clauses(&row, isWindow: type == "w")
            object.statements.append(
                SchemaStatement(
                    "CREATE \(kind.rawValue) \(target)(\(arguments))\(clauses)", roles: roles))
            for name in extensions[id.oid] ?? [] {
                let dependent = "\(kind.rawValue) \(target)(\(identity))"
                object.statements.append(
                    SchemaStatement(
                        "ALTER \(dependent) DEPENDS ON EXTENSION \(SQLQuoting.identifier(name))"))
            }
            contents.objects.append(Function(plain: object))
        }
    }

    private static func clauses(_ row: inout RowCursor, isWindow: Bool) -> (String, [String]) {
        var words: [String] = []
        if let result = row.optionalText() { words.append("RETURNS \(result)") }
        words.append("LANGUAGE \(SQLQuoting.identifier(row.text()))")
        if let types = row.optionalText() { words.append("TRANSFORM \(types)") }
        if isWindow { words.append("WINDOW") }
        switch row.letter() {
        case "i": words.append("IMMUTABLE")
        case "s": words.append("STABLE")
        default: break
        }
        if row.flag() { words.append("STRICT") }
        if row.flag() { words.append("SECURITY DEFINER") }
        if row.flag() { words.append("LEAKPROOF") }
        if let cost = row.optionalText(), cost != "0" { words.append("COST \(cost)") }
        if let rows = row.optionalText(), rows != "0" { words.append("ROWS \(rows)") }
        if let support = row.optionalText() { words.append("SUPPORT \(support)") }
        switch row.letter() {
        case "s": words.append("PARALLEL SAFE")
        case "r": words.append("PARALLEL RESTRICTED")
        default: break
        }
        let settings = ConfigurationSetting.all(row.array())
        words += settings.map(\.clause)
        return (
            " \(words.joined(separator: " "))\n\(body(&row))", settings.flatMap(\.roles)
        )
    }

    /// What was parsed when the function was created is written from that; all else as it was.
    private static func body(_ row: inout RowCursor) -> String {
        let (parsed, file, source) = (row.optionalText(), row.optionalText(), row.text())
        if let parsed { return parsed }
        guard let file else { return "AS \(SQLQuoting.dollarQuoted(source, tag: "_"))" }
        guard !source.isEmpty else { return "AS \(SQLQuoting.literal(file))" }
        return "AS \(SQLQuoting.literal(file)), \(SQLQuoting.literal(source))"
    }
}

/// A function, window function or procedure.
struct Function: CatalogObject, Hashable {
    /// All that is said of it.
    var plain: PlainObject
    var section = SchemaSection.preData

    init(plain: PlainObject) { self.plain = plain }

    var id: ObjectID { plain.id }
    var kind: ObjectKind { plain.kind }
    var name: ObjectName { plain.name }
    var owner: String? { plain.owner }
    var target: String? { plain.target }
    var privileges: ObjectPrivileges? { plain.privileges }

    func creation() -> [SchemaStatement] { plain.statements }

    /// A body that was parsed can need a primary key, which comes after the rows.
    func postponed() -> (any CatalogObject)? {
        guard section == .preData else { return nil }
        var copy = self
        copy.section = .postData
        return copy
    }
}
