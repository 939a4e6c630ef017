/// Reads what the database has besides its objects.
///
/// In the statements it is called `{database}`, for it can be restored under another name.
///
/// Source: https://www.postgresql.org/docs/current/sql-alterdatabase.html
struct DatabaseReader: ObjectReader {
    private static let name = "{database}"

    func queries(_ server: ServerFacts) -> [String] {
        let locale =
            switch server.major {
            case 17...: "d.datlocale"
            case 15...: "d.daticulocale"
            default: "NULL"
            }
        let isThis = "d.datname = pg_catalog.current_database()"
        return [
            """
            SELECT d.datname, \(server.roleName("d.datdba")),
              pg_catalog.pg_encoding_to_char(d.encoding),
              \(server.since(15, "d.datlocprovider", else: "'c'")), d.datcollate, d.datctype,
              \(locale), \(server.since(16, "d.daticurules")),
              \(server.since(15, "d.datcollversion")), NULLIF(d.datconnlimit, -1), d.datistemplate,
              pg_catalog.shobj_description(d.oid, 'pg_database'),
              \(server.privilegeColumns("d.datacl", type: "'d'", owner: "d.datdba")),
              NULLIF(t.spcname, 'pg_default')
            FROM pg_catalog.pg_database d
            JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE \(isThis)
            """,
            """
            SELECT l.provider, l.label FROM pg_catalog.pg_shseclabel l
            JOIN pg_catalog.pg_database d ON d.oid = l.objoid
            WHERE l.classoid = \(SystemCatalog.database.rawValue) AND \(isThis) ORDER BY 1
            """,
            """
            SELECT CASE WHEN s.setrole <> 0 THEN \(server.roleName("s.setrole")) END, s.setconfig
            FROM pg_catalog.pg_db_role_setting s
            JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
            WHERE \(isThis) ORDER BY 1 NULLS FIRST
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            contents.database = Self.properties(&row)
            contents.database.statements += Self.statements(&row, owner: contents.database.owner)
            if let tablespace = row.optionalText() {
                contents.exclusions.append("The tablespace of the database, \(tablespace).")
            }
        }
        answers[1].forEach { row in
            let provider = SQLQuoting.identifier(row.text())
            let label = SQLQuoting.literal(row.text())
            contents.database.statements.append(
                SchemaStatement(
                    "SECURITY LABEL FOR \(provider) ON DATABASE \(Self.name) IS \(label)"))
        }
        answers[2].forEach { row in
            contents.database.statements += Self.settings(row.optionalText(), row.array())
        }
    }

    private static func properties(_ row: inout RowCursor) -> DatabaseProperties {
        let (name, owner, encoding) = (row.text(), row.text(), row.text())
        let provider = row.letter() ?? "c"
        return DatabaseProperties(
            name: name, owner: owner, encoding: encoding,
            localeProvider: ["b": "builtin", "i": "icu"][provider] ?? "libc",
            collate: row.text(), characterType: row.text(), locale: row.optionalText(),
            localeRules: row.optionalText(), collationVersion: row.optionalText())
    }

    private static func statements(_ row: inout RowCursor, owner: String) -> [SchemaStatement] {
        var statements: [SchemaStatement] = []
        if let limit = row.optionalInteger() {
            statements.append(SchemaStatement("ALTER DATABASE \(name) CONNECTION LIMIT \(limit)"))
        }
        if row.flag() {
            statements.append(SchemaStatement("ALTER DATABASE \(name) IS_TEMPLATE true"))
        }
        if let comment = row.optionalText() {
            let text = SQLQuoting.literal(comment)
            statements.append(SchemaStatement("COMMENT ON DATABASE \(name) IS \(text)"))
        }
        let privileges = ObjectPrivileges.next(in: &row, of: "DATABASE \(name)", owner: owner)
        return statements + (privileges?.statements() ?? [])
    }

    /// What one role has set in this database; without a role, what all have.
    private static func settings(_ role: String?, _ texts: [String]) -> [SchemaStatement] {
        let subject =
            role.map { "ROLE \(SQLQuoting.identifier($0)) IN DATABASE \(name)" }
            ?? "DATABASE \(name)"
        return ConfigurationSetting.all(texts).map { setting in
            SchemaStatement(
                "ALTER \(subject) \(setting.clause)",
                roles: (role.map { [$0] } ?? []) + setting.roles)
        }
    }
}
