/// The columns of all relations by their OIDs.
struct RelationColumns: Sendable {
    private(set) var columns: [UInt32: [Column]] = [:]
    /// The privileges on columns.
    private(set) var privileges: [UInt32: [ObjectPrivileges.Column]] = [:]

    /// What is asked.
    static func queries(_ server: ServerFacts) -> [String] {
        [
            TableQueries.columns(server), TableQueries.attributes(server),
            TableQueries.values(server), TableQueries.columnPrivileges(server),
            TableQueries.notNulls(server),
        ]
    }

    /// None.
    init() {}

    /// - Parameter answers: those to `queries`.
    init(_ answers: ArraySlice<Answer>) {
        let answers = Array(answers)
        let generations = readColumns(answers[0])
        readAttributes(answers[1])
        readValues(answers[2], generations)
        answers[3].forEach { row in
            privileges[row.oid(), default: []].append(
                ObjectPrivileges.Column(name: row.text(), acl: row.text(), base: "{}"))
        }
        readNotNulls(answers[4])
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
            current.append(
                Column(
                    name: row.text(), type: row.text(), number: number, isNotNull: row.flag(),
                    isLocal: row.flag()))
            if let generation = row.letter() {
                generations[Place(relation: oid, number: number)] = generation
            }
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

    private mutating func readAttributes(_ answer: Answer) {
        answer.forEach { row in
            let place = Self.place(&row)
            if let collation = row.optionalText() { add(.collation(collation), place) }
            if let target = row.optionalInteger() { add(.statistics(target), place) }
            if let storage = row.letter().flatMap(Self.storage) { add(.storage(storage), place) }
            if let method = row.letter() {
                add(.compression(method == "l" ? "lz4" : "pglz"), place)
            }
            let options = row.array()
            if !options.isEmpty { add(.options(StorageOptions.list(options)), place) }
            if let options = row.optionalText(), !options.isEmpty {
                add(.foreignOptions(options), place)
            }
        }
    }

    private static func storage(_ letter: Character) -> String? {
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
