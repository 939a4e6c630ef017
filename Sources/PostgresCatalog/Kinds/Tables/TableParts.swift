/// A default that cannot be created with its table, because it needs something that needs the table.
struct ColumnDefault: CatalogObject, Hashable {
    let value: ColumnValue
    let column: String
    let tableID: ObjectID
    let tableName: ObjectName
    /// What ALTER calls the table: `TABLE`, `FOREIGN TABLE`.
    let keyword: String
    var section = SchemaSection.preData

    var id: ObjectID { ObjectID(.attributeDefault, value.oid) }
    var kind: ObjectKind { .columnDefault }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + column)
    }
    var dependencies: [ObjectID] { [tableID] }

    func creation() -> [SchemaStatement] {
        let table = SQLQuoting.qualified(tableName.schema ?? "", tableName.name)
        return [
            SchemaStatement(
                "ALTER \(keyword) ONLY \(table) ALTER COLUMN "
                    + "\(SQLQuoting.identifier(column)) SET DEFAULT \(value.expression)")
        ]
    }

    func postponed() -> (any CatalogObject)? {
        var other = self
        other.section = .postData
        return other
    }
}

/// A CHECK that is created after the rows.
struct CheckConstraint: CatalogObject, Hashable {
    let check: TableCheck
    let tableID: ObjectID
    let tableName: ObjectName
    /// What ALTER calls the table: `TABLE`, `FOREIGN TABLE`.
    let keyword: String
    /// Checks of children that this one merges with, and that therefore come before it.
    var children: [ObjectID] = []

    init(check: TableCheck, table: Table) {
        self.check = check
        tableID = table.id
        tableName = table.name
        keyword = table.keyword
    }

    var id: ObjectID { ObjectID(.constraint, check.oid) }
    var kind: ObjectKind { .checkConstraint }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + check.name)
    }
    var dependencies: [ObjectID] { [tableID] + children }

    private var table: String { SQLQuoting.qualified(tableName.schema ?? "", tableName.name) }

    var parts: [ObjectPart] {
        [ObjectPart(id, "CONSTRAINT \(SQLQuoting.identifier(check.name)) ON \(table)")]
    }

    /// Children get it by inheriting, so ONLY would be wrong; one that is not local comes so, too.
    func creation() -> [SchemaStatement] {
        guard check.isLocal else { return [] }
        return [
            SchemaStatement(
                "ALTER \(keyword) \(table) ADD CONSTRAINT "
                    + "\(SQLQuoting.identifier(check.name)) \(check.definition)")
        ]
    }
}

/// A NOT NULL that rows may not fulfil (PostgreSQL 18).
struct UnvalidatedNotNull: CatalogObject, Hashable {
    let constraint: NotNullConstraint
    let column: String
    let tableID: ObjectID
    let tableName: ObjectName
    let keyword: String

    var id: ObjectID { ObjectID(.constraint, constraint.oid) }
    var kind: ObjectKind { .notNullConstraint }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + constraint.name)
    }
    var dependencies: [ObjectID] { [tableID] }

    private var table: String { SQLQuoting.qualified(tableName.schema ?? "", tableName.name) }

    var parts: [ObjectPart] {
        [ObjectPart(id, "CONSTRAINT \(SQLQuoting.identifier(constraint.name)) ON \(table)")]
    }

    func creation() -> [SchemaStatement] {
        guard constraint.isLocal else { return [] }
        return [
            SchemaStatement(
                "ALTER \(keyword) \(table) ADD CONSTRAINT "
                    + "\(SQLQuoting.identifier(constraint.name)) NOT NULL "
                    + SQLQuoting.identifier(column) + (constraint.isNoInherit ? " NO INHERIT" : "")
                    + " NOT VALID")
        ]
    }
}

/// A partition's place in its parent. It is created as a table of its own and attached then, so that
/// its columns keep their order and it can be in another tablespace.
struct TableAttachment: CatalogObject, Hashable {
    let partition: ObjectID
    let partitionName: ObjectName
    let parent: ObjectID
    let parentName: QualifiedName
    /// `FOR VALUES …` or `DEFAULT`.
    let bound: String

    var id: ObjectID { ObjectID(.relation, partition.oid, aspect: .attachment) }
    var kind: ObjectKind { .tableAttachment }
    var name: ObjectName { partitionName }
    var dependencies: [ObjectID] { [partition, parent] }

    func creation() -> [SchemaStatement] {
        let parent = SQLQuoting.qualified(parentName.schema, parentName.name)
        let partition = SQLQuoting.qualified(partitionName.schema ?? "", partitionName.name)
        return [
            SchemaStatement("ALTER TABLE ONLY \(parent) ATTACH PARTITION \(partition) \(bound)")
        ]
    }
}
