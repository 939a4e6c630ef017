/// Reads conversions between encodings.
///
/// Source: https://www.postgresql.org/docs/current/sql-createconversion.html
struct ConversionReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT c.oid, n.nspname, c.conname, \(server.roleName("c.conowner")), c.condefault,
              pg_catalog.pg_encoding_to_char(c.conforencoding),
              pg_catalog.pg_encoding_to_char(c.contoencoding), \(server.functionName("c.conproc"))
            FROM pg_catalog.pg_conversion c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
            WHERE \(server.isUsers(.conversion, "c.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.conversion, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            let isDefault = row.flag() ? "DEFAULT " : ""
            let encodings = [row.text(), row.text()].map(SQLQuoting.literal)
            contents.objects.append(
                PlainObject(
                    id, .conversion, ObjectName(schema: schema, name), target: target,
                    owner: owner,
                    statements: [
                        """
                        CREATE \(isDefault)CONVERSION \(target) FOR \(encodings[0]) \
                        TO \(encodings[1]) FROM \(row.text())
                        """
                    ]))
        }
    }
}
