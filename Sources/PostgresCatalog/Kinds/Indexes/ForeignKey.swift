/// A foreign key.
struct ForeignKey: CatalogObject, Hashable {
    let oid: UInt32
    let constraintName: String
    let tableID: ObjectID
    let tableName: ObjectName
    /// What ALTER calls the table, with ONLY where the key does not go on to partitions.
    let alteredTable: String
    /// `FOREIGN KEY …`, decompiled.
    let definition: String
    /// Where the key refers to a partitioned table: the places of its partitions' indexes, without
    /// which the partitioned one is not valid.
    let attachments: [UInt32]

    var id: ObjectID { ObjectID(.constraint, oid) }
    var kind: ObjectKind { .foreignKey }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + constraintName)
    }
    var dependencies: [ObjectID] {
        [tableID] + attachments.map { ObjectID(.relation, $0, aspect: .attachment) }
    }
    var parts: [ObjectPart] {
        let table = SQLQuoting.qualified(tableName.schema ?? "", tableName.name)
        return [ObjectPart(id, "CONSTRAINT \(SQLQuoting.identifier(constraintName)) ON \(table)")]
    }

    func creation() -> [SchemaStatement] {
        [
            SchemaStatement(
                "ALTER \(alteredTable) ADD CONSTRAINT "
                    + "\(SQLQuoting.identifier(constraintName)) \(definition)")
        ]
    }
}

/// Reads foreign keys.
struct ForeignKeyReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT con.oid, con.conname, t.oid, n.nspname, t.relname, t.relkind, \
            pg_catalog.pg_get_constraintdef(con.oid), CASE WHEN r.relkind = 'p' THEN \
            ARRAY(SELECT tree.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(con.conindid) tree \
            WHERE tree.level > 0) END \
            FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class t ON t.oid = con.conrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
            JOIN pg_catalog.pg_class r ON r.oid = con.confrelid \
            WHERE con.contype = 'f' AND con.conparentid = 0 AND t.relpersistence <> 't' \
            AND \(server.isUserSchema("t.relnamespace"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let (oid, name) = (row.oid(), row.text())
            let table = ObjectID(.relation, row.oid())
            let tableName = ObjectName(schema: row.text(), row.text())
            guard contents.members[table] == nil else {
                contents.standIns[ObjectID(.constraint, oid)] = table
                return
            }
            let quoted = SQLQuoting.qualified(tableName.schema ?? "", tableName.name)
            let altered =
                switch row.letter() {
                case "p": "TABLE \(quoted)"
                case "f": "FOREIGN TABLE ONLY \(quoted)"
                default: "TABLE ONLY \(quoted)"
                }
            contents.objects.append(
                ForeignKey(
                    oid: oid, constraintName: name, tableID: table, tableName: tableName,
                    alteredTable: altered, definition: row.text(),
                    attachments: row.numbers().map { UInt32(truncatingIfNeeded: $0) }))
        }
    }
}
