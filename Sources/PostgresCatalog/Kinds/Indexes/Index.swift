/// What an index has that only ALTER can say, whether a constraint made it or not.
struct IndexProperties: Hashable, Sendable {
    /// The index.
    var oid: UInt32
    /// Its schema and name.
    var name: QualifiedName
    /// The table, quoted.
    var table: String
    /// The tablespace, where it is not the database's.
    var tablespace: String?
    /// Whether CLUSTER without an index's name takes it.
    var isClustered: Bool
    /// Whether it identifies the rows for replication.
    var isReplicaIdentity: Bool
    /// How much ANALYZE collects on its columns, by their numbers.
    var statistics: [ColumnStatistics]

    /// How much ANALYZE collects on one column of an index.
    struct ColumnStatistics: Hashable, Sendable {
        var number: Int64
        var target: Int64
    }

    /// The index's name, quoted.
    var quotedName: String { SQLQuoting.qualified(name.schema, name.name) }

    /// The statements.
    var changes: [SchemaStatement] {
        var changes = statistics.map { column in
            "ALTER INDEX \(quotedName) ALTER COLUMN \(column.number) SET STATISTICS \(column.target)"
        }
        let index = SQLQuoting.identifier(name.name)
        if isClustered { changes.append("ALTER TABLE \(table) CLUSTER ON \(index)") }
        if isReplicaIdentity {
            changes.append("ALTER TABLE ONLY \(table) REPLICA IDENTITY USING INDEX \(index)")
        }
        return changes.map { SchemaStatement($0) }
    }

    /// A definition with something put in before the part that it ends with.
    ///
    /// - Parameters:
    ///   - clause: what to put in.
    ///   - end: the part, such as ` WHERE …`, or empty.
    ///   - definition: the definition.
    /// - Returns: the definition with the clause.
    static func inserting(_ clause: String, before end: String, in definition: String) -> String {
        guard !clause.isEmpty, !end.isEmpty, definition.hasSuffix(end) else {
            return definition + clause
        }
        return definition.dropLast(end.count) + clause + end
    }
}

/// An index that no constraint made.
struct Index: CatalogObject, Hashable {
    let properties: IndexProperties
    /// CREATE INDEX, decompiled; ON ONLY where it is that of a partitioned table.
    let definition: String
    /// ` WHERE …`, as the definition ends with it; empty for none.
    let predicate: String

    var id: ObjectID { ObjectID(.relation, properties.oid) }
    var kind: ObjectKind { .index }
    var name: ObjectName {
        ObjectName(schema: properties.name.schema, properties.name.name)
    }
    var parts: [ObjectPart] {
        [ObjectPart(id, "INDEX \(properties.quotedName)")]
    }

    func creation() -> [SchemaStatement] {
        let space = properties.tablespace.map { " TABLESPACE \(SQLQuoting.identifier($0))" } ?? ""
        let sql = IndexProperties.inserting(space, before: predicate, in: definition)
        return [SchemaStatement(sql)] + properties.changes
    }
}

/// A primary key, a UNIQUE or an EXCLUDE.
struct IndexConstraint: CatalogObject, Hashable {
    let oid: UInt32
    /// Its name, unquoted, which is that of its index, too.
    let constraintName: String
    /// The table's name, unquoted.
    let tableName: ObjectName
    let properties: IndexProperties
    /// `PRIMARY KEY (…)` and so on, decompiled, without storage parameters and tablespace.
    let definition: String
    /// What of it comes after these: ` DEFERRABLE …`, or ` WHERE (…)`; empty for nothing.
    let ending: String
    /// The storage parameters that the definition does not have, as WITH takes them.
    let options: String

    var id: ObjectID { ObjectID(.constraint, oid) }
    var aliases: [ObjectID] { [ObjectID(.relation, properties.oid)] }
    var kind: ObjectKind { .constraint }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + constraintName)
    }
    var parts: [ObjectPart] {
        [
            ObjectPart(
                id,
                "CONSTRAINT \(SQLQuoting.identifier(constraintName)) ON \(properties.table)"),
            ObjectPart(ObjectID(.relation, properties.oid), "INDEX \(properties.quotedName)"),
        ]
    }

    func creation() -> [SchemaStatement] {
        var clauses = options.isEmpty ? "" : " WITH (\(options))"
        if let space = properties.tablespace {
            clauses += " USING INDEX TABLESPACE \(SQLQuoting.identifier(space))"
        }
        let definition = IndexProperties.inserting(clauses, before: ending, in: definition)
        return [
            SchemaStatement(
                "ALTER TABLE ONLY \(properties.table) ADD CONSTRAINT "
                    + "\(SQLQuoting.identifier(constraintName)) \(definition)")
        ] + properties.changes
    }
}

/// The place of a partition's index in that of the partitioned table.
struct IndexAttachment: CatalogObject, Hashable {
    let index: UInt32
    let name: ObjectName
    let parent: UInt32
    let parentName: QualifiedName

    var id: ObjectID { ObjectID(.relation, index, aspect: .attachment) }
    var kind: ObjectKind { .indexAttachment }
    var dependencies: [ObjectID] { [ObjectID(.relation, index), ObjectID(.relation, parent)] }

    func creation() -> [SchemaStatement] {
        let parent = SQLQuoting.qualified(parentName.schema, parentName.name)
        let index = SQLQuoting.qualified(name.schema ?? "", name.name)
        return [SchemaStatement("ALTER INDEX \(parent) ATTACH PARTITION \(index)")]
    }
}
