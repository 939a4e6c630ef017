/// Reads the privileges that objects get when a role creates them.
///
/// Those for the whole database take the place of what the server gives by itself, and are the
/// difference from that; those for a schema are given besides.
///
/// Source: https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
struct DefaultPrivilegesReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT d.oid, \(server.roleName("d.defaclrole")), n.nspname, d.defaclobjtype,
              d.defaclacl::pg_catalog.text, CASE WHEN d.defaclnamespace = 0 THEN
                pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'
                  ELSE d.defaclobjtype END, d.defaclrole)::pg_catalog.text ELSE '{}' END,
              \(server.major >= 17)
            FROM pg_catalog.pg_default_acl d
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.defaultPrivileges, row.oid())
            let (role, schema) = (row.text(), row.optionalText())
            guard let kind = Self.kinds[row.letter() ?? " "],
                let wanted = AccessControlList(row.text()),
                let present = AccessControlList(row.text())
            else { return }
            var prefix = "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLQuoting.identifier(role))"
            if let schema { prefix += " IN SCHEMA \(SQLQuoting.identifier(schema))" }
            let target = PrivilegeTarget(
                kind, "", owner: role, prefix: prefix, hasMaintain: row.flag())
            contents.objects.append(
                DefaultPrivileges(
                    id: id,
                    name: ObjectName(schema: schema, "\(role) \(kind.rawValue)"),
                    statements: target.statements(from: present, to: wanted)))
        }
    }

    private static let kinds: [Character: PrivilegeKind] = [
        "r": .tables, "S": .sequences, "f": .functions, "T": .types, "n": .schemas,
        "L": .largeObjects,
    ]
}

/// The privileges that the objects of one kind get when one role creates them: given with all
/// other privileges, when a restore creates nothing any more.
struct DefaultPrivileges: CatalogObject, Hashable {
    var id: ObjectID
    var kind: ObjectKind { .defaultPrivileges }
    var name: ObjectName
    /// What sets them.
    var statements: [SchemaStatement]

    func creation() -> [SchemaStatement] { [] }
    func grants() -> [SchemaStatement] { statements }
}
