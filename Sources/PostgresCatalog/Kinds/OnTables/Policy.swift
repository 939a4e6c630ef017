/// That row security is on for a table.
struct RowSecurity: CatalogObject, Hashable {
    let tableID: ObjectID
    let tableName: ObjectName

    var id: ObjectID { ObjectID(.relation, tableID.oid, aspect: .rowSecurity) }
    var kind: ObjectKind { .rowSecurity }
    var name: ObjectName { tableName }
    var dependencies: [ObjectID] { [tableID] }

    func creation() -> [SchemaStatement] {
        let table = SQLQuoting.qualified(tableName.schema ?? "", tableName.name)
        return [SchemaStatement("ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY")]
    }
}

/// A policy.
struct Policy: CatalogObject, Hashable {
    let id: ObjectID
    let policyName: String
    let tableID: ObjectID
    let tableName: ObjectName
    /// ` FOR SELECT` and so on; empty for all commands.
    let command: String
    let isPermissive: Bool
    /// The roles that it is for; empty for all.
    let roles: [String]
    let condition: String?
    let check: String?
    /// Whether one of this name may be there already, on a table of an extension.
    let mayBeThere: Bool

    var kind: ObjectKind { .policy }
    var name: ObjectName {
        ObjectName(schema: tableName.schema, tableName.name, detail: " " + policyName)
    }
    var dependencies: [ObjectID] { [tableID] }

    private var table: String { SQLQuoting.qualified(tableName.schema ?? "", tableName.name) }

    var parts: [ObjectPart] {
        [ObjectPart(id, "POLICY \(SQLQuoting.identifier(policyName)) ON \(table)")]
    }

    func creation() -> [SchemaStatement] {
        var sql = "CREATE POLICY \(SQLQuoting.identifier(policyName)) ON \(table)"
        if !isPermissive { sql += " AS RESTRICTIVE" }
        sql += command
        if !roles.isEmpty {
            sql += " TO \(roles.map(SQLQuoting.identifier).joined(separator: ", "))"
        }
        if let condition { sql += " USING (\(condition))" }
        if let check { sql += " WITH CHECK (\(check))" }
        let create = SchemaStatement(sql, roles: roles)
        guard mayBeThere else { return [create] }
        let name = SQLQuoting.identifier(policyName)
        return [SchemaStatement("DROP POLICY IF EXISTS \(name) ON \(table)", roles: roles), create]
    }
}

/// Reads policies.
struct PolicyReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT p.oid, p.polname, c.oid, n.nspname, c.relname, p.polcmd, p.polpermissive, \
            CASE WHEN p.polroles <> '{0}' THEN ARRAY(SELECT r.rolname FROM pg_catalog.pg_roles r \
            WHERE r.oid = ANY (p.polroles) ORDER BY r.rolname) END, \
            pg_catalog.pg_get_expr(p.polqual, p.polrelid), \
            pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) \
            FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relpersistence <> 't' AND \(server.isUserSchema("c.relnamespace"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.policy, row.oid())
            let policyName = row.text()
            let table = ObjectID(.relation, row.oid())
            let tableName = ObjectName(schema: row.text(), row.text())
            let command =
                switch row.letter() {
                case "r": " FOR SELECT"
                case "a": " FOR INSERT"
                case "w": " FOR UPDATE"
                case "d": " FOR DELETE"
                default: ""
                }
            contents.objects.append(
                Policy(
                    id: id, policyName: policyName, tableID: table, tableName: tableName,
                    command: command, isPermissive: row.flag(), roles: row.array(),
                    condition: row.optionalText(), check: row.optionalText(),
                    mayBeThere: contents.members[table] != nil))
        }
    }
}
