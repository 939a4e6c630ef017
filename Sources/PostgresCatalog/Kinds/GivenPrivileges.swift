/// Reads what was changed in the privileges on what a dump does not create: what the server brings,
/// what extensions bring, and the types and functions that come with a user's own type or table.
///
/// They are compared with those that the object had when it was made, which `pg_init_privs` keeps
/// where they are not the default.
///
/// Source: https://www.postgresql.org/docs/current/catalog-pg-init-privs.html
struct GivenPrivilegesReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            [
                Self.schemas(server), Self.types(server), Self.functions(server),
                Self.unqualified(
                    server, .language, "pg_language", prefix: "lan", type: "l", word: "LANGUAGE"),
                Self.unqualified(
                    server, .foreignDataWrapper, "pg_foreign_data_wrapper", prefix: "fdw",
                    type: "F", word: "FOREIGN DATA WRAPPER"),
                Self.unqualified(
                    server, .foreignServer, "pg_foreign_server", prefix: "srv", type: "S",
                    word: "FOREIGN SERVER"),
            ].joined(separator: " UNION ALL ")
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
            let (word, schema, name) = (row.text(), row.optionalText(), row.text())
            let (signature, owner) = (row.text(), row.text())
            let target =
                schema.map { SQLQuoting.qualified($0, name) } ?? SQLQuoting.identifier(name)
            let privileges = ObjectPrivileges(
                target: "\(word) \(target)\(signature)", owner: owner, acl: row.text(),
                base: row.text())
            guard !privileges.statements().isEmpty else { return }
            var object = PlainObject(
                ObjectID(id.catalog, id.oid, aspect: .privileges), .privileges,
                ObjectName(schema: schema, name, detail: "\(signature) \(word)"), target: nil,
                statements: [])
            object.privileges = privileges
            object.dependencies = [id]
            contents.objects.append(object)
        }
    }

    /// One SELECT of the query.
    ///
    /// - Parameters:
    ///   - catalog: the catalog of the objects, whose row is called `o`.
    ///   - columns: word, schema, name and signature.
    ///   - acl: the column that holds the list.
    ///   - type: the letter of `acldefault()`.
    ///   - owner: the column with the owner.
    ///   - source: the tables, with a condition that leaves out what a dump creates.
    private static func select(
        _ server: ServerFacts, _ catalog: SystemCatalog, columns: String, acl: String,
        type: String, owner: String, from source: String
    ) -> String {
        let standard = "pg_catalog.acldefault('\(type)', \(owner))"
        return """
            SELECT \(catalog.rawValue), o.oid, \(columns), \(server.roleName(owner)), \
            COALESCE(\(acl), \(standard))::pg_catalog.text, \
            COALESCE(i.initprivs, \(standard))::pg_catalog.text \
            FROM \(source) AND \(acl) IS DISTINCT FROM i.initprivs
            """
    }

    private static func initial(_ catalog: SystemCatalog) -> String {
        """
        LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = \(catalog.rawValue) \
        AND i.objoid = o.oid AND i.objsubid = 0
        """
    }

    private static func schemas(_ server: ServerFacts) -> String {
        select(
            server, .namespace, columns: "'SCHEMA', NULL, o.nspname, ''", acl: "o.nspacl",
            type: "n", owner: "o.nspowner",
            from: """
                pg_catalog.pg_namespace o \(initial(.namespace)) \
                WHERE NOT (\(server.isUsers(.namespace, "o.oid"))) \
                AND (o.nspname <> 'public' OR NOT (\(server.isNoMember(.namespace, "o.oid"))))
                """)
    }

    private static func types(_ server: ServerFacts) -> String {
        select(
            server, .type, columns: "'TYPE', n.nspname, o.typname, ''", acl: "o.typacl",
            type: "T", owner: "o.typowner",
            from: """
                pg_catalog.pg_type o JOIN pg_catalog.pg_namespace n ON n.oid = o.typnamespace \
                LEFT JOIN pg_catalog.pg_class c ON c.oid = o.typrelid \(initial(.type)) \
                WHERE (NOT (\(server.isUsers(.type, "o.oid"))) \
                OR o.typtype = 'm' OR c.relkind <> 'c') AND n.nspname !~ '^pg_(temp|toast)'
                """)
    }

    private static func functions(_ server: ServerFacts) -> String {
        select(
            server, .function,
            columns: """
                CASE o.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, \
                o.proname, '(' || CASE o.prokind WHEN 'a' THEN \(server.argumentTypes("o")) \
                ELSE pg_catalog.pg_get_function_identity_arguments(o.oid) END || ')'
                """,
            acl: "o.proacl", type: "f", owner: "o.proowner",
            from: """
                pg_catalog.pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace \
                \(initial(.function)) WHERE (NOT (\(server.isUsers(.function, "o.oid"))) \
                OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1255 \
                AND d.objid = o.oid AND d.deptype = 'i')) AND n.nspname !~ '^pg_temp'
                """)
    }

    private static func unqualified(
        _ server: ServerFacts, _ catalog: SystemCatalog, _ table: String, prefix: String,
        type: String, word: String
    ) -> String {
        select(
            server, catalog, columns: "'\(word)', NULL, o.\(prefix)name, ''",
            acl: "o.\(prefix)acl", type: type, owner: "o.\(prefix)owner",
            from: """
                pg_catalog.\(table) o \(initial(catalog)) \
                WHERE NOT (\(server.isUsers(catalog, "o.oid")))
                """)
    }
}
