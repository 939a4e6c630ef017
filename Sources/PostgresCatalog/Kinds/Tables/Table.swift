/// A table: ordinary, partitioned, a partition, typed, inheriting, or foreign.
struct Table: CatalogObject, Hashable {
    let id: ObjectID
    let kind: ObjectKind
    let name: ObjectName
    let owner: String?
    /// What else it has.
    var attributes: Attributes
    /// Its columns without the dropped ones, in their order.
    var columns: [Column]
    /// Its CHECKs that are created with it.
    var checks: [TableCheck]
    /// The tables whose columns it inherits, in their order; none for a partition, which is
    /// attached later.
    var parents: [QualifiedName]
    let privileges: ObjectPrivileges?

    /// What a table has besides columns and constraints.
    struct Attributes: Hashable, Sendable {
        /// Whether it is written to the WAL.
        var isUnlogged = false
        /// Whether it is a partition.
        var isPartition = false
        /// The composite type that it has the columns of, as `format_type` writes it.
        var ofType: String?
        /// `RANGE (a)`, for a partitioned table.
        var partitionKey: String?
        /// The access method, where it is not `heap`; that of a partitioned table is there for its
        /// partitions, and nil where it has none.
        var accessMethod: String?
        /// The tablespace, where it is not the database's.
        var tablespace: String?
        /// The storage parameters, as WITH takes them, those of the TOAST table included.
        var options = ""
        /// The server of a foreign table.
        var server: String?
        /// The options of a foreign table, as OPTIONS takes them.
        var foreignOptions = ""
        /// `FULL` or `NOTHING`.
        var replicaIdentity: String?
        /// Whether row security holds for the owner, too.
        var forcesRowSecurity = false
    }

    /// The table's name, quoted.
    var quotedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    /// `TABLE` or `FOREIGN TABLE`.
    var keyword: String { kind.rawValue }

    var target: String? { "\(keyword) \(quotedName)" }

    var parts: [ObjectPart] {
        let columnParts = columns.map { column in
            ObjectPart(
                ObjectID(.relation, id.oid, column: column.number),
                "COLUMN \(quotedName).\(SQLQuoting.identifier(column.name))")
        }
        let notNulls = columns.compactMap(\.notNullConstraint)
            .filter(\.isValidated).map { ($0.oid, $0.name) }
        let constraints = notNulls + checks.filter(isCreatedHere).map { ($0.oid, $0.name) }
        return columnParts
            + constraints.map { oid, name in
                ObjectPart(
                    ObjectID(.constraint, oid),
                    "CONSTRAINT \(SQLQuoting.identifier(name)) ON \(quotedName)")
            }
    }

    /// Whether a check is part of CREATE TABLE; a child has those of its parents by inheriting.
    func isCreatedHere(_ check: TableCheck) -> Bool {
        !check.waitsForRows && (check.isLocal || attributes.isPartition)
    }

    /// Whether a column is part of CREATE TABLE; naming an inherited one would make it local.
    func isCreatedHere(_ column: Column) -> Bool { column.isLocal || attributes.isPartition }

    /// Takes defaults and checks out. A generation expression can only be created with its column.
    func splitting(_ loop: Set<ObjectID>) -> [any CatalogObject]? {
        var table = self
        var split: [any CatalogObject] = []
        for (index, column) in columns.enumerated() {
            guard let value = column.value, !value.isGenerated,
                loop.contains(ObjectID(.attributeDefault, value.oid))
            else { continue }
            table.columns[index].attributes.removeAll { $0 == .value(value) }
            split.append(
                ColumnDefault(
                    value: value, column: column.name, tableID: id, tableName: name,
                    keyword: keyword))
        }
        for check in checks where loop.contains(ObjectID(.constraint, check.oid)) {
            table.checks.removeAll { $0.oid == check.oid }
            split.append(CheckConstraint(check: check, table: self))
        }
        return split.isEmpty ? nil : [table] + split
    }
}
