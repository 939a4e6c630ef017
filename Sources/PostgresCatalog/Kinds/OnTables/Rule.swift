/// A rule other than the query of a view.
struct Rule: CatalogObject, Hashable {
    let id: ObjectID
    let ruleName: String
    let tableID: ObjectID
    let tableName: ObjectName
    /// CREATE RULE, decompiled, without a semicolon.
    let definition: String
    /// Which sessions it fires in, as ALTER TABLE says it; nil where it is as usual.
    let firing: String?

    var kind: ObjectKind { .rule }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + ruleName)
    }
    var dependencies: [ObjectID] { [tableID] }

    private var table: String { SQLQuoting.qualified(tableName.schema ?? "", tableName.name) }

    var parts: [ObjectPart] {
        [ObjectPart(id, "RULE \(SQLQuoting.identifier(ruleName)) ON \(table)")]
    }

    func creation() -> [SchemaStatement] {
        let rule = SQLQuoting.identifier(ruleName)
        return [SchemaStatement(definition)]
            + (firing.map { [SchemaStatement("ALTER TABLE \(table) \($0) RULE \(rule)")] } ?? [])
    }
}

/// In which sessions a rule or a trigger fires.
enum Firing {
    /// As ALTER TABLE says it, before RULE or TRIGGER; nil for the usual.
    static func clause(_ letter: Character?) -> String? {
        switch letter {
        case "D": "DISABLE"
        case "A": "ENABLE ALWAYS"
        case "R": "ENABLE REPLICA"
        default: nil
        }
    }
}

/// Reads rules.
struct RuleReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT r.oid, r.rulename, c.oid, n.nspname, c.relname, \
            pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled \
            FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE r.rulename <> '_RETURN' AND c.relpersistence <> 't' \
            AND \(server.isUserSchema("c.relnamespace"))
            """,
            // The queries of views of extensions.
            """
            SELECT r.oid, r.ev_class FROM pg_catalog.pg_rewrite r \
            JOIN pg_catalog.pg_depend d ON d.classid = 1259 AND d.objid = r.ev_class \
            AND d.deptype = 'e' WHERE r.oid >= 16384
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[1].forEach { row in
            contents.standIns[ObjectID(.rewriteRule, row.oid())] = ObjectID(.relation, row.oid())
        }
        answers[0].forEach { row in
            let id = ObjectID(.rewriteRule, row.oid())
            let ruleName = row.text()
            let table = ObjectID(.relation, row.oid())
            guard contents.members[table] == nil else { return }
            let tableName = ObjectName(schema: row.text(), row.text())
            contents.objects.append(
                Rule(
                    id: id, ruleName: ruleName, tableID: table, tableName: tableName,
                    definition: ViewColumns.query(row.text()), firing: Firing.clause(row.letter())))
        }
    }
}
