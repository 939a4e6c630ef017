/// Reads collations.
///
/// Their versions are not carried: what counts is the library of the server that they are restored
/// on.
///
/// Source: https://www.postgresql.org/docs/current/sql-createcollation.html
struct CollationReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let locale =
            switch server.major {
            case 17...: "c.colllocale"
            case 15...: "c.colliculocale"
            default: "CASE WHEN c.collprovider = 'i' THEN c.collcollate END"
            }
        return [
            """
            SELECT c.oid, n.nspname, c.collname, \(server.roleName("c.collowner")),
              c.collprovider, c.collisdeterministic, c.collcollate, c.collctype, \(locale),
              \(server.since(16, "c.collicurules"))
            FROM pg_catalog.pg_collation c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
            WHERE \(server.isUsers(.collation, "c.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.collation, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            contents.objects.append(
                PlainObject(
                    id, .collation, ObjectName(schema: schema, name), target: target, owner: owner,
                    statements: ["CREATE COLLATION \(target) (\(Self.definition(&row)))"]))
        }
    }

    private static func definition(_ row: inout RowCursor) -> String {
        let provider = row.letter()
        var parts = ["provider = \(names[provider ?? "c"] ?? "libc")"]
        if !row.flag() { parts.append("deterministic = false") }
        let (collate, ctype) = (row.text(), row.text())
        let (locale, rules) = (row.text(), row.optionalText())
        if provider != "c" {
            parts.append("locale = \(SQLQuoting.literal(locale))")
        } else if collate == ctype {
            parts.append("locale = \(SQLQuoting.literal(collate))")
        } else {
            parts.append("lc_collate = \(SQLQuoting.literal(collate))")
            parts.append("lc_ctype = \(SQLQuoting.literal(ctype))")
        }
        if let rules { parts.append("rules = \(SQLQuoting.literal(rules))") }
        return parts.joined(separator: ", ")
    }

    private static let names: [Character: String] = ["b": "builtin", "c": "libc", "i": "icu"]
}
