/// A row of the query for tables.
struct TableRow: Sendable {
    let oid: UInt32
    let name: ObjectName
    let owner: String
    let relationKind: Character?
    var attributes: Table.Attributes
    /// `FOR VALUES …` or `DEFAULT`, for a partition.
    let bound: String?
    let hasRowSecurity: Bool
    let acl: String?
    let base: String?
    var columns: [Column] = []

    init(_ row: inout RowCursor) {
        oid = row.oid()
        name = ObjectName(schema: row.text(), row.text())
        owner = row.text()
        relationKind = row.letter()
        var attributes = Table.Attributes()
        attributes.isUnlogged = row.letter() == "u"
        attributes.isPartition = row.flag()
        attributes.ofType = row.optionalText()
        attributes.partitionKey = row.optionalText()
        attributes.accessMethod = row.optionalText()
        attributes.tablespace = row.optionalText()
        let options = [
            StorageOptions.list(row.array()), StorageOptions.list(row.array(), prefix: "toast."),
        ]
        attributes.options = options.filter { !$0.isEmpty }.joined(separator: ", ")
        attributes.server = row.optionalText()
        attributes.foreignOptions = row.text()
        switch row.letter() {
        case "f": attributes.replicaIdentity = "FULL"
        case "n" where relationKind != "f": attributes.replicaIdentity = "NOTHING"
        // An index is named when it is there; a foreign table always has `n`.
        default: attributes.replicaIdentity = nil
        }
        attributes.forcesRowSecurity = row.flag()
        self.attributes = attributes
        hasRowSecurity = row.flag()
        bound = row.optionalText()
        acl = row.optionalText()
        base = row.optionalText()
    }

    /// The table, of its parts.
    func table(
        parents: [Parents.Parent], checks: [TableCheck], privileges: [ObjectPrivileges.Column]
    ) -> Table {
        let quotedName = SQLQuoting.qualified(name.schema ?? "", name.name)
        return Table(
            id: ObjectID(.relation, oid), kind: relationKind == "f" ? .foreignTable : .table,
            name: name, owner: owner, attributes: attributes, columns: columns,
            checks: checks.filter { !$0.waitsForRows },
            parents: attributes.isPartition ? [] : parents.map(\.name),
            privileges: ObjectPrivileges(
                target: "TABLE \(quotedName)", owner: owner, acl: acl, base: base,
                columns: privileges))
    }
}
