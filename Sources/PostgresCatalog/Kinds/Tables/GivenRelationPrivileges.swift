/// The privileges on a table, view or sequence of the server or of an extension, where they are not
/// those that it was made with.
struct GivenRelationPrivileges: CatalogObject, Hashable {
    let relation: ObjectID
    let relationName: ObjectName
    let privileges: ObjectPrivileges?

    var id: ObjectID { ObjectID(.relation, relation.oid, aspect: .privileges) }
    var kind: ObjectKind { .privileges }
    var name: ObjectName {
        ObjectName(schema: relationName.schema, relationName.name, detail: " TABLE")
    }
    /// The extension; the server's own need nothing.
    var dependencies: [ObjectID] { [relation] }

    func creation() -> [SchemaStatement] { [] }
}

/// Reads them.
struct GivenRelationPrivilegesReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let isOthers = """
            c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_(temp|toast)' \
            AND (NOT (\(server.isUserSchema("c.relnamespace"))) \
            OR NOT (\(server.isNoMember(.relation, "c.oid"))))
            """
        let standard = """
            pg_catalog.acldefault(CASE WHEN c.relkind = 'S' THEN 's'::"char" ELSE 'r'::"char" END, \
            c.relowner)
            """
        return [
            """
            SELECT c.oid, n.nspname, c.relname, c.relkind, \(server.roleName("c.relowner")), \
            COALESCE(c.relacl, \(standard))::pg_catalog.text, \
            COALESCE(i.initprivs, \(standard))::pg_catalog.text \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = 1259 AND i.objoid = c.oid \
            AND i.objsubid = 0 WHERE \(isOthers) AND c.relacl IS DISTINCT FROM i.initprivs
            """,
            """
            SELECT c.oid, n.nspname, c.relname, c.relkind, \(server.roleName("c.relowner")), \
            a.attname, COALESCE(a.attacl, '{}')::pg_catalog.text, \
            COALESCE(i.initprivs, '{}')::pg_catalog.text \
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = 1259 AND i.objoid = c.oid \
            AND i.objsubid = a.attnum AND a.attnum <> 0 WHERE \(isOthers) AND NOT a.attisdropped \
            AND a.attacl IS DISTINCT FROM i.initprivs ORDER BY a.attnum
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var found: [ObjectID: (name: ObjectName, privileges: ObjectPrivileges)] = [:]
        answers[0].forEach { row in
            var (id, name, privileges) = Self.relation(&row)
            privileges.acl = row.text()
            privileges.base = row.text()
            found[id] = (name, privileges)
        }
        answers[1].forEach { row in
            let (id, name, privileges) = Self.relation(&row)
            found[id, default: (name, privileges)].privileges.columns.append(
                ObjectPrivileges.Column(name: row.text(), acl: row.text(), base: row.text()))
        }
        for (id, relation) in found where !relation.privileges.statements().isEmpty {
            contents.objects.append(
                GivenRelationPrivileges(
                    relation: id, relationName: relation.name, privileges: relation.privileges))
        }
    }

    private static func relation(
        _ row: inout RowCursor
    ) -> (ObjectID, ObjectName, ObjectPrivileges) {
        let id = ObjectID(.relation, row.oid())
        let (schema, relation) = (row.text(), row.text())
        let word = row.letter() == "S" ? "SEQUENCE" : "TABLE"
        let privileges = ObjectPrivileges(
            target: "\(word) \(SQLQuoting.qualified(schema, relation))", owner: row.text(),
            acl: nil, base: nil)
        return (id, ObjectName(schema: schema, relation), privileges)
    }
}
