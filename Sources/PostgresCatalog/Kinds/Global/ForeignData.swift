/// Reads foreign-data wrappers.
///
/// Source: https://www.postgresql.org/docs/current/sql-createforeigndatawrapper.html
struct ForeignDataWrapperReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT f.oid, f.fdwname, \(server.roleName("f.fdwowner")),
              \(server.functionName("f.fdwhandler")), \(server.functionName("f.fdwvalidator")),
              \(server.optionList("f.fdwoptions")),
              \(server.privilegeColumns("f.fdwacl", type: "'F'", owner: "f.fdwowner"))
            FROM pg_catalog.pg_foreign_data_wrapper f
            WHERE \(server.isUsers(.foreignDataWrapper, "f.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.foreignDataWrapper, row.oid())
            let (name, owner) = (row.text(), row.text())
            let target = SQLQuoting.identifier(name)
            var statement = "CREATE FOREIGN DATA WRAPPER \(target)"
            if let handler = row.optionalText() { statement += " HANDLER \(handler)" }
            if let validator = row.optionalText() { statement += " VALIDATOR \(validator)" }
            if let options = row.optionalText() { statement += " OPTIONS (\(options))" }
            var object = PlainObject(
                id, .foreignDataWrapper, ObjectName(name), target: target, owner: owner,
                statements: [statement])
            object.privileges = .next(in: &row, of: object.target, owner: owner)
            contents.objects.append(object)
        }
    }
}

/// Reads foreign servers.
///
/// Source: https://www.postgresql.org/docs/current/sql-createserver.html
struct ForeignServerReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT s.oid, s.srvname, \(server.roleName("s.srvowner")), NULLIF(s.srvtype, ''),
              NULLIF(s.srvversion, ''), f.fdwname, \(server.optionList("s.srvoptions")),
              \(server.privilegeColumns("s.srvacl", type: "'S'", owner: "s.srvowner"))
            FROM pg_catalog.pg_foreign_server s
            JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw
            WHERE \(server.isUsers(.foreignServer, "s.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.foreignServer, row.oid())
            let (name, owner) = (row.text(), row.text())
            let target = SQLQuoting.identifier(name)
            var statement = "CREATE SERVER \(target)"
            if let type = row.optionalText() { statement += " TYPE \(SQLQuoting.literal(type))" }
            if let version = row.optionalText() {
                statement += " VERSION \(SQLQuoting.literal(version))"
            }
            statement += " FOREIGN DATA WRAPPER \(SQLQuoting.identifier(row.text()))"
            if let options = row.optionalText() { statement += " OPTIONS (\(options))" }
            var object = PlainObject(
                id, .foreignServer, ObjectName(name), target: target, owner: owner,
                statements: [statement])
            object.privileges = .next(in: &row, of: "FOREIGN SERVER \(target)", owner: owner)
            contents.objects.append(object)
        }
    }
}

/// Reads user mappings, from the view: whoever may not see the options of one gets it without.
/// They can hold passwords.
///
/// Source: https://www.postgresql.org/docs/current/sql-createusermapping.html
struct UserMappingReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT m.umid, m.srvname, NULLIF(m.usename, CASE WHEN m.umuser = 0 THEN 'public' END),
              m.srvid, \(server.optionList("m.umoptions"))
            FROM pg_catalog.pg_user_mappings m WHERE \(server.isUsers(.userMapping, "m.umid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.userMapping, row.oid())
            let (serverName, role) = (row.text(), row.optionalText())
            let user = role.map(SQLQuoting.identifier) ?? "PUBLIC"
            let server = ObjectID(.foreignServer, row.oid())
            var statement =
                "CREATE USER MAPPING FOR \(user) SERVER \(SQLQuoting.identifier(serverName))"
            if let options = row.optionalText() { statement += " OPTIONS (\(options))" }
            var object = PlainObject(
                id, .userMapping, ObjectName("\(role ?? "public") SERVER \(serverName)"),
                target: nil, statements: [])
            object.statements = [SchemaStatement(statement, roles: role.map { [$0] } ?? [])]
            object.dependencies = [server]
            contents.objects.append(object)
        }
    }
}
