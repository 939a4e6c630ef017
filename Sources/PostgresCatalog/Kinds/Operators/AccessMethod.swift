/// Reads access methods of tables and indexes.
///
/// Source: https://www.postgresql.org/docs/current/sql-create-access-method.html
struct AccessMethodReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT a.oid, a.amname, a.amtype, \(server.functionName("a.amhandler"))
            FROM pg_catalog.pg_am a WHERE \(server.isUsers(.accessMethod, "a.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.accessMethod, row.oid())
            let name = row.text()
            let target = SQLQuoting.identifier(name)
            let type = row.letter() == "t" ? "TABLE" : "INDEX"
            contents.objects.append(
                PlainObject(
                    id, .accessMethod, ObjectName(name), target: target,
                    statements: [
                        "CREATE ACCESS METHOD \(target) TYPE \(type) HANDLER \(row.text())"
                    ]))
        }
    }
}
