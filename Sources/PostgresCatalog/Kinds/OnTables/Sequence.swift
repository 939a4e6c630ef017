/// A sequence, or the sequence behind an identity column, which its column creates.
struct Sequence: CatalogObject, Hashable {
    let id: ObjectID
    let name: ObjectName
    let owner: String?
    /// How it counts.
    let properties: Properties
    /// The column that it belongs to, if one does.
    let column: OwningColumn?
    let privileges: ObjectPrivileges?

    /// How a sequence counts.
    struct Properties: Hashable, Sendable {
        /// Its type, as `format_type` writes it.
        var type: String
        var start: Int64
        var increment: Int64
        var minimum: Int64
        var maximum: Int64
        var cache: Int64
        var isCycling: Bool
        /// `u` or `p`.
        var persistence: Character
    }

    /// The column that a sequence belongs to.
    struct OwningColumn: Hashable, Sendable {
        /// The table.
        var table: ObjectID
        /// The table's name, quoted.
        var tableName: String
        /// The column's name, unquoted.
        var name: String
        /// The number of the column.
        var number: Int32
        /// `a` for GENERATED ALWAYS, `d` for BY DEFAULT, nil where the column is no identity.
        var identity: Character?
        /// Whether the table is UNLOGGED or not: `u` or `p`.
        var persistence: Character
    }

    var kind: ObjectKind { .sequence }
    var target: String? { "SEQUENCE \(quotedName)" }

    /// The sequence's name, quoted.
    var quotedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    /// A sequence that a column owns is created before the table, whose default may use it, and
    /// given to the column when both are there.
    var corrections: EdgeCorrections {
        guard let column, column.identity == nil else { return EdgeCorrections() }
        let owning = ObjectID(.relation, column.table.oid, column: column.number)
        return EdgeCorrections(dropped: [DependencyEdge(id, needs: owning)])
    }

    func creation() -> [SchemaStatement] {
        guard let column, let identity = column.identity else {
            let unlogged = properties.persistence == "u" ? "UNLOGGED " : ""
            let type = properties.type == "bigint" ? "" : "\n    AS \(properties.type)"
            return [SchemaStatement("CREATE \(unlogged)SEQUENCE \(quotedName)\(type)\(counting)")]
        }
        var persistence = ""
        if properties.persistence != column.persistence {
            persistence = properties.persistence == "u" ? "\n    UNLOGGED" : "\n    LOGGED"
        }
        return [
            SchemaStatement(
                "ALTER TABLE \(column.tableName) ALTER COLUMN "
                    + "\(SQLQuoting.identifier(column.name)) ADD GENERATED "
                    + (identity == "a" ? "ALWAYS" : "BY DEFAULT")
                    + " AS IDENTITY (\n    SEQUENCE NAME \(quotedName)\(persistence)\(counting)\n)")
        ]
    }

    private var counting: String {
        let limits = Self.limits(type: properties.type, increment: properties.increment)
        let minimum =
            properties.minimum == limits.lowerBound
            ? "NO MINVALUE" : "MINVALUE \(properties.minimum)"
        let maximum =
            properties.maximum == limits.upperBound
            ? "NO MAXVALUE" : "MAXVALUE \(properties.maximum)"
        let lines = [
            "START WITH \(properties.start)", "INCREMENT BY \(properties.increment)", minimum,
            maximum, "CACHE \(properties.cache)",
        ]
        return (lines + (properties.isCycling ? ["CYCLE"] : [])).map { "\n    \($0)" }.joined()
    }

    /// The limits that a sequence has when none are said.
    private static func limits(type: String, increment: Int64) -> ClosedRange<Int64> {
        let whole: ClosedRange<Int64> =
            switch type {
            case "smallint": Int64(Int16.min)...Int64(Int16.max)
            case "integer": Int64(Int32.min)...Int64(Int32.max)
            default: Int64.min...Int64.max
            }
        return increment > 0 ? 1...whole.upperBound : whole.lowerBound...(-1)
    }
}

