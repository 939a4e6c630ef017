/// Reads aggregates.
///
/// Source: https://www.postgresql.org/docs/current/sql-createaggregate.html
struct AggregateReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT p.oid, n.nspname, p.proname, \(server.roleName("p.proowner")),
              pg_catalog.pg_get_function_arguments(p.oid),
              pg_catalog.pg_get_function_identity_arguments(p.oid), \(server.argumentTypes("p")),
              \(server.privilegeColumns("p.proacl", type: "'f'", owner: "p.proowner")),
              a.aggkind, \(server.functionName("a.aggtransfn")),
              pg_catalog.format_type(a.aggtranstype, NULL), NULLIF(a.aggtransspace, 0),
              a.agginitval, \(server.functionName("a.aggfinalfn")), a.aggfinalextra,
              a.aggfinalmodify, \(server.functionName("a.aggcombinefn")),
              \(server.functionName("a.aggserialfn")), \(server.functionName("a.aggdeserialfn")),
              \(server.functionName("a.aggmtransfn")), \(server.functionName("a.aggminvtransfn")),
              pg_catalog.format_type(NULLIF(a.aggmtranstype, 0), NULL),
              NULLIF(a.aggmtransspace, 0), a.aggminitval, \(server.functionName("a.aggmfinalfn")),
              a.aggmfinalextra, a.aggmfinalmodify,
              (SELECT 'OPERATOR(' || pg_catalog.quote_ident(rn.nspname) || '.' || r.oprname || ')'
                FROM pg_catalog.pg_operator r
                JOIN pg_catalog.pg_namespace rn ON rn.oid = r.oprnamespace
                WHERE r.oid = a.aggsortop),
              p.proparallel
            FROM pg_catalog.pg_aggregate a
            JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE \(server.isUsers(.function, "p.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.function, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            // Without arguments, it is written as it is called.
            let arguments = [row.text(), row.text()].map { $0.isEmpty ? "*" : $0 }
            let types = row.text()
            var object = PlainObject(
                id, .aggregate, ObjectName(schema: schema, name, detail: "(\(arguments[1]))"),
                target: "\(target)(\(arguments[1]))", owner: owner, statements: [])
            // GRANT knows aggregates as the functions that they are.
            object.privileges = .next(
                in: &row, of: "FUNCTION \(target)(\(types))", owner: owner)
            let list = Self.clauses(&row).joined(separator: ", ")
            object.statements = [
                SchemaStatement("CREATE AGGREGATE \(target)(\(arguments[0])) (\(list))")
            ]
            contents.objects.append(object)
        }
    }

    private static func clauses(_ row: inout RowCursor) -> [String] {
        let kind = row.letter()
        // What a final function may do to the state unless said otherwise.
        let usual: Character = kind == "n" ? "r" : "w"
        var clauses: [String] = []
        func add(_ word: String, _ value: String?) {
            if let value { clauses.append("\(word) = \(value)") }
        }
        func addFinal(_ prefix: String, _ row: inout RowCursor) {
            let (function, isExtra, modifies) = (row.optionalText(), row.flag(), row.letter())
            guard let function else { return }
            add("\(prefix)FINALFUNC", function)
            if isExtra { clauses.append("\(prefix)FINALFUNC_EXTRA") }
            if modifies != usual {
                add("\(prefix)FINALFUNC_MODIFY", modifications[modifies ?? "r"])
            }
        }
        add("SFUNC", row.optionalText())
        add("STYPE", row.optionalText())
        add("SSPACE", row.optionalText())
        add("INITCOND", row.optionalText().map(SQLQuoting.literal))
        addFinal("", &row)
        for word in ["COMBINEFUNC", "SERIALFUNC", "DESERIALFUNC", "MSFUNC", "MINVFUNC"] {
            add(word, row.optionalText())
        }
        add("MSTYPE", row.optionalText())
        add("MSSPACE", row.optionalText())
        add("MINITCOND", row.optionalText().map(SQLQuoting.literal))
        addFinal("M", &row)
        add("SORTOP", row.optionalText())
        if kind == "h" { clauses.append("HYPOTHETICAL") }
        switch row.letter() {
        case "s": add("PARALLEL", "SAFE")
        case "r": add("PARALLEL", "RESTRICTED")
        default: break
        }
        return clauses
    }

    private static let modifications: [Character: String] = [
        "r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE",
    ]
}
