import Database
import PostgresCatalog
import Testing

@Suite("Functions in a copy")
struct FunctionRoundTripTests {
    @Test func `keep every attribute`() throws {
        let scene = try CatalogScene(roles: ["app", "reader"])
        try scene.prepare([
            """
            CREATE FUNCTION public.f(a int, VARIADIC "B" text[] DEFAULT '{x}') RETURNS SETOF int \
            LANGUAGE sql STABLE STRICT SECURITY DEFINER LEAKPROOF COST 7 ROWS 9 PARALLEL SAFE \
            SET search_path = "a b", pg_temp, '' SET work_mem = '8MB' SET "my.own" = 'x''y' \
            SET role = {app} AS 'SELECT 1'
            """,
            "COMMENT ON FUNCTION public.f IS 'all of it'",
            "ALTER FUNCTION public.f OWNER TO {app}", "REVOKE ALL ON FUNCTION public.f FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION public.f TO {reader}",
            "CREATE FUNCTION public.f(OUT a int, INOUT b text) LANGUAGE sql AS 'SELECT 1, $1'",
            "CREATE FUNCTION public.t() RETURNS TABLE (x int, \"Y\" text) LANGUAGE sql COST 100 "
                + "ROWS 1000 AS 'SELECT 1, NULL::text'",
            "CREATE FUNCTION public.w() RETURNS int8 LANGUAGE internal WINDOW AS 'window_rank'",
            """
            CREATE FUNCTION public.s(text) RETURNS text LANGUAGE internal \
            SUPPORT varchar_support PARALLEL RESTRICTED AS 'textin'
            """,
            "CREATE PROCEDURE public.p(IN a int, OUT b int, INOUT c int DEFAULT 1) LANGUAGE sql "
                + "AS 'SELECT 1, 2'",
            "GRANT ALL ON PROCEDURE public.p TO {reader}",
            """
            CREATE FUNCTION public.c() RETURNS language_handler LANGUAGE c \
            AS '$libdir/plpgsql', 'plpgsql_call_handler'
            """,
            "ALTER FUNCTION public.t() DEPENDS ON EXTENSION plpgsql",
            "CREATE FUNCTION public.parsed(x int DEFAULT 3) RETURNS int RETURN x + 1",
            """
            CREATE PROCEDURE public.parsed() BEGIN ATOMIC SELECT public.parsed(); \
            SELECT 'it''s'::text AS text; END
            """,
        ])
        let model = try scene.roundTrip()
        let entry = model.entries.first { $0.name.hasPrefix("f(a") }
        let creation = entry?.statements.first
        #expect(creation?.sql.contains("SET search_path TO 'a b', 'pg_temp', ''") == true)
        #expect(creation?.roles == [scene.name("app")])
    }

    @Test(arguments: ["$_$", "x $_", "$_$ $__1$", "'\\", "$$", "\r\n\t", ""])
    func `keep their bodies to the byte`(body: String) throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $quote$BEGIN END; --\(body)$quote$"
        ])
        try scene.roundTrip()
        let source = "SELECT prosrc FROM pg_proc WHERE oid = 'public.f()'::regprocedure"
        #expect(
            try scene.target.query(source).rows[0][0].string?.utf8.elementsEqual(
                "BEGIN END; --\(body)".utf8) == true)
    }

    @Test func `keep a search path that is empty`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "SET search_path = ''",
            "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT "
                + "AS 'SELECT 1'",
            "CREATE FUNCTION public.g() RETURNS int LANGUAGE sql SET search_path = '' "
                + "AS 'SELECT 1'",
        ])
        try scene.roundTrip()
    }

    @Test func `that are aggregates of any kind come back`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "CREATE AGGREGATE public.many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0')",
            """
            CREATE AGGREGATE public.mean(int) (SFUNC = int4_avg_accum, STYPE = int8[], \
            FINALFUNC = int8_avg, COMBINEFUNC = int4_avg_combine, INITCOND = '{0,0}', \
            MSFUNC = int4_avg_accum, MINVFUNC = int4_avg_accum_inv, MSTYPE = int8[], \
            MFINALFUNC = int8_avg, MINITCOND = '{0,0}', PARALLEL = SAFE, SSPACE = 64, \
            FINALFUNC_MODIFY = SHAREABLE)
            """,
            "CREATE AGGREGATE public.least(int) (SFUNC = int4smaller, STYPE = int4, SORTOP = <)",
            """
            CREATE AGGREGATE public.middle(float8 ORDER BY anyelement) \
            (SFUNC = ordered_set_transition, STYPE = internal, \
            FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)
            """,
            """
            CREATE AGGREGATE public.place(VARIADIC "any" ORDER BY VARIADIC "any") \
            (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, \
            FINALFUNC_EXTRA, HYPOTHETICAL)
            """,
            "COMMENT ON AGGREGATE public.many(*) IS 'as many as there are'",
            "ALTER AGGREGATE public.middle(float8 ORDER BY anyelement) OWNER TO {app}",
            "REVOKE ALL ON FUNCTION public.middle(float8, anyelement) FROM PUBLIC",
            "REVOKE ALL ON FUNCTION public.many() FROM PUBLIC",
        ])
        try scene.roundTrip()
        let count = "SELECT count(*) FROM pg_aggregate WHERE aggfnoid >= 16384"
        #expect(try scene.target.query(count).rows[0][0].integer == 5)
    }

    @Test func `come with their languages, casts and transforms`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare(
            [
                """
                CREATE FUNCTION public.handler() RETURNS language_handler LANGUAGE c \
                AS '$libdir/plpgsql', 'plpgsql_call_handler'
                """,
                "CREATE TRUSTED LANGUAGE \"My Language\" HANDLER public.handler VALIDATOR "
                    + "pg_catalog.plpgsql_validator",
                "REVOKE ALL ON LANGUAGE \"My Language\" FROM PUBLIC",
                "GRANT USAGE ON LANGUAGE \"My Language\" TO {app}",

                "CREATE TRANSFORM FOR int LANGUAGE sql "
                    + "(FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))",
                "CREATE TYPE public.pair AS (a int, b int)",
                "CREATE FUNCTION public.first(public.pair) RETURNS int LANGUAGE sql AS 'SELECT $1.a'",
                "CREATE CAST (public.pair AS int) WITH FUNCTION public.first(public.pair) "
                    + "AS ASSIGNMENT",
                "CREATE CAST (int AS public.pair) WITH INOUT",
                "COMMENT ON CAST (public.pair AS int) IS 'the first'",
                "CREATE FUNCTION public.through(int) RETURNS int LANGUAGE sql TRANSFORM FOR TYPE int "
                    + "AS 'SELECT $1'",
            ])
        try scene.roundTrip()
    }
}
