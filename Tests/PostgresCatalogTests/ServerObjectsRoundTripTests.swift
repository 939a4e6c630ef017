import Database
import PostgresCatalog
import Testing

@Suite("What is in no schema, or in the server's, in a copy")
struct ServerObjectsRoundTripTests {
    @Test(arguments: [
        [],
        ["ALTER SCHEMA public OWNER TO {app}"],
        ["REVOKE ALL ON SCHEMA public FROM PUBLIC"],
        ["GRANT CREATE ON SCHEMA public TO PUBLIC", "COMMENT ON SCHEMA public IS 'mine'"],
        ["ALTER SCHEMA public OWNER TO {app}", "REVOKE ALL ON SCHEMA public FROM {app}"],
        ["COMMENT ON SCHEMA public IS NULL"],
        ["DROP SCHEMA public"],
        ["DROP SCHEMA public", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO {app}"],
    ])
    func `the schema public is as it was`(changes: [String]) throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare(changes)
        try scene.roundTrip()
        let query = """
            SELECT nspowner::regrole::text || ' ' || coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text)
              FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) a), '')
            FROM pg_namespace WHERE nspname = 'public'
            """
        #expect(
            try CatalogScene.texts(query, scene.source)
                == CatalogScene.texts(query, scene.target))
    }

    @Test func `the language that every database has can be gone`() throws {
        let scene = try CatalogScene()
        try scene.prepare(["DROP EXTENSION plpgsql"])
        try scene.roundTrip()
        let query = "SELECT extname FROM pg_extension"
        #expect(try CatalogScene.texts(query, scene.target) == [])
    }

    @Test func `privileges that were changed on what the server brings`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "REVOKE ALL ON FUNCTION pg_sleep(float8) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {app}",
            "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
            "GRANT SELECT (rolpassword) ON pg_authid TO {app}",
            "REVOKE SELECT ON pg_stats FROM PUBLIC", "REVOKE USAGE ON TYPE int4 FROM PUBLIC",
        ])
        try scene.roundTrip()
        for query in [
            "SELECT oid::regprocedure || array(SELECT a::text FROM unnest(proacl) a ORDER BY 1)::text FROM pg_proc",
            "SELECT lanname || array(SELECT a::text FROM unnest(lanacl) a ORDER BY 1)::text FROM pg_language",
            "SELECT relname || array(SELECT a::text FROM unnest(relacl) a ORDER BY 1)::text FROM pg_class",
            "SELECT typname || array(SELECT a::text FROM unnest(typacl) a ORDER BY 1)::text FROM pg_type",
            "SELECT attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL",
        ] {
            let before = try CatalogScene.texts(query, scene.source)
            #expect(try CatalogScene.texts(query, scene.target).symmetricDifference(before) == [])
        }
    }

    @Test func `default privileges, for the whole database and for a schema`() throws {
        let scene = try CatalogScene(roles: ["app", "reader"])
        try scene.prepare([
            "CREATE SCHEMA s",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {app} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {app} REVOKE INSERT ON TABLES FROM {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {app} GRANT USAGE ON SCHEMAS TO {reader}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {app} IN SCHEMA s GRANT SELECT ON TABLES TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {app} IN SCHEMA s GRANT ALL ON SEQUENCES "
                + "TO {reader} WITH GRANT OPTION",
        ])
        try scene.roundTrip()
        let query = """
            SELECT defaclrole::regrole || ' ' || defaclnamespace::regnamespace || defaclobjtype::text
              || array(SELECT a::text FROM unnest(defaclacl) a ORDER BY 1)::text FROM pg_default_acl
            """
        let before = try CatalogScene.texts(query, scene.source)
        #expect(before.count == 5)
        #expect(try CatalogScene.texts(query, scene.target) == before)
    }

    @Test func `foreign servers, user mappings and event triggers`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "CREATE FOREIGN DATA WRAPPER w OPTIONS (\"A b\" 'it''s', z '1')",
            "CREATE SERVER \"Far away\" TYPE 't' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'h')",
            "GRANT USAGE ON FOREIGN SERVER \"Far away\" TO {app}",
            "GRANT USAGE ON FOREIGN DATA WRAPPER w TO {app}",
            "COMMENT ON SERVER \"Far away\" IS 'over there'",
            "CREATE USER MAPPING FOR PUBLIC SERVER \"Far away\"",
            "CREATE USER MAPPING FOR {app} SERVER \"Far away\" OPTIONS (password 'p''w')",
            "CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE EVENT TRIGGER \"all\" ON ddl_command_end EXECUTE FUNCTION public.e()",
            "CREATE EVENT TRIGGER few ON ddl_command_start WHEN TAG IN ('DROP TABLE', "
                + "'CREATE TABLE') EXECUTE FUNCTION public.e()",
            "ALTER EVENT TRIGGER few DISABLE", "ALTER EVENT TRIGGER \"all\" ENABLE ALWAYS",
        ])
        let model = try scene.roundTrip()
        #expect(model.entries.suffix(2).map(\.section) == [.final, .final])
        let query = "SELECT usename || ' ' || coalesce(umoptions::text, '') FROM pg_user_mappings"
        let before = try CatalogScene.texts(query, scene.source)
        #expect(before.count == 2)
        #expect(try CatalogScene.texts(query, scene.target) == before)
    }

    @Test func `collations, conversions and text search`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "CREATE COLLATION public.\"Mine\" (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8')",
            "CREATE COLLATION public.same (provider = libc, locale = 'C')",
            "CREATE DEFAULT CONVERSION public.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
            "CREATE TEXT SEARCH PARSER public.p (START = prsd_start, GETTOKEN = prsd_nexttoken, "
                + "END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)",
            "CREATE TEXT SEARCH TEMPLATE public.t (INIT = dsimple_init, LEXIZE = dsimple_lexize)",
            "CREATE TEXT SEARCH DICTIONARY public.\"D\" (TEMPLATE = public.t, accept = false)",
            "CREATE TEXT SEARCH CONFIGURATION public.c (PARSER = public.p)",
            "ALTER TEXT SEARCH CONFIGURATION public.c ADD MAPPING FOR \"int\", word "
                + "WITH public.\"D\", simple",
            "ALTER TEXT SEARCH CONFIGURATION public.c OWNER TO {app}",
            "COMMENT ON TEXT SEARCH DICTIONARY public.\"D\" IS 'words'",
        ])
        try scene.roundTrip()
        let query =
            "SELECT maptokentype || ' ' || mapseqno || ' ' || mapdict::regdictionary"
            + " FROM pg_ts_config_map WHERE mapcfg >= 16384"
        let before = try CatalogScene.texts(query, scene.source)
        #expect(before.count == 4)
        #expect(try CatalogScene.texts(query, scene.target) == before)
    }

    @Test func `large objects with their OIDs, owners, comments and privileges`() throws {
        let scene = try CatalogScene(roles: ["app", "reader"])
        try scene.prepare([
            "SELECT lo_create(77)", "SELECT lo_create(o::oid) FROM generate_series(20000, 21500) o",
            "COMMENT ON LARGE OBJECT 77 IS 'low'", "ALTER LARGE OBJECT 20001 OWNER TO {app}",
            "GRANT SELECT ON LARGE OBJECT 20001, 20002 TO {reader} WITH GRANT OPTION",
            "REVOKE ALL ON LARGE OBJECT 20003 FROM CURRENT_USER",
        ])
        let model = try scene.roundTrip()
        #expect(model.entries.count { $0.kind == "LARGE OBJECT" } == 5)
        let query =
            "SELECT oid || ' ' || lomowner::regrole || coalesce(lomacl::text, 'NULL')"
            + " FROM pg_largeobject_metadata"
        let before = try CatalogScene.texts(query, scene.source)
        #expect(before.count == 1502)
        #expect(try CatalogScene.texts(query, scene.target) == before)
    }

    @Test func `what is temporary stays behind, and is said to`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE DOMAIN pg_temp.d AS int CHECK (VALUE > 0)",
        ])
        let model = try readSchema(scene.source)
        try scene.restore(model)
        #expect(model.exclusions.count { $0.hasPrefix("The temporary ") } == 2)
    }

    @Test func `the database's own properties are statements without its name`() throws {
        let scene = try CatalogScene(roles: ["app"])
        let name = "{database}"
        let database = CatalogScene.quoted(
            try scene.source.query("SELECT current_database()").rows[0][0].string ?? "")
        try scene.prepare([
            "ALTER DATABASE \(database) CONNECTION LIMIT 7",
            "COMMENT ON DATABASE \(database) IS 'it''s'",
            "ALTER DATABASE \(database) SET search_path = a, \"B c\"",
            "ALTER ROLE {app} IN DATABASE \(database) SET work_mem = '9MB'",
            "REVOKE CONNECT ON DATABASE \(database) FROM PUBLIC",
            "GRANT CREATE ON DATABASE \(database) TO {app}",
        ])
        let properties = try readSchema(scene.source).database
        let role = scene.name("app")
        #expect(
            properties.statements == [
                SchemaStatement("ALTER DATABASE \(name) CONNECTION LIMIT 7"),
                SchemaStatement("COMMENT ON DATABASE \(name) IS 'it''s'"),
                SchemaStatement("REVOKE CONNECT ON DATABASE \(name) FROM PUBLIC"),
                SchemaStatement("GRANT CREATE ON DATABASE \(name) TO \(role)", roles: [role]),
                SchemaStatement("ALTER DATABASE \(name) SET search_path TO 'a', 'B c'"),
                SchemaStatement(
                    "ALTER ROLE \(role) IN DATABASE \(name) SET work_mem TO '9MB'", roles: [role]),
            ])
        #expect(properties.encoding == "UTF8" && properties.localeProvider == "libc")
    }
}
