import Database
import PostgresCatalog
import Testing

@Suite("Types in a copy")
struct TypeRoundTripTests {
    @Test func `that their own functions need come back, their name first`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "CREATE TYPE public.kilo",
            """
            CREATE FUNCTION public.kilo_in(cstring) RETURNS public.kilo LANGUAGE internal \
            IMMUTABLE STRICT AS 'int4in'
            """,
            """
            CREATE FUNCTION public.kilo_out(public.kilo) RETURNS cstring LANGUAGE internal \
            IMMUTABLE STRICT AS 'int4out'
            """,
            """
            CREATE TYPE public.kilo (INPUT = public.kilo_in, OUTPUT = public.kilo_out, \
            INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, CATEGORY = 'N', PREFERRED, \
            DEFAULT = '4''2', DELIMITER = ';')
            """,
            "ALTER TYPE public.kilo OWNER TO {app}",
            "CREATE FUNCTION public.kilos(public.kilo[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TYPE public.only_a_name", "COMMENT ON TYPE public.kilo IS 'a ''quoted'' one'",
            "REVOKE ALL ON TYPE public.kilo FROM PUBLIC",
            "CREATE TYPE public.span",
            """
            CREATE FUNCTION public.span_canonical(public.span) RETURNS public.span \
            LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'
            """,
            """
            CREATE TYPE public.span AS RANGE (SUBTYPE = int4, CANONICAL = public.span_canonical, \
            SUBTYPE_DIFF = int4range_subdiff, MULTIRANGE_TYPE_NAME = "Spans")
            """,
            """
            CREATE TYPE public.words AS RANGE (SUBTYPE = text, COLLATION = "C", \
            SUBTYPE_OPCLASS = text_pattern_ops)
            """,
            """
            CREATE FUNCTION public.whole() RETURNS public."Spans" LANGUAGE sql \
            BEGIN ATOMIC SELECT public."Spans"(public.span(1, 2)); END
            """,
        ])
        let model = try scene.roundTrip()
        #expect(model.entries.filter { $0.kind == "SHELL TYPE" }.map(\.name) == ["kilo", "span"])
    }

    @Test func `keep the order, the quotes and the collations of what they are made of`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            "CREATE TYPE public.mood AS ENUM ('sad', 'o''k', '')",
            "ALTER TYPE public.mood ADD VALUE 'meh' BEFORE 'o''k'",
            "CREATE TYPE public.nothing AS ENUM ()", "CREATE TYPE public.empty AS ()",
            """
            CREATE TYPE public."Pair" AS (a text COLLATE "C", gone int, "B b" numeric(10,2)[], \
            m public.mood)
            """,
            "ALTER TYPE public.\"Pair\" DROP ATTRIBUTE gone",
            "COMMENT ON COLUMN public.\"Pair\".\"B b\" IS 'the second'",
            "COMMENT ON TYPE public.\"Pair\" IS 'both'",
            "GRANT USAGE ON TYPE public.\"Pair\" TO {app} WITH GRANT OPTION",
            "ALTER TYPE public.\"Pair\" OWNER TO {app}",
        ])
        try scene.roundTrip()
        let labels = "SELECT string_agg(enumlabel, '|' ORDER BY enumsortorder) FROM pg_enum"
        #expect(try scene.target.query(labels).rows[0][0] == "sad|meh|o'k|")
    }

    @Test func `that are domains keep constraints, also those that need what needs the domain`()
        throws
    {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare([
            """
            CREATE DOMAIN public.name AS varchar(10) COLLATE "C" DEFAULT 'it''s' NOT NULL \
            CONSTRAINT "not empty" CHECK (VALUE <> '') CONSTRAINT short CHECK (length(VALUE) < 9)
            """,
            "COMMENT ON CONSTRAINT \"not empty\" ON DOMAIN public.name IS 'really'",
            "COMMENT ON DOMAIN public.name IS 'of somebody'",
            "CREATE DOMAIN public.names AS public.name[]",
            "ALTER DOMAIN public.name OWNER TO {app}",
            "CREATE DOMAIN public.even AS int",
            """
            CREATE FUNCTION public.is_even(public.even) RETURNS boolean LANGUAGE sql IMMUTABLE \
            AS 'SELECT $1 % 2 = 0'
            """,
            "ALTER DOMAIN public.even ADD CONSTRAINT is_even CHECK (public.is_even(VALUE))",
            "COMMENT ON CONSTRAINT is_even ON DOMAIN public.even IS 'circular'",
            "ALTER DOMAIN public.even ADD CONSTRAINT late CHECK (VALUE > 0) NOT VALID",
        ])
        let model = try scene.roundTrip()
        let later = model.entries.filter { $0.kind == "CHECK CONSTRAINT" }
        #expect(later.map(\.name) == ["even is_even", "even late"])
        #expect(later.allSatisfy { $0.section == .postData })
    }
}
