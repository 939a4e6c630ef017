/// The columns of all relations by their OIDs.
struct RelationColumns: Sendable {
    private(set) var columns: [UInt32: [Column]] = [:]
    /// The privileges on columns.
    private(set) var privileges: [UInt32: [ObjectPrivileges.Column]] = [:]

    /// What is asked.
    static func queries(_ server: ServerFacts) -> [String] {
        [
            TableQueries.columns(server), TableQueries.columnPrivileges(server),
            TableQueries.notNulls(server),
        ]
    }

    /// None.
    init() {}

    /// - Parameters:
    ///   - answers: those to `queries`.
    ///   - values: that to `TableQueries.values`.
    init(_ answers: ArraySlice<Answer>, values: Answer) {
        let answers = Array(answers)
        let generations = readColumns(answers[0])
        readValues(values, generations)
        answers[1].forEach { row in
            privileges[row.oid(), default: []].append(
                ObjectPrivileges.Column(name: row.text(), acl: row.text(), base: "{}"))
        }
        readNotNulls(answers[2])
    }

    /// The columns of one relation, in their order.
    subscript(relation: UInt32) -> [Column] { columns[relation] ?? [] }

    private struct Place: Hashable {
        let relation: UInt32
        let number: Int32
    }

    private mutating func readColumns(_ answer: Answer) -> [Place: Character] {
        var generations: [Place: Character] = [:]
        // Rows come table by table: a dictionary is asked once for each.
        var relation: UInt32 = 0
        var current: [Column] = []
        answer.forEach { row in
            let oid = row.oid()
            if oid != relation {
                if !current.isEmpty { columns[relation] = current }
                relation = oid
                current = []
            }
            let number = Int32(truncatingIfNeeded: row.integer())
            var column = Column(
                name: row.text(), type: row.text(), number: number, isNotNull: row.flag(),
                isLocal: row.flag())
            if let generation = row.letter() {
                generations[Place(relation: oid, number: number)] = generation
            }
            if let rare = row.optionalArray() { column.attributes = Self.attributes(rare) }
            current.append(column)
        }
        if !current.isEmpty { columns[relation] = current }
        return generations
    }

    private mutating func add(_ attribute: ColumnAttribute, _ place: Place) {
        guard let index = columns[place.relation]?.firstIndex(where: { $0.number == place.number })
        else { return }
        columns[place.relation]?[index].attributes.append(attribute)
    }

    private static func place(_ row: inout RowCursor) -> Place {
        Place(relation: row.oid(), number: Int32(truncatingIfNeeded: row.integer()))
    }

    private static func attributes(_ values: [String?]) -> [ColumnAttribute] {
        guard values.count == 6 else { return [] }
        var attributes: [ColumnAttribute] = []
        if let collation = values[0] { attributes.append(.collation(collation)) }
        if let target = values[1].flatMap({ Int64($0) }) { attributes.append(.statistics(target)) }
        if let storage = values[2].flatMap(storage) { attributes.append(.storage(storage)) }
        if let method = values[3] {
            attributes.append(.compression(method == "l" ? "lz4" : "pglz"))
        }
        if let options = values[4].map(PostgresArray.strings), !options.isEmpty {
            attributes.append(.options(StorageOptions.list(options)))
        }
        if let options = values[5], !options.isEmpty { attributes.append(.foreignOptions(options)) }
        return attributes
    }

    private static func storage(_ letter: String) -> String? {
        ["p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"][letter]
    }

    private mutating func readValues(_ answer: Answer, _ generations: [Place: Character]) {
        answer.forEach { row in
            let oid = row.oid()
            let place = Self.place(&row)
            let value = ColumnValue(
                oid: oid, expression: row.text(), generation: generations[place])
            add(.value(value), place)
        }
    }

    private mutating func readNotNulls(_ answer: Answer) {
        answer.forEach { row in
            let oid = row.oid()
            let place = Self.place(&row)
            let constraint = NotNullConstraint(
                oid: oid, name: row.text(), isLocal: row.flag(), isNoInherit: row.flag(),
                isValidated: row.flag())
            add(.notNull(constraint), place)
        }
    }
}
