/// Reads tables with their columns and CHECKs, the places of partitions, and which rows belong to a
/// dump.
struct TableReader: ObjectReader {
    var isLarge: Bool { true }

    func queries(_ server: ServerFacts) -> [String] { batches(server).flatMap(\.self) }

    func batches(_ server: ServerFacts) -> [[String]] {
        [
            [TableQueries.tables(server), TableQueries.parents(server)]
                + TableContentsReading.queries, RelationColumns.queries(server),
            // Both decompile with the columns of the table at hand.
            [TableQueries.checks(server), TableQueries.values(server)],
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        let own = 2
        let rest = own + TableContentsReading.queries.count
        let last = answers.count - 2
        contents.columns = RelationColumns(answers[rest..<last], values: answers[last + 1])
        var rows = answers[0].map { TableRow(&$0) }
        let parents = Parents(answers[1])
        let checks = Checks(answers[last], contents.edges)
        noteParts(checks, &contents)
        var inheritance = Inheritance(contents.columns)
        var order = ColumnOrder(
            contents.columns, parents,
            partitions: Set(rows.filter(\.attributes.isPartition).map(\.oid)))
        var waiting: [(check: CheckConstraint, parents: [UInt32])] = []
        for index in rows.indices {
            let row = rows[index]
            guard !contents.isMember(.relation, row.oid) else {
                contents.objects += ExtensionTable.additions(row, contents)
                continue
            }
            rows[index].columns = inheritance.resolved(
                order.sorted(contents.columns[row.oid], of: row.oid),
                parents: parents[row.oid].map(\.oid), isPartition: row.attributes.isPartition)
            let table = rows[index].table(
                parents: parents[row.oid], checks: checks[row.oid],
                privileges: contents.columns.privileges[row.oid] ?? [])
            contents.objects.append(table)
            add(attachmentOf: row, table, parents, &contents)
            waiting += checks[row.oid].filter { $0.waitsForRows && $0.isLocal }.map { check in
                (CheckConstraint(check: check, table: table), parents[row.oid].map(\.oid))
            }
            contents.objects += unvalidatedNotNulls(table)
            if row.hasRowSecurity {
                contents.objects.append(RowSecurity(tableID: table.id, tableName: table.name))
            }
        }
        contents.objects += Self.ordered(waiting)
        TableContentsReading(rows, parents).read(answers[own..<rest], into: &contents)
    }

    /// Defaults and constraints are parts of their tables wherever they are not objects.
    private func noteParts(_ checks: Checks, _ contents: inout CatalogContents) {
        for (relation, columns) in contents.columns.columns {
            for column in columns {
                if let value = column.value {
                    contents.standIns[ObjectID(.attributeDefault, value.oid)] =
                        ObjectID(.relation, relation)
                }
                if let constraint = column.notNullConstraint {
                    contents.standIns[ObjectID(.constraint, constraint.oid)] =
                        ObjectID(.relation, relation)
                }
            }
        }
        for (relation, checks) in checks.all {
            for check in checks {
                contents.standIns[ObjectID(.constraint, check.oid)] = ObjectID(.relation, relation)
            }
        }
    }

    private func add(
        attachmentOf row: TableRow, _ table: Table, _ parents: Parents,
        _ contents: inout CatalogContents
    ) {
        guard row.attributes.isPartition, let bound = row.bound,
            let parent = parents[row.oid].first
        else { return }
        guard !parent.isDetaching else {
            contents.exclusions.append(
                "The place of \(table.description) in \(parent.name.schema).\(parent.name.name), "
                    + "from which it is being detached.")
            return
        }
        contents.objects.append(
            TableAttachment(
                partition: table.id, partitionName: table.name,
                parent: ObjectID(.relation, parent.oid), parentName: parent.name, bound: bound))
    }

    private func unvalidatedNotNulls(_ table: Table) -> [any CatalogObject] {
        table.columns.compactMap { column in
            guard let constraint = column.notNullConstraint, constraint.isLocal,
                !constraint.isValidated
            else { return nil }
            return UnvalidatedNotNull(
                constraint: constraint, column: column.name, tableID: table.id,
                tableName: table.name, keyword: table.keyword)
        }
    }

    /// A child that declares a check of its parent itself gets it before the parent does: added to
    /// the parent it merges with the child's, the other way round it would be there already.
    private static func ordered(
        _ waiting: [(check: CheckConstraint, parents: [UInt32])]
    ) -> [any CatalogObject] {
        var checks = waiting.map(\.check)
        var byName: [String: [Int]] = [:]
        for (index, check) in checks.enumerated() {
            byName[check.check.name, default: []].append(index)
        }
        for (child, entry) in waiting.enumerated() where !entry.parents.isEmpty {
            for parent in byName[entry.check.check.name] ?? []
            where entry.parents.contains(checks[parent].tableID.oid) {
                checks[parent].children.append(checks[child].id)
            }
        }
        return checks
    }
}

/// Who inherits from whom.
struct Parents: Sendable {
    /// One parent.
    struct Parent: Sendable {
        let oid: UInt32
        let name: QualifiedName
        /// Whether DETACH PARTITION CONCURRENTLY has begun and not ended.
        let isDetaching: Bool
    }

    private var parents: [UInt32: [Parent]] = [:]

    init(_ answer: Answer) {
        answer.forEach { row in
            parents[row.oid(), default: []].append(
                Parent(
                    oid: row.oid(), name: QualifiedName(schema: row.text(), name: row.text()),
                    isDetaching: row.flag()))
        }
    }

    /// The parents of a table, in their order.
    subscript(child: UInt32) -> [Parent] { parents[child] ?? [] }
}

/// The CHECKs of tables.
private struct Checks {
    private(set) var all: [UInt32: [TableCheck]] = [:]

    init(_ answer: Answer, _ edges: [DependencyEdge]) {
        var callers: Set<UInt32> = []
        for edge in edges where edge.dependent.catalog == .constraint {
            if edge.dependency.catalog == .function { callers.insert(edge.dependent.oid) }
        }
        answer.forEach { row in
            let oid = row.oid()
            let relation = row.oid()
            let (name, definition) = (row.text(), row.text())
            let isLocal = row.flag()
            let isValidated = row.flag()
            all[relation, default: []].append(
                TableCheck(
                    oid: oid, name: name, definition: definition, isLocal: isLocal,
                    waitsForRows: !isValidated || callers.contains(oid)))
        }
    }

    subscript(relation: UInt32) -> [TableCheck] { all[relation] ?? [] }
}
