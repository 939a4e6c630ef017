/// Reads transforms between a type and a procedural language.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtransform.html
struct TransformReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT t.oid, pg_catalog.format_type(t.trftype, NULL), l.lanname,
              \(server.functionSignature("t.trffromsql")), \(server.functionSignature("t.trftosql"))
            FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang
            WHERE \(server.isUsers(.transform, "t.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.transform, row.oid())
            let name = "FOR \(row.text()) LANGUAGE \(SQLQuoting.identifier(row.text()))"
            let functions = [
                row.optionalText().map { "FROM SQL WITH FUNCTION \($0)" },
                row.optionalText().map { "TO SQL WITH FUNCTION \($0)" },
            ]
            let list = functions.compactMap { $0 }.joined(separator: ", ")
            contents.objects.append(
                PlainObject(
                    id, .transform, ObjectName(name), target: name,
                    statements: ["CREATE TRANSFORM \(name) (\(list))"]))
        }
    }
}
