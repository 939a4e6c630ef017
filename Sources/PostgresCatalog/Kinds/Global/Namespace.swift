/// Reads schemas.
///
/// A new database has `public`, so of it only what differs is said; where it was dropped it is
/// dropped again.
///
/// Source: https://www.postgresql.org/docs/current/sql-createschema.html
struct NamespaceReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT n.oid, n.nspname, \(server.roleName("n.nspowner")),
              pg_catalog.obj_description(n.oid, 'pg_namespace') IS NULL,
              \(server.privilegeColumns("n.nspacl", type: "'n'", owner: "n.nspowner"))
            FROM pg_catalog.pg_namespace n
            WHERE n.nspname = 'public' AND \(server.isNoMember(.namespace, "n.oid"))
              OR \(server.isUsers(.namespace, "n.oid", schema: "n.nspname"))
            """,
            """
            SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'),
              \(server.major >= 15)
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var (isPublicDropped, isPublicClosed) = (false, true)
        answers[1].forEach { row in (isPublicDropped, isPublicClosed) = (row.flag(), row.flag()) }
        if isPublicDropped { contents.objects.append(Self.droppedPublic) }
        answers[0].forEach { row in
            let id = ObjectID(.namespace, row.oid())
            let (name, owner, hasNoComment) = (row.text(), row.text(), row.flag())
            let target = SQLQuoting.identifier(name)
            var object = PlainObject(
                id, .schema, ObjectName(name), target: target, owner: owner,
                statements: ["CREATE SCHEMA \(target)"])
            object.privileges = .next(in: &row, of: object.target, owner: owner)
            if name == "public" {
                object.statements =
                    hasNoComment ? [SchemaStatement("COMMENT ON SCHEMA public IS NULL")] : []
                contents.objects.append(PublicSchema(plain: object, isClosed: isPublicClosed))
            } else {
                contents.objects.append(object)
            }
        }
    }

    private static var droppedPublic: PlainObject {
        PlainObject(
            ObjectID(.namespace, 2200), .schema, ObjectName("public"), target: nil,
            statements: ["DROP SCHEMA IF EXISTS public"])
    }
}

/// The schema `public`, which is there before the restore.
///
/// Who owns it and what it grants depends on the server that it is restored on: up to PostgreSQL 14
/// everybody may create objects in it. So the owner is always said, and so are the privileges of
/// PUBLIC where the schema comes from such a server.
struct PublicSchema: CatalogObject, Hashable {
    /// The schema with what every schema has.
    var plain: PlainObject
    /// Whether it comes from a server where nobody but its owner may create objects in it at first.
    var isClosed: Bool

    var id: ObjectID { plain.id }
    var kind: ObjectKind { .schema }
    var name: ObjectName { plain.name }
    var owner: String? { plain.owner }
    var target: String? { plain.target }

    func creation() -> [SchemaStatement] { plain.statements }

    func grants() -> [SchemaStatement] {
        guard let owner else { return [] }
        let name = SQLQuoting.identifier(plain.name.name)
        let own = AccessControlList.Grant(grantor: owner, grantee: owner)
        let everybody = AccessControlList.Grant(grantor: owner, grantee: nil)
        var base = AccessControlList(grants: [
            own: .init(privileges: ["U", "C"]), everybody: .init(privileges: ["U"]),
        ])
        // Without a list there are the rights of the owner alone.
        let wanted =
            plain.privileges?.acl.flatMap(AccessControlList.init)
            ?? AccessControlList(grants: [own: .init(privileges: ["U", "C"])])
        let object = PrivilegeTarget(.schema, name, owner: owner, hasMaintain: false)
        guard !isClosed else { return object.statements(from: base, to: wanted) }
        // Revoked is what is there on any server, granted what is there on none.
        base.grants[everybody] = .init(privileges: ["U", "C"])
        let granted = AccessControlList(
            grants: wanted.grants.filter { $0.key == everybody })
        return object.statements(from: base, to: wanted)
            + object.statements(from: AccessControlList(), to: granted)
    }
}
