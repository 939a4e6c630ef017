/// Extended statistics, their definition only: what is in them comes with ANALYZE.
struct Statistics: CatalogObject, Hashable {
    let id: ObjectID
    let name: ObjectName
    let owner: String?
    /// CREATE STATISTICS, decompiled.
    let definition: String
    /// How much ANALYZE collects; nil for the default.
    let statisticsTarget: Int64?

    var kind: ObjectKind { .statistics }

    private var quotedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    var target: String? { "STATISTICS \(quotedName)" }

    func creation() -> [SchemaStatement] {
        [SchemaStatement(definition)]
            + (statisticsTarget.map {
                [SchemaStatement("ALTER STATISTICS \(quotedName) SET STATISTICS \($0)")]
            } ?? [])
    }
}

/// Reads extended statistics.
struct StatisticsReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT s.oid, n.nspname, s.stxname, \(server.roleName("s.stxowner")), \
            pg_catalog.pg_get_statisticsobjdef(s.oid), \
            CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END, s.stxrelid \
            FROM pg_catalog.pg_statistic_ext s \
            JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace \
            JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid \
            WHERE c.relpersistence <> 't' AND \(server.isUserSchema("s.stxnamespace"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.statistics, row.oid())
            let statistics = Statistics(
                id: id, name: ObjectName(schema: row.text(), row.text()), owner: row.text(),
                definition: row.text(), statisticsTarget: row.optionalInteger())
            let table = ObjectID(.relation, row.oid())
            if contents.members[table] != nil {
                contents.standIns[id] = table
            } else {
                contents.objects.append(statistics)
            }
        }
    }
}
