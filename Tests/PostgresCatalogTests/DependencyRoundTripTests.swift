import Database
import Testing

@testable import PostgresCatalog

@Suite("Objects that need each other")
struct DependencyRoundTripTests {
    static let cases: [SchemaCase] = [
        SchemaCase(
            "a default that calls a function over the table's rows",
            "CREATE TABLE public.t (a int, b int)",
            """
            CREATE FUNCTION public.f() RETURNS int LANGUAGE sql
            BEGIN ATOMIC SELECT max(a) FROM public.t; END
            """,
            "ALTER TABLE public.t ALTER b SET DEFAULT public.f()"),
        SchemaCase(
            "a check that calls a function of the table's row type",
            "CREATE TABLE public.t (a int)",
            "CREATE FUNCTION public.f(public.t) RETURNS bool LANGUAGE sql RETURN ($1).a > 0",
            "ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.f(t.*))",
            "COMMENT ON CONSTRAINT c ON public.t IS 'calls'"),
        SchemaCase(
            "two views that select from each other's columns",
            "CREATE VIEW public.a AS SELECT 1 AS x, 'y'::text COLLATE \"C\" AS y",
            "CREATE VIEW public.b AS SELECT x, y FROM public.a",
            "CREATE OR REPLACE VIEW public.a AS SELECT x, y FROM public.b",
            "COMMENT ON COLUMN public.a.x IS 'around'"),
        SchemaCase(
            "a view and a function that takes its rows",
            "CREATE VIEW public.v AS SELECT 1 AS x",
            "CREATE FUNCTION public.f(public.v) RETURNS int LANGUAGE sql RETURN ($1).x",
            "CREATE OR REPLACE VIEW public.v WITH (security_barrier = true) AS "
                + "SELECT x FROM (SELECT 1 AS x) s WHERE public.f(ROW(1)::public.v) > 0"),
        SchemaCase(
            "a view that groups by a primary key",
            "CREATE TABLE public.t (id int PRIMARY KEY, a text)",
            "CREATE VIEW public.v AS SELECT id, a, count(*) AS n FROM public.t GROUP BY id",
            "CREATE VIEW public.over AS SELECT n FROM public.v",
            "CREATE MATERIALIZED VIEW public.m AS SELECT a FROM public.t GROUP BY id",
            "CREATE VIEW public.of_m AS SELECT a FROM public.m",
            """
            CREATE FUNCTION public.f() RETURNS text LANGUAGE sql
            BEGIN ATOMIC SELECT a FROM public.t GROUP BY id LIMIT 1; END
            """,
            "CREATE TABLE public.later (x text DEFAULT public.f())"),
        SchemaCase(
            "a child that declares the check of its parent",
            "CREATE FUNCTION public.good(int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN true",
            "CREATE TABLE public.p (a int, CONSTRAINT c CHECK (public.good(a)))",
            "CREATE TABLE public.x (CONSTRAINT c CHECK (public.good(a))) INHERITS (public.p)"),
        SchemaCase(
            "a domain, a type and a table around a function",
            "CREATE DOMAIN public.d AS int",
            "CREATE FUNCTION public.ok(public.d) RETURNS bool LANGUAGE sql RETURN true",
            "ALTER DOMAIN public.d ADD CONSTRAINT c CHECK (public.ok(VALUE))",
            "CREATE TABLE public.t (a public.d)"),
        SchemaCase(
            "foreign keys in a ring, and to a partitioned table",
            "CREATE TABLE public.a (id int PRIMARY KEY, b int)",
            "CREATE TABLE public.b (id int PRIMARY KEY REFERENCES public.a)",
            "ALTER TABLE public.a ADD FOREIGN KEY (b) REFERENCES public.b",
            "CREATE TABLE public.p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (1) TO (9) "
                + "PARTITION BY RANGE (id)",
            "CREATE TABLE public.p11 PARTITION OF public.p1 DEFAULT",
            "CREATE TABLE public.r (p int REFERENCES public.p)",
            "CREATE TABLE public.s (p int REFERENCES public.p) PARTITION BY LIST (p)",
            "CREATE TABLE public.s1 PARTITION OF public.s DEFAULT"),
    ]

    @Test(arguments: cases)
    func `are put in an order that works`(_ schema: SchemaCase) throws {
        let scene = try CatalogScene()
        try scene.prepare(schema.statements)
        let model = try scene.roundTrip()
        for entry in model.entries {
            #expect(entry.dependencies.allSatisfy { $0 < entry.id })
        }
    }

    @Test func `come in an order that only their names decide`() throws {
        let scene = try CatalogScene()
        let tables = ["b", "a", "d", "c"].map { "CREATE TABLE public.\($0) (x int PRIMARY KEY)" }
        try scene.prepare(tables)
        let names = try readSchema(scene.source).entries.dropFirst().map { "\($0.kind) \($0.name)" }
        #expect(
            names == ["a", "b", "c", "d"].map { "TABLE \($0)" }
                + ["a", "b", "c", "d"].map { "CONSTRAINT \($0) \($0)_pkey" })
    }

    @Test func `are named where no order can work`() throws {
        var contents = CatalogContents()
        func object(_ oid: UInt32, needs other: UInt32) -> any CatalogObject {
            Rule(
                id: ObjectID(.rewriteRule, oid), ruleName: "r\(oid)",
                tableID: ObjectID(.rewriteRule, other),
                tableName: ObjectName(schema: "s", "t"), definition: "", firing: nil)
        }
        contents.objects = [object(1, needs: 2), object(2, needs: 3), object(3, needs: 1)]
        let error = #expect(throws: CatalogError.self) { try RestoreOrder(contents) }
        #expect(error?.code == .dependencyLoop)
        #expect(error?.message.hasSuffix("RULE s.t r1, RULE s.t r2, RULE s.t r3") == true)
    }

    @Test func `are found in long chains without recursion`() {
        let count = 200_000
        var successors = (0..<count).map { [$0 + 1] }
        successors.append([])
        #expect(StrongComponents.loops(successors) == [])
        successors[count] = [0]
        #expect(StrongComponents.loops(successors).map(\.count) == [count + 1])
    }
}
