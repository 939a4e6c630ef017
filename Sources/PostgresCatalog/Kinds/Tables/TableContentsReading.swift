/// Finds the tables whose rows belong to a dump: a user's own, and the configuration tables of
/// extensions as far as their condition says.
struct TableContentsReading {
    /// What is asked.
    static let queries = [
        TableQueries.configuration, TableQueries.memberKeys, TableQueries.unstablePartitions,
    ]

    private let rows: [TableRow]
    private let parents: Parents

    init(_ rows: [TableRow], _ parents: Parents) {
        self.rows = rows
        self.parents = parents
    }

    /// Adds them.
    func read(_ answers: ArraySlice<Answer>, into contents: inout CatalogContents) {
        let answers = Array(answers)
        answers[0].forEach { row in
            contents.configuration[row.oid()] = row.text()
        }
        let unstable = Set(answers[2].map { $0.oid() })
        let byOID =
            unstable.isEmpty
            ? [:]
            : Dictionary(
                rows.map { ($0.oid, $0.name) }, uniquingKeysWith: { first, _ in first })
        var configured: [UInt32: TableContents] = [:]
        for row in rows where row.relationKind == "r" {
            let isMember = contents.isMember(.relation, row.oid)
            let condition = contents.configuration[row.oid]
            guard !isMember || condition != nil else { continue }
            let generated = Set(contents.columns[row.oid].filter(\.isGenerated).map(\.name))
            let columns = (isMember ? contents.columns[row.oid] : row.columns)
                .filter { !generated.contains($0.name) }
            let table = TableContents(
                oid: row.oid, schema: row.name.schema ?? "", name: row.name.name, entry: nil,
                columns: columns.map(\.name), types: columns.map(\.type),
                extensionCondition: condition,
                loadsThrough: root(of: row.oid, unstable).flatMap { byOID[$0] }.map {
                    QualifiedName(schema: $0.schema ?? "", name: $0.name)
                },
                isUnlogged: row.attributes.isUnlogged, hasRowSecurity: row.hasRowSecurity)
            if isMember {
                configured[row.oid] = table
            } else {
                contents.tables.append((ObjectID(.relation, row.oid), table))
            }
        }
        let keys = answers[1].map { (referring: $0.oid(), referred: $0.oid()) }
        contents.tables += Self.ordered(configured, keys)
            .map { (ObjectID(.relation, $0.oid), $0) }
    }

    /// The uppermost table that a row of a partition has to be loaded through; nil where it can go
    /// into the partition.
    private func root(of partition: UInt32, _ unstable: Set<UInt32>) -> UInt32? {
        guard !unstable.isEmpty else { return nil }
        var current = partition
        var isUnstable = false
        while let parent = parents[current].first {
            isUnstable = isUnstable || unstable.contains(parent.oid)
            current = parent.oid
        }
        return isUnstable ? current : nil
    }

    /// Referred tables before those that refer to them, by name otherwise. Their keys are there
    /// before the rows, for the extension creates them.
    private static func ordered(
        _ tables: [UInt32: TableContents], _ keys: [(referring: UInt32, referred: UInt32)]
    ) -> [TableContents] {
        let sorted = tables.values.sorted { ($0.schema, $0.name) < ($1.schema, $1.name) }
        var referred: [UInt32: [UInt32]] = [:]
        for key in keys { referred[key.referring, default: []].append(key.referred) }
        var ordered: [TableContents] = []
        var isVisited: Set<UInt32> = []
        func visit(_ table: TableContents) {
            guard isVisited.insert(table.oid).inserted else { return }
            for oid in referred[table.oid] ?? [] {
                if let other = tables[oid] { visit(other) }
            }
            ordered.append(table)
        }
        sorted.forEach(visit)
        return ordered
    }
}
