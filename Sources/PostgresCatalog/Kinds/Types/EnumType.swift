/// Reads enumerated types.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtype.html
struct EnumTypeReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT \(TypeColumns.list(server)),
              (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(v.enumlabel), ', '
                ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum v WHERE v.enumtypid = t.oid)
            FROM \(TypeColumns.tables(server, type: "e"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            var object = TypeColumns.object(&row)
            let target = SQLQuoting.qualified(object.name.schema ?? "", object.name.name)
            object.statements = [SchemaStatement("CREATE TYPE \(target) AS ENUM (\(row.text()))")]
            contents.objects.append(object)
        }
    }
}
