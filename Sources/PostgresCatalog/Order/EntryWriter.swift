/// Makes the entries of the model of objects in their order.
struct EntryWriter {
    private let contents: CatalogContents
    private let restoreOrder: RestoreOrder

    init(_ contents: CatalogContents, _ restoreOrder: RestoreOrder) {
        self.contents = contents
        self.restoreOrder = restoreOrder
    }

    /// The model.
    func model() -> SchemaModel {
        let graph = restoreOrder.graph
        var numbers = Array(repeating: 0, count: graph.objects.count)
        for (place, index) in restoreOrder.order.enumerated() { numbers[index] = place + 1 }
        let entries = restoreOrder.order.map { index in
            entry(
                graph.objects[index], id: numbers[index],
                dependencies: graph.needs[index].map { numbers[$0] }.sorted())
        }
        return SchemaModel(
            database: contents.database, entries: entries,
            tables: tables(numbers), sequences: sequences(numbers),
            extensions: contents.extensions.sorted { $0.name < $1.name },
            exclusions: contents.exclusions)
    }

    private func entry(
        _ object: any CatalogObject, id: Int, dependencies: [Int]
    ) -> SchemaEntry {
        SchemaEntry(
            id: id, kind: object.kind.rawValue, schema: object.name.schema,
            name: object.name.entryName, owner: object.owner, section: object.section,
            statements: object.creation() + ownership(object) + annotations(object),
            privileges: object.grants(), dependencies: dependencies)
    }

    private func ownership(_ object: any CatalogObject) -> [SchemaStatement] {
        guard let target = object.target, let owner = object.owner else { return [] }
        return [
            SchemaStatement(
                "ALTER \(target) OWNER TO \(SQLQuoting.identifier(owner))", roles: [owner])
        ]
    }

    private func annotations(_ object: any CatalogObject) -> [SchemaStatement] {
        var statements: [SchemaStatement] = []
        let whole = object.target.map { [ObjectPart(object.id, $0)] } ?? []
        for part in whole + object.parts {
            if let comment = contents.comments[part.id] {
                let text = SQLQuoting.literal(comment)
                statements.append(SchemaStatement("COMMENT ON \(part.target) IS \(text)"))
            }
            for label in contents.labels[part.id] ?? [] {
                let provider = SQLQuoting.identifier(label.provider)
                let text = SQLQuoting.literal(label.label)
                statements.append(
                    SchemaStatement(
                        "SECURITY LABEL FOR \(provider) ON \(part.target) IS \(text)"))
            }
        }
        return statements
    }

    private func tables(_ numbers: [Int]) -> [TableContents] {
        let tables = contents.tables.map { table in
            var contents = table.contents
            if !self.contents.isMember(.relation, table.id.oid) {
                contents.entry = restoreOrder.graph.index(of: table.id).map { numbers[$0] }
            }
            return contents
        }
        return tables.sorted { left, right in
            let (a, b) = (left.entry ?? 0, right.entry ?? 0)
            return a == b ? (left.schema, left.name) < (right.schema, right.name) : a < b
        }
    }

    private func sequences(_ numbers: [Int]) -> [SequenceContents] {
        let sequences = contents.sequences.map { sequence in
            var contents = sequence.contents
            if !self.contents.isMember(.relation, sequence.id.oid) {
                contents.entry = restoreOrder.graph.index(of: sequence.id).map { numbers[$0] }
            }
            return contents
        }
        return sequences.sorted { left, right in
            let (a, b) = (left.entry ?? 0, right.entry ?? 0)
            return a == b ? (left.schema, left.name) < (right.schema, right.name) : a < b
        }
    }
}