/// That a sequence goes with a column.
struct SequenceOwnership: CatalogObject, Hashable {
    let sequence: ObjectID
    let name: ObjectName
    let column: Sequence.OwningColumn

    var id: ObjectID { ObjectID(.relation, sequence.oid, aspect: .ownership) }
    var kind: ObjectKind { .sequenceOwnership }
    var dependencies: [ObjectID] { [sequence, column.table] }

    func creation() -> [SchemaStatement] {
        let sequence = SQLQuoting.qualified(name.schema ?? "", name.name)
        return [
            SchemaStatement(
                "ALTER SEQUENCE \(sequence) OWNED BY "
                    + "\(column.tableName).\(SQLQuoting.identifier(column.name))")
        ]
    }
}

/// Reads sequences.
struct SequenceReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        // Before PostgreSQL 15 every sequence is logged, and nothing says so.
        [
            """
            SELECT c.oid, n.nspname, c.relname, \(server.roleName("c.relowner")), \
            CASE s.seqtypid WHEN 20 THEN 'bigint' WHEN 23 THEN 'integer' ELSE 'smallint' END, \
            s.seqstart, s.seqincrement, s.seqmin, \
            s.seqmax, s.seqcache, s.seqcycle, c.relpersistence, t.oid, tn.nspname, t.relname, \
            a.attname, a.attnum, CASE WHEN d.deptype = 'i' THEN a.attidentity END, \
            \(server.since(15, "t.relpersistence", else: "c.relpersistence")), \
            \(server.privilegeColumns("c.relacl", type: "'s'", owner: "c.relowner")) \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid \
            LEFT JOIN pg_catalog.pg_depend d ON d.classid = 1259 AND d.objid = c.oid \
            AND d.objsubid = 0 AND d.refclassid = 1259 AND d.deptype IN ('a', 'i') \
            LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid \
            LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid \
            WHERE c.relkind = 'S' AND c.relpersistence <> 't' \
            AND \(server.isUserSchema("c.relnamespace"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        for sequence in answers[0].map({ Self.sequence(&$0) }) {
            let oid = sequence.id.oid
            let isMember = contents.isMember(.relation, oid)
            if !isMember || contents.configuration[oid] != nil {
                contents.sequences.append(
                    (
                        sequence.id,
                        SequenceContents(
                            schema: sequence.name.schema ?? "", name: sequence.name.name, entry: nil
                        )
                    ))
            }
            guard !isMember else { continue }
            contents.objects.append(sequence)
            if let column = sequence.column, column.identity == nil,
                !contents.isMember(.relation, column.table.oid)
            {
                contents.objects.append(
                    SequenceOwnership(sequence: sequence.id, name: sequence.name, column: column))
            }
        }
    }

    private static func sequence(_ row: inout RowCursor) -> Sequence {
        let id = ObjectID(.relation, row.oid())
        let name = ObjectName(schema: row.text(), row.text())
        let owner = row.text()
        let properties = Sequence.Properties(
            type: row.text(), start: row.integer(), increment: row.integer(),
            minimum: row.integer(), maximum: row.integer(), cache: row.integer(),
            isCycling: row.flag(), persistence: row.letter() ?? "p")
        let table = row.oid()
        let (schema, tableName) = (row.text(), row.text())
        var column: Sequence.OwningColumn? = Sequence.OwningColumn(
            table: ObjectID(.relation, table), tableName: SQLQuoting.qualified(schema, tableName),
            name: row.text(), number: Int32(truncatingIfNeeded: row.integer()),
            identity: row.letter(), persistence: row.letter() ?? "p")
        if table == 0 { column = nil }
        return Sequence(
            id: id, name: name,
            // The sequence of an identity column always has the owner of the table.
            owner: column?.identity == nil ? owner : nil, properties: properties, column: column,
            privileges: ObjectPrivileges(
                target: "SEQUENCE \(SQLQuoting.qualified(name.schema ?? "", name.name))",
                owner: owner, acl: row.optionalText(), base: row.optionalText()))
    }
}
