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
            for name in contents.extensionDependencies[part.id] ?? [] {
                let ext = SQLQuoting.identifier(name)
                statements.append(
                    SchemaStatement("ALTER \(part.target) DEPENDS ON EXTENSION \(ext)"))
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
        inOrder(
            contents.tables.map { table in
                var contents = table.contents
                contents.entry = entry(of: table.id, numbers)
                return (contents.entry ?? 0, contents)
            })
    }

    private func sequences(_ numbers: [Int]) -> [SequenceContents] {
        inOrder(
            contents.sequences.map { sequence in
                var contents = sequence.contents
                contents.entry = entry(of: sequence.id, numbers)
                return (contents.entry ?? 0, contents)
            })
    }

    /// The number of the entry that creates something; nil where an extension does.
    private func entry(of id: ObjectID, _ numbers: [Int]) -> Int? {
        contents.members[id] == nil ? restoreOrder.graph.index(of: id).map { numbers[$0] } : nil
    }

    /// By entry; what has none keeps its order, which is that of the foreign keys.
    private func inOrder<Value>(_ values: [(entry: Int, value: Value)]) -> [Value] {
        values.enumerated().sorted { left, right in
            (left.element.entry, left.offset) < (right.element.entry, right.offset)
        }.map(\.element.value)
    }
}
