/// Reads what was changed in the privileges on what a dump does not create: what the server brings,
/// what extensions bring, and the types and functions that come with a user's own type or table.
///
/// They are compared with those that the object had when it was made, which `pg_init_privs` keeps
/// where they are not the default. It does not for what is in information_schema, which is left out.
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
            ].joined(separator: " UNION ALL "),
            Self.relations(server), Self.columns(server),
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        readRelations(answers[1], columns: answers[2], into: &contents)
        answers[0].forEach { row in
            let id = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
            let (word, schema, name) = (row.text(), row.optionalText(), row.text())
            let (signature, owner) = (row.text(), row.text())
            let target =
                schema.map { SQLQuoting.qualified($0, name) } ?? SQLQuoting.identifier(name)
            let privileges = ObjectPrivileges(
                target: "\(word) \(target)\(signature)", owner: owner, acl: row.text(),
                base: row.text())
            Self.add(
                privileges, on: id,
                ObjectName(schema: schema, name, detail: "\(signature) \(word)"), to: &contents)
        }
    }

    private static func add(
        _ privileges: ObjectPrivileges, on id: ObjectID, _ name: ObjectName,
        to contents: inout CatalogContents
    ) {
        guard !privileges.statements().isEmpty else { return }
        var object = PlainObject(
            ObjectID(id.catalog, id.oid, aspect: .privileges), .privileges, name, target: nil,
            statements: [])
        object.privileges = privileges
        object.dependencies = [id]
        contents.objects.append(object)
    }

    private func readRelations(
        _ relations: Answer, columns: Answer, into contents: inout CatalogContents
    ) {
        var changed: [UInt32: [ObjectPrivileges.Column]] = [:]
        columns.forEach { row in
            changed[row.oid(), default: []].append(
                ObjectPrivileges.Column(name: row.text(), acl: row.text(), base: row.text()))
        }
        relations.forEach { row in
            let id = ObjectID(.relation, row.oid())
            let (word, schema, name) = (row.text(), row.text(), row.text())
            let privileges = ObjectPrivileges(
                target: "\(word) \(SQLQuoting.qualified(schema, name))", owner: row.text(),
                acl: row.text(), base: row.text(), columns: changed[id.oid] ?? [])
            Self.add(
                privileges, on: id, ObjectName(schema: schema, name, detail: " \(word)"),
                to: &contents)
        }
    }
}

// MARK: - Queries

extension GivenPrivilegesReader {

    /// One SELECT of the query for the objects of a catalog, whose row is called `o`: `columns` are
    /// word, schema, name and signature; `source` is the tables, with a condition that leaves out
    /// what a dump creates.
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
                AND o.nspname <> 'information_schema' AND (o.nspname <> 'public' OR NOT (\(server.isNoMember(.namespace, "o.oid"))))
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
                OR o.typtype = 'm' OR c.relkind <> 'c') AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
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
                AND d.objid = o.oid AND d.deptype = 'i')) AND n.nspname !~ '^(pg_temp|information_schema$)'
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

    private static func isGivenRelation(_ server: ServerFacts) -> String {
        """
        o.oid IN (SELECT oid FROM pg_catalog.pg_class WHERE relacl IS NOT NULL UNION \
        SELECT attrelid FROM pg_catalog.pg_attribute WHERE attacl IS NOT NULL UNION \
        SELECT objoid FROM pg_catalog.pg_init_privs WHERE classoid = 1259) \
        AND (o.oid < \(ObjectID.firstUserOID) OR o.oid IN (SELECT objid FROM pg_catalog.pg_depend \
        WHERE classid = 1259 AND objsubid = 0 AND deptype = 'e')) AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
        AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
        """
    }

    private static func relations(_ server: ServerFacts) -> String {
        let type = "CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::pg_catalog.\"char\""
        let standard = "pg_catalog.acldefault(\(type), o.relowner)"
        return """
            SELECT o.oid, CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname,
              o.relname, \(server.roleName("o.relowner")),
              COALESCE(o.relacl, \(standard))::pg_catalog.text,
              COALESCE(i.initprivs, \(standard))::pg_catalog.text
            FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
            \(initial(.relation))
            WHERE \(isGivenRelation(server)) AND (o.relacl IS DISTINCT FROM i.initprivs
              OR o.oid IN (SELECT attrelid FROM pg_catalog.pg_attribute WHERE attacl IS NOT NULL)
              OR o.oid IN (SELECT objoid FROM pg_catalog.pg_init_privs
                WHERE classoid = 1259 AND objsubid <> 0))
            """
    }

    private static func columns(_ server: ServerFacts) -> String {
        """
        SELECT o.oid, a.attname, COALESCE(a.attacl::pg_catalog.text, '{}'),
          COALESCE(i.initprivs::pg_catalog.text, '{}')
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class o ON o.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
        LEFT JOIN pg_catalog.pg_init_privs i
          ON i.classoid = 1259 AND i.objoid = o.oid AND i.objsubid = a.attnum
        WHERE \(isGivenRelation(server)) AND a.attacl IS DISTINCT FROM i.initprivs
        ORDER BY o.oid, a.attnum
        """
    }
}
