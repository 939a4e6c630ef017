/// What users added to a table that an extension brings. Whether the extension's script did cannot be
/// told from the catalogs, so all of it is carried in statements that may be repeated.
///
/// What ALTER TABLE changed in the table itself is not carried.
enum ExtensionTable {
    /// Comments and labels on the table and its columns, row security, and that it holds for the owner.
    static func additions(
        _ row: TableRow, _ contents: CatalogContents
    ) -> [any CatalogObject] {
        var objects: [any CatalogObject] = []
        let table = ObjectID(.relation, row.oid)
        if row.hasRowSecurity { objects.append(RowSecurity(tableID: table, tableName: row.name)) }
        let quotedName = SQLQuoting.qualified(row.name.schema ?? "", row.name.name)
        let keyword = row.relationKind == "f" ? "FOREIGN TABLE" : "TABLE"
        let columns = contents.columns[row.oid].map { column in
            ObjectPart(
                ObjectID(.relation, row.oid, column: column.number),
                "COLUMN \(quotedName).\(SQLQuoting.identifier(column.name))")
        }
        let parts = ([ObjectPart(table, "\(keyword) \(quotedName)")] + columns).filter {
            contents.comments[$0.id] != nil || contents.labels[$0.id] != nil
        }
        guard !parts.isEmpty || row.attributes.forcesRowSecurity else { return objects }
        var annotations = PlainObject(
            ObjectID(.relation, row.oid, aspect: .annotations), .extensionTable, row.name,
            target: nil,
            statements: row.attributes.forcesRowSecurity
                ? ["ALTER TABLE ONLY \(quotedName) FORCE ROW LEVEL SECURITY"] : [])
        annotations.parts = parts
        annotations.dependencies = [table]
        return objects + [annotations]
    }

    /// A definition of an index that does nothing where the extension has made it.
    static func ifMissing(_ definition: String) -> String {
        for start in ["CREATE INDEX ", "CREATE UNIQUE INDEX "] where definition.hasPrefix(start) {
            return start + "IF NOT EXISTS " + definition.dropFirst(start.count)
        }
        return definition
    }
}
