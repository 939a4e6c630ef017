/// A materialised view, created without rows.
struct MaterializedView: CatalogObject, Hashable {
    let id: ObjectID
    /// The row of its query in `pg_rewrite`.
    let rule: ObjectID
    let name: ObjectName
    let owner: String?
    /// Its columns.
    let columns: [Column]
    /// The query, decompiled, without a semicolon.
    let query: String
    /// The storage parameters, as WITH takes them, those of the TOAST table included.
    let options: String
    /// The access method, where it is not `heap`.
    let accessMethod: String?
    /// The tablespace, where it is not the database's.
    let tablespace: String?
    /// `FULL` or `NOTHING`.
    let replicaIdentity: String?
    let privileges: ObjectPrivileges?
    var section = SchemaSection.preData

    var kind: ObjectKind { .materializedView }
    var aliases: [ObjectID] { [rule] }
    var target: String? { "MATERIALIZED VIEW \(quotedName)" }
    var parts: [ObjectPart] { ViewColumns.parts(columns, id, quotedName) }

    /// The view's name, quoted.
    var quotedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    func creation() -> [SchemaStatement] {
        var sql = "CREATE MATERIALIZED VIEW \(quotedName)"
        if let method = accessMethod { sql += "\nUSING \(SQLQuoting.identifier(method))" }
        if !options.isEmpty { sql += "\nWITH (\(options))" }
        if let space = tablespace { sql += "\nTABLESPACE \(SQLQuoting.identifier(space))" }
        sql += " AS\n\(query)\n  WITH NO DATA"
        return [SchemaStatement(sql)] + columns.flatMap(changes)
            + (replicaIdentity.map {
                [SchemaStatement("ALTER MATERIALIZED VIEW \(quotedName) REPLICA IDENTITY \($0)")]
            } ?? [])
    }

    private func changes(_ column: Column) -> [SchemaStatement] {
        column.attributes.compactMap(\.change).map { change in
            SchemaStatement(
                "ALTER MATERIALIZED VIEW \(quotedName) ALTER COLUMN "
                    + "\(SQLQuoting.identifier(column.name)) \(change)")
        }
    }

    func postponed() -> (any CatalogObject)? {
        var view = self
        view.section = .postData
        return view
    }
}

/// The rows of a materialised view, which its query computes when everything else is there.
struct MaterializedViewContents: CatalogObject, Hashable {
    let viewID: ObjectID
    let name: ObjectName
    /// The rows that it reads.
    let dependencies: [ObjectID]

    var id: ObjectID { ObjectID(.relation, viewID.oid, aspect: .contents) }
    var kind: ObjectKind { .materializedViewContents }

    func creation() -> [SchemaStatement] {
        let view = SQLQuoting.qualified(name.schema ?? "", name.name)
        return [SchemaStatement("REFRESH MATERIALIZED VIEW \(view)")]
    }
}
