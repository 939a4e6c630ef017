/// What every kind of type has.
enum TypeColumns {
    /// The first columns of a query of `pg_type t` and `pg_namespace n`.
    static func list(_ server: ServerFacts) -> String {
        """
        t.oid, n.nspname, t.typname, \(server.roleName("t.typowner")), \
        \(server.privilegeColumns("t.typacl", type: "'T'", owner: "t.typowner"))
        """
    }

    /// The tables that they come from, without the types that come with another: arrays,
    /// multiranges, the rows of tables.
    static func tables(_ server: ServerFacts, type: String) -> String {
        """
        pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype = '\(type)' AND \(server.isUsers(.type, "t.oid", schema: "n.nspname"))
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e
            WHERE e.oid = t.typelem AND e.typarray = t.oid)
          AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class r
            WHERE r.oid = t.typrelid AND r.relkind = 'c'))
        """
    }

    /// An object without statements from those columns.
    static func object(_ row: inout RowCursor, kind: ObjectKind = .type) -> PlainObject {
        let id = ObjectID(.type, row.oid())
        let (schema, name, owner) = (row.text(), row.text(), row.text())
        let target = SQLQuoting.qualified(schema, name)
        var object = PlainObject(
            id, kind, ObjectName(schema: schema, name), target: target, owner: owner,
            statements: [])
        // GRANT takes domains for types.
        object.privileges = .next(in: &row, of: "TYPE \(target)", owner: owner)
        return object
    }

    /// A name for a type of which functions are to be made that the type itself needs, and how the
    /// functions that need the type are to be understood: they need the name only.
    static func shell(
        of object: PlainObject, for functions: [UInt32]
    ) -> (shell: PlainObject, corrections: EdgeCorrections) {
        var shell = PlainObject(
            ObjectID(.type, object.id.oid, aspect: .shell), .shellType, object.name, target: nil,
            statements: [
                "CREATE TYPE \(SQLQuoting.qualified(object.name.schema ?? "", object.name.name))"
            ])
        shell.dependencies = []
        let ids = functions.map { ObjectID(.function, $0) }
        return (
            shell,
            EdgeCorrections(
                dropped: ids.map { DependencyEdge($0, needs: object.id) },
                added: ids.map { DependencyEdge($0, needs: shell.id) }
                    + [DependencyEdge(object.id, needs: shell.id)])
        )
    }
}
