/// Reads composite types. The dependencies and comments of their columns are those of a relation.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtype.html
struct CompositeTypeReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT \(TypeColumns.list(server)), t.typrelid
            FROM \(TypeColumns.tables(server, type: "c"))
            """,
            """
            SELECT a.attrelid, a.attnum, a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attcollation <> y.typcollation
                THEN \(server.collationName("a.attcollation")) END
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
            WHERE c.relkind = 'c' AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var columns: [UInt32: [Column]] = [:]
        answers[1].forEach { row in
            columns[row.oid(), default: []].append(
                Column(
                    number: Int32(truncatingIfNeeded: row.integer()),
                    name: SQLQuoting.identifier(row.text()), type: row.text(),
                    collation: row.optionalText()))
        }
        answers[0].forEach { row in
            var object = TypeColumns.object(&row)
            let relation = ObjectID(.relation, row.oid())
            let target = SQLQuoting.qualified(object.name.schema ?? "", object.name.name)
            let own = columns[relation.oid] ?? []
            let list = own.map(\.definition).joined(separator: ", ")
            object.statements = [SchemaStatement("CREATE TYPE \(target) AS (\(list))")]
            object.aliases = [relation]
            object.parts = own.map { column in
                ObjectPart(
                    ObjectID(.relation, relation.oid, column: column.number),
                    "COLUMN \(target).\(column.name)")
            }
            contents.objects.append(object)
        }
    }

    private struct Column {
        var number: Int32
        var name: String
        var type: String
        var collation: String?

        var definition: String {
            "\(name) \(type)" + (collation.map { " COLLATE \($0)" } ?? "")
        }
    }
}
