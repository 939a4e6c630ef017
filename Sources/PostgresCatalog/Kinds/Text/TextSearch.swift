/// Reads parsers of text search.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtsparser.html
struct TextSearchParserReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT p.oid, n.nspname, p.prsname, \(server.functionName("p.prsstart")),
              \(server.functionName("p.prstoken")), \(server.functionName("p.prsend")),
              \(server.functionName("p.prslextype")), \(server.functionName("p.prsheadline"))
            FROM pg_catalog.pg_ts_parser p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
            WHERE \(server.isUsers(.textSearchParser, "p.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.textSearchParser, row.oid())
            let (schema, name) = (row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            var clauses = [
                "START = \(row.text())", "GETTOKEN = \(row.text())", "END = \(row.text())",
                "LEXTYPES = \(row.text())",
            ]
            if let headline = row.optionalText() { clauses.append("HEADLINE = \(headline)") }
            let list = clauses.joined(separator: ", ")
            contents.objects.append(
                PlainObject(
                    id, .textSearchParser, ObjectName(schema: schema, name), target: target,
                    statements: ["CREATE TEXT SEARCH PARSER \(target) (\(list))"]))
        }
    }
}

/// Reads templates of text search dictionaries.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtstemplate.html
struct TextSearchTemplateReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT t.oid, n.nspname, t.tmplname, \(server.functionName("t.tmpllexize")),
              \(server.functionName("t.tmplinit"))
            FROM pg_catalog.pg_ts_template t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
            WHERE \(server.isUsers(.textSearchTemplate, "t.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.textSearchTemplate, row.oid())
            let (schema, name) = (row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            var clauses = ["LEXIZE = \(row.text())"]
            if let initialization = row.optionalText() {
                clauses.append("INIT = \(initialization)")
            }
            let list = clauses.joined(separator: ", ")
            contents.objects.append(
                PlainObject(
                    id, .textSearchTemplate, ObjectName(schema: schema, name), target: target,
                    statements: ["CREATE TEXT SEARCH TEMPLATE \(target) (\(list))"]))
        }
    }
}

/// Reads text search dictionaries. The files that their options name are not in the database.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtsdictionary.html
struct TextSearchDictionaryReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT d.oid, n.nspname, d.dictname, \(server.roleName("d.dictowner")), tn.nspname,
              t.tmplname, d.dictinitoption
            FROM pg_catalog.pg_ts_dict d
            JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
            JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
            JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
            WHERE \(server.isUsers(.textSearchDictionary, "d.oid", schema: "n.nspname"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.textSearchDictionary, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            var clauses = ["TEMPLATE = \(SQLQuoting.qualified(row.text(), row.text()))"]
            // The server keeps the options as they stand in the statement.
            if let options = row.optionalText() { clauses.append(options) }
            let list = clauses.joined(separator: ", ")
            contents.objects.append(
                PlainObject(
                    id, .textSearchDictionary, ObjectName(schema: schema, name), target: target,
                    owner: owner,
                    statements: ["CREATE TEXT SEARCH DICTIONARY \(target) (\(list))"]))
        }
    }
}

/// Reads text search configurations with what each does with each kind of token.
///
/// Source: https://www.postgresql.org/docs/current/sql-createtsconfig.html
struct TextSearchConfigurationReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let isUsers = server.isUsers(.textSearchConfiguration, "c.oid", schema: "n.nspname")
        return [
            """
            SELECT c.oid, n.nspname, c.cfgname, \(server.roleName("c.cfgowner")), pn.nspname,
              p.prsname
            FROM pg_catalog.pg_ts_config c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
            JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser
            JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
            WHERE \(isUsers)
            """,
            """
            SELECT c.oid, t.alias, pg_catalog.string_agg(pg_catalog.quote_ident(dn.nspname)
                || '.' || pg_catalog.quote_ident(d.dictname), ', ' ORDER BY m.mapseqno)
            FROM pg_catalog.pg_ts_config c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
            JOIN pg_catalog.pg_ts_config_map m ON m.mapcfg = c.oid
            JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict
            JOIN pg_catalog.pg_namespace dn ON dn.oid = d.dictnamespace
            JOIN LATERAL pg_catalog.ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
            WHERE \(isUsers)
            GROUP BY c.oid, m.maptokentype, t.alias ORDER BY c.oid, m.maptokentype
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var mappings: [UInt32: [(token: String, dictionaries: String)]] = [:]
        answers[1].forEach { row in
            mappings[row.oid(), default: []].append((row.text(), row.text()))
        }
        answers[0].forEach { row in
            let id = ObjectID(.textSearchConfiguration, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let target = SQLQuoting.qualified(schema, name)
            let parser = SQLQuoting.qualified(row.text(), row.text())
            let additions = (mappings[id.oid] ?? []).map { token, dictionaries in
                """
                ALTER TEXT SEARCH CONFIGURATION \(target) ADD MAPPING \
                FOR \(SQLQuoting.identifier(token)) WITH \(dictionaries)
                """
            }
            contents.objects.append(
                PlainObject(
                    id, .textSearchConfiguration, ObjectName(schema: schema, name),
                    target: target, owner: owner,
                    statements: [
                        "CREATE TEXT SEARCH CONFIGURATION \(target) (PARSER = \(parser))"
                    ] + additions))
        }
    }
}
