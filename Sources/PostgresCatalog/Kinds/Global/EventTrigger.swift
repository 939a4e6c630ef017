/// Reads event triggers. They are created last, so that nothing of the restore fires them.
///
/// Source: https://www.postgresql.org/docs/current/sql-createeventtrigger.html
struct EventTriggerReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT e.oid, e.evtname, \(server.roleName("e.evtowner")), e.evtevent,
              (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(tag), ', ' ORDER BY place)
                FROM pg_catalog.unnest(e.evttags) WITH ORDINALITY tags (tag, place)),
              \(server.functionName("e.evtfoid")), e.evtenabled
            FROM pg_catalog.pg_event_trigger e WHERE \(server.isUsers(.eventTrigger, "e.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.eventTrigger, row.oid())
            let (name, owner) = (row.text(), row.text())
            let target = SQLQuoting.identifier(name)
            var creation =
                "CREATE EVENT TRIGGER \(target) ON \(SQLQuoting.identifier(row.text()))"
            if let tags = row.optionalText() { creation += " WHEN TAG IN (\(tags))" }
            creation += " EXECUTE FUNCTION \(row.text())()"
            let switching: [String] =
                switch row.letter() {
                case "D": ["ALTER EVENT TRIGGER \(target) DISABLE"]
                case "A": ["ALTER EVENT TRIGGER \(target) ENABLE ALWAYS"]
                case "R": ["ALTER EVENT TRIGGER \(target) ENABLE REPLICA"]
                default: []
                }
            contents.objects.append(
                PlainObject(
                    id, .eventTrigger, ObjectName(name), target: target, owner: owner,
                    statements: [creation] + switching))
        }
    }
}
