/// What a table has from its parents, and what therefore is, or has to be, said of its columns.
struct Inheritance {
    private let columns: RelationColumns
    private var names: [UInt32: [String: Column]] = [:]

    init(_ columns: RelationColumns) { self.columns = columns }

    /// The columns of a child as its DDL needs them.
    ///
    /// - Parameters:
    ///   - child: its own columns.
    ///   - parents: the OIDs of its parents.
    ///   - isPartition: whether it is attached rather than created as a child.
    /// - Returns: the columns, with what is inherited noted, and defaults added that keep it away.
    mutating func resolved(
        _ child: [Column], parents: [UInt32], isPartition: Bool
    ) -> [Column] {
        guard !parents.isEmpty else { return child }
        let inherited = parents.map { columns(of: $0) }
        return child.map { column in
            var column = column
            let same = inherited.compactMap { $0[column.name] }
            column.inheritsNotNull = same.contains(where: \.isNotNull)
            column.inheritsUnvalidatedNotNull = same.contains {
                $0.notNullConstraint.map { !$0.isValidated } ?? false
            }
            let inheritsDefault = same.contains { $0.value.map { !$0.isGenerated } ?? false }
            if inheritsDefault, column.value == nil {
                let null = ColumnValue(oid: 0, expression: "NULL", generation: nil)
                column.attributes.append(.value(null))
            }
            let generated = same.compactMap(\.value).filter(\.isGenerated)
            let isOwn = generated.contains { $0.expression != column.value?.expression }
            if !isPartition, !generated.isEmpty, !column.isLocal || !isOwn {
                // The expression comes with the column, and before PostgreSQL 16 it may not be said.
                column.attributes.removeAll { attribute in
                    if case .value = attribute { true } else { false }
                }
            }
            return column
        }
    }

    private mutating func columns(of relation: UInt32) -> [String: Column] {
        if let known = names[relation] { return known }
        let columns = Dictionary(
            self.columns[relation].map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        names[relation] = columns
        return columns
    }
}

/// In which order a child has its columns after a restore: those of its parents first, as CREATE
/// TABLE … INHERITS makes them, wherever ALTER TABLE had put them. What is read is put in that order,
/// so that it is the same before and after.
struct ColumnOrder {
    private let columns: RelationColumns
    private let parents: Parents
    private let partitions: Set<UInt32>
    private var known: [UInt32: [String]] = [:]

    init(_ columns: RelationColumns, _ parents: Parents, partitions: Set<UInt32>) {
        self.columns = columns
        self.parents = parents
        self.partitions = partitions
    }

    /// The columns of a table, in that order.
    mutating func sorted(_ columns: [Column], of table: UInt32) -> [Column] {
        guard !partitions.contains(table), !parents[table].isEmpty else { return columns }
        let places = Dictionary(
            names(table).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return columns.sorted { (places[$0.name] ?? 0) < (places[$1.name] ?? 0) }
    }

    private mutating func names(_ table: UInt32) -> [String] {
        if let names = known[table] { return names }
        let own = columns[table].map(\.name)
        var names: [String] = []
        if !partitions.contains(table) {
            for parent in parents[table] { names += self.names(parent.oid) }
        }
        var isThere: Set<String> = []
        names = (names + own).filter { isThere.insert($0).inserted }
        known[table] = names
        return names
    }
}
