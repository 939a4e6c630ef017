/// A trigger, or what a partition's copy of its parent's trigger has of its own.
struct Trigger: CatalogObject, Hashable {
    let id: ObjectID
    let triggerName: String
    let tableID: ObjectID
    let tableName: ObjectName
    /// What ALTER calls the table: `TABLE`, `FOREIGN TABLE`.
    let keyword: String
    /// CREATE TRIGGER, decompiled.
    let definition: String
    /// The trigger of the parent that creates this one; 0 where it has its own.
    let parent: UInt32
    /// Which sessions it fires in, as ALTER TABLE says it; nil where it is as usual.
    let firing: String?
    /// Whether one of this name may be there already, on a table of an extension.
    let mayBeThere: Bool

    var kind: ObjectKind { .trigger }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + triggerName)
    }
    var dependencies: [ObjectID] {
        parent == 0 ? [tableID] : [tableID, ObjectID(.trigger, parent)]
    }

    private var table: String { SQLQuoting.qualified(tableName.schema ?? "", tableName.name) }

    var parts: [ObjectPart] {
        [ObjectPart(id, "TRIGGER \(SQLQuoting.identifier(triggerName)) ON \(table)")]
    }

    func creation() -> [SchemaStatement] {
        let trigger = SQLQuoting.identifier(triggerName)
        let isCopy = parent != 0
        let clause = firing ?? (isCopy ? "ENABLE" : nil)
        let drop = SchemaStatement("DROP TRIGGER IF EXISTS \(trigger) ON \(table)")
        return (isCopy ? [] : (mayBeThere ? [drop] : []) + [SchemaStatement(definition)])
            + (clause.map {
                [SchemaStatement("ALTER \(keyword) \(table) \($0) TRIGGER \(trigger)")]
            }
                ?? [])
    }
}

/// Reads triggers.
struct TriggerReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            // The copies in partitions are marked as internal up to PostgreSQL 14, as are those of
            // foreign keys in every version.
            """
            SELECT t.oid, t.tgname, c.oid, n.nspname, c.relname, c.relkind, \
            CASE WHEN t.tgparentid = 0 THEN pg_catalog.pg_get_triggerdef(t.oid, false) END, \
            t.tgparentid, t.tgenabled \
            FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid \
            WHERE (t.tgparentid = 0 AND NOT t.tgisinternal \
            OR t.tgenabled <> p.tgenabled AND t.tgconstraint = 0 \
            OR t.tgenabled <> p.tgenabled AND NOT p.tgisinternal) \
            AND c.relpersistence <> 't' AND \(server.isUserSchema("c.relnamespace"))
            """,
            // A foreign key whose triggers are off.
            """
            SELECT DISTINCT n.nspname, c.relname, con.conname FROM pg_catalog.pg_trigger t \
            JOIN pg_catalog.pg_constraint con ON con.oid = t.tgconstraint \
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE t.tgisinternal AND con.contype = 'f' AND t.tgenabled <> 'O' \
            AND c.relpersistence <> 't' ORDER BY 1, 2, 3
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.trigger, row.oid())
            let triggerName = row.text()
            let table = ObjectID(.relation, row.oid())
            let tableName = ObjectName(schema: row.text(), row.text())
            contents.objects.append(
                Trigger(
                    id: id, triggerName: triggerName, tableID: table, tableName: tableName,
                    keyword: row.letter() == "f" ? "FOREIGN TABLE" : "TABLE",
                    definition: row.text(), parent: row.oid(), firing: Firing.clause(row.letter()),
                    mayBeThere: contents.members[table] != nil))
        }
        answers[1].forEach { row in
            let table = "\(row.text()).\(row.text())"
            contents.exclusions.append(
                "That triggers of the foreign key \(row.text()) are turned off in \(table).")
        }
    }
}
