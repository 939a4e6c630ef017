extension Table {
    func creation() -> [SchemaStatement] {
        [SchemaStatement(createTable)] + columns.flatMap(changes) + tableChanges
    }

    // MARK: CREATE TABLE

    private var createTable: String {
        var sql = "CREATE \(attributes.isUnlogged ? "UNLOGGED " : "")\(keyword) \(quotedName)"
        let elements = columnElements + checkElements
        if let type = attributes.ofType {
            sql += " OF \(type)"
            if !elements.isEmpty { sql += Self.list(elements) }
        } else {
            sql += Self.list(elements)
        }
        if !parents.isEmpty {
            let names = parents.map { SQLQuoting.qualified($0.schema, $0.name) }
            sql += "\nINHERITS (\(names.joined(separator: ", ")))"
        }
        if let key = attributes.partitionKey { sql += "\nPARTITION BY \(key)" }
        if let server = attributes.server { sql += "\nSERVER \(SQLQuoting.identifier(server))" }
        if let method = attributes.accessMethod {
            sql += "\nUSING \(SQLQuoting.identifier(method))"
        }
        if !attributes.options.isEmpty { sql += "\nWITH (\(attributes.options))" }
        if let space = attributes.tablespace {
            sql += "\nTABLESPACE \(SQLQuoting.identifier(space))"
        }
        if !attributes.foreignOptions.isEmpty {
            sql += "\nOPTIONS (\n    \(attributes.foreignOptions)\n)"
        }
        return sql
    }

    private static func list(_ elements: [String]) -> String {
        elements.isEmpty ? " (\n)" : " (\n    " + elements.joined(separator: ",\n    ") + "\n)"
    }

    private var columnElements: [String] {
        columns.compactMap { column in
            guard isCreatedHere(column) else { return ownNotNull(column) }
            let name = SQLQuoting.identifier(column.name)
            let constraints = columnConstraints(column)
            if attributes.ofType != nil {
                return constraints.isEmpty ? nil : name + " WITH OPTIONS" + constraints
            }
            let collation = column.collation.map { " COLLATE \($0)" } ?? ""
            return name + " " + column.type + collation + constraints
        }
    }

    /// A NOT NULL of an inherited column that the parent gets only later, and not validated.
    private func ownNotNull(_ column: Column) -> String? {
        guard let constraint = column.notNullConstraint, constraint.isValidated,
            column.inheritsUnvalidatedNotNull
        else { return nil }
        return "CONSTRAINT \(SQLQuoting.identifier(constraint.name)) NOT NULL "
            + SQLQuoting.identifier(column.name)
    }

    private func columnConstraints(_ column: Column) -> String {
        var sql = ""
        if let value = column.value {
            switch value.generation {
            case nil: sql += " DEFAULT \(value.expression)"
            case "v": sql += " GENERATED ALWAYS AS (\(value.expression))"
            default: sql += " GENERATED ALWAYS AS (\(value.expression)) STORED"
            }
        }
        if let constraint = column.notNullConstraint {
            guard constraint.isValidated, constraint.isLocal || attributes.isPartition else {
                return sql
            }
            if constraint.name != "\(name.name)_\(column.name)_not_null" {
                sql += " CONSTRAINT \(SQLQuoting.identifier(constraint.name))"
            }
            sql += " NOT NULL" + (constraint.isNoInherit ? " NO INHERIT" : "")
        } else if column.isNotNull, !column.inheritsNotNull || attributes.isPartition {
            sql += " NOT NULL"
        }
        return sql
    }

    private var checkElements: [String] {
        checks.filter(isCreatedHere).map { check in
            "CONSTRAINT \(SQLQuoting.identifier(check.name)) \(check.definition)"
        }
    }

    // MARK: What only ALTER TABLE can say

    private func changes(_ column: Column) -> [SchemaStatement] {
        var added: [SchemaStatement] = []
        var changes: [String] = []
        if !isCreatedHere(column) {
            if let constraint = column.notNullConstraint {
                if constraint.isLocal, constraint.isValidated, ownNotNull(column) == nil {
                    added.append(SchemaStatement(addNotNull(constraint, column)))
                }
            } else if column.isNotNull, !column.inheritsNotNull {
                changes.append("SET NOT NULL")
            }
            if let value = column.value, !value.isGenerated {
                changes.append("SET DEFAULT \(value.expression)")
            }
        }
        changes += column.attributes.compactMap(\.change)
        return added + changes.map { alter(column, $0) }
    }

    private func addNotNull(_ constraint: NotNullConstraint, _ column: Column) -> String {
        "ALTER \(keyword) ONLY \(quotedName) ADD CONSTRAINT "
            + "\(SQLQuoting.identifier(constraint.name)) NOT NULL "
            + SQLQuoting.identifier(column.name) + (constraint.isNoInherit ? " NO INHERIT" : "")
    }

    private func alter(_ column: Column, _ change: String) -> SchemaStatement {
        SchemaStatement(
            "ALTER \(keyword) ONLY \(quotedName) ALTER COLUMN "
                + "\(SQLQuoting.identifier(column.name)) \(change)")
    }

    private var tableChanges: [SchemaStatement] {
        var changes: [String] = []
        if let identity = attributes.replicaIdentity {
            changes.append("REPLICA IDENTITY \(identity)")
        }
        if attributes.forcesRowSecurity { changes.append("FORCE ROW LEVEL SECURITY") }
        return changes.map { SchemaStatement("ALTER TABLE ONLY \(quotedName) \($0)") }
    }
}

extension ColumnAttribute {
    /// What ALTER COLUMN says to set it; nil where CREATE TABLE does.
    var change: String? {
        switch self {
        case .collation, .value, .notNull: nil
        case .statistics(let target): "SET STATISTICS \(target)"
        case .storage(let storage): "SET STORAGE \(storage)"
        case .compression(let method): "SET COMPRESSION \(method)"
        case .options(let options): "SET (\(options))"
        case .foreignOptions(let options): "OPTIONS (\n    \(options)\n)"
        }
    }
}
