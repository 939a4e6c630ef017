/// Reads casts. The one from a range to its multirange comes with the range.
///
/// Source: https://www.postgresql.org/docs/current/sql-createcast.html
struct CastReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT c.oid, pg_catalog.format_type(c.castsource, NULL),
              pg_catalog.format_type(c.casttarget, NULL), c.castmethod, c.castcontext,
              \(server.functionSignature("c.castfunc"))
            FROM pg_catalog.pg_cast c
            WHERE \(server.isUsers(.cast, "c.oid"))
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_range r
                WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.cast, row.oid())
            let types = "(\(row.text()) AS \(row.text()))"
            let (method, context) = (row.letter(), row.letter())
            var statement = "CREATE CAST \(types) "
            switch method {
            case "f": statement += "WITH FUNCTION \(row.text())"
            case "i": statement += "WITH INOUT"
            default: statement += "WITHOUT FUNCTION"
            }
            switch context {
            case "a": statement += " AS ASSIGNMENT"
            case "i": statement += " AS IMPLICIT"
            default: break
            }
            contents.objects.append(
                PlainObject(id, .cast, ObjectName(types), target: types, statements: [statement]))
        }
    }
}
