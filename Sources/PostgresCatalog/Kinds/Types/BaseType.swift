/// Reads base types, and types that are only a name.
///
/// The functions that read and write a base type name it, and it names them: its name comes first.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtype.html
struct BaseTypeReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let functions = Self.functions.map { server.functionName("t.\($0.column)") }
        let oids = Self.functions.map { "t.\($0.column)::pg_catalog.oid" }
        return [
            """
            SELECT \(TypeColumns.list(server)), t.typlen,
              \(functions.joined(separator: ", ")), t.typcollation <> 0,
              COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0),
                pg_catalog.quote_literal(t.typdefault)),
              pg_catalog.format_type(NULLIF(t.typelem, 0), NULL), t.typcategory, t.typispreferred,
              t.typdelim, t.typalign, t.typstorage, t.typbyval,
              ARRAY[\(oids.joined(separator: ", "))]
            FROM \(TypeColumns.tables(server, type: "b"))
            """,
            """
            SELECT \(TypeColumns.list(server)) FROM \(TypeColumns.tables(server, type: "p"))
              AND NOT t.typisdefined
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            var object = TypeColumns.object(&row)
            let target = SQLQuoting.qualified(object.name.schema ?? "", object.name.name)
            let list = Self.clauses(&row).joined(separator: ", ")
            object.statements = [SchemaStatement("CREATE TYPE \(target) (\(list))")]
            let functions = row.numbers().map { UInt32(truncatingIfNeeded: $0) }
                .filter { $0 >= ObjectID.firstUserOID }
            if !functions.isEmpty {
                let (shell, corrections) = TypeColumns.shell(of: object, for: functions)
                object.corrections = corrections
                contents.objects.append(shell)
            }
            contents.objects.append(object)
        }
        answers[1].forEach { row in
            var object = TypeColumns.object(&row)
            let target = SQLQuoting.qualified(object.name.schema ?? "", object.name.name)
            object.statements = [SchemaStatement("CREATE TYPE \(target)")]
            contents.objects.append(object)
        }
    }

    private static func clauses(_ row: inout RowCursor) -> [String] {
        let length = row.integer()
        var clauses = ["INTERNALLENGTH = \(length == -1 ? "VARIABLE" : String(length))"]
        for (word, _) in functions {
            if let function = row.optionalText() { clauses.append("\(word) = \(function)") }
        }
        if row.flag() { clauses.append("COLLATABLE = true") }
        if let value = row.optionalText() { clauses.append("DEFAULT = \(value)") }
        if let element = row.optionalText() { clauses.append("ELEMENT = \(element)") }
        let category = row.text()
        if category != "U" { clauses.append("CATEGORY = \(SQLQuoting.literal(category))") }
        if row.flag() { clauses.append("PREFERRED = true") }
        let delimiter = row.text()
        if delimiter != "," { clauses.append("DELIMITER = \(SQLQuoting.literal(delimiter))") }
        clauses.append("ALIGNMENT = \(alignments[row.letter() ?? "i"] ?? "int4")")
        clauses.append("STORAGE = \(storages[row.letter() ?? "p"] ?? "plain")")
        if row.flag() { clauses.append("PASSEDBYVALUE") }
        return clauses
    }

    private static let functions: [(word: String, column: String)] = [
        ("INPUT", "typinput"), ("OUTPUT", "typoutput"), ("RECEIVE", "typreceive"),
        ("SEND", "typsend"), ("TYPMOD_IN", "typmodin"), ("TYPMOD_OUT", "typmodout"),
        ("ANALYZE", "typanalyze"), ("SUBSCRIPT", "typsubscript"),
    ]
    private static let alignments: [Character: String] = [
        "c": "char", "s": "int2", "i": "int4", "d": "double",
    ]
    private static let storages: [Character: String] = [
        "p": "plain", "e": "external", "x": "extended", "m": "main",
    ]
}
