import Database
import Testing

@testable import PostgresCatalog

@Suite("What hangs on tables")
struct AroundTablesRoundTripTests {
    static let cases: [SchemaCase] = [
        SchemaCase(
            "indexes with everything that they can have",
            "CREATE TABLE public.t (a int NOT NULL, b text, c int)",
            """
            CREATE UNIQUE INDEX "an index" ON public.t USING btree (a DESC NULLS LAST,
              lower(b) COLLATE "C" text_pattern_ops) INCLUDE (c) WITH (fillfactor = 55)
              WHERE c > 0
            """,
            "ALTER INDEX public.\"an index\" ALTER COLUMN 2 SET STATISTICS 42",
            "CREATE UNIQUE INDEX ident ON public.t (a)",
            "ALTER TABLE public.t REPLICA IDENTITY USING INDEX ident",
            "ALTER TABLE public.t CLUSTER ON ident", "COMMENT ON INDEX public.ident IS 'who'",
            "CREATE INDEX ON public.t USING hash (b)"),
        SchemaCase(
            "indexes of partitioned tables",
            "CREATE TABLE public.p (a int, b text) PARTITION BY RANGE (a)",
            "CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (1) TO (5)",
            "CREATE TABLE public.p2 PARTITION OF public.p DEFAULT PARTITION BY LIST (b)",
            "CREATE TABLE public.p21 PARTITION OF public.p2 DEFAULT",
            "CREATE INDEX everywhere ON public.p (b)",
            "ALTER TABLE public.p ADD PRIMARY KEY (a, b)",
            "CREATE INDEX nowhere ON ONLY public.p (a)",
            "CREATE INDEX own ON public.p1 (b, a)"),
        SchemaCase(
            "rules",
            "CREATE TABLE public.t (a int)", "CREATE TABLE public.log (a int)",
            "CREATE RULE r AS ON INSERT TO public.t DO ALSO "
                + "(INSERT INTO public.log VALUES (new.a); DELETE FROM public.log WHERE a = 0)",
            "CREATE RULE nothing AS ON DELETE TO public.t DO INSTEAD NOTHING",
            "ALTER TABLE public.t DISABLE RULE nothing", "COMMENT ON RULE r ON public.t IS 'logs'",
            "CREATE VIEW public.v AS SELECT a FROM public.t",
            "CREATE RULE up AS ON UPDATE TO public.v DO INSTEAD UPDATE public.t SET a = new.a",
            "ALTER VIEW public.v ALTER a SET DEFAULT 7"),
        SchemaCase(
            "triggers",
            "CREATE TABLE public.t (a int, b int)",
            "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            """
            CREATE TRIGGER "a trigger" BEFORE INSERT OR UPDATE OF a ON public.t FOR EACH ROW
              WHEN (new.a > 0) EXECUTE FUNCTION public.f('it''s', E'\\\\', '')
            """,
            """
            CREATE TRIGGER seen AFTER UPDATE ON public.t REFERENCING OLD TABLE AS o NEW TABLE AS n
              EXECUTE FUNCTION public.f()
            """,
            """
            CREATE CONSTRAINT TRIGGER later AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION public.f()
            """,
            "ALTER TABLE public.t DISABLE TRIGGER seen",
            "ALTER TABLE public.t ENABLE ALWAYS TRIGGER later",
            "COMMENT ON TRIGGER later ON public.t IS 'late'",
            "CREATE TABLE public.p (a int) PARTITION BY LIST (a)",
            "CREATE TABLE public.p1 PARTITION OF public.p DEFAULT",
            """
            CREATE TRIGGER all_of_them AFTER INSERT ON public.p FOR EACH ROW
              EXECUTE FUNCTION public.f()
            """,
            "ALTER TABLE public.p1 DISABLE TRIGGER all_of_them",
            "CREATE VIEW public.v AS SELECT a FROM public.t",
            """
            CREATE TRIGGER instead INSTEAD OF DELETE ON public.v FOR EACH ROW
              EXECUTE FUNCTION public.f()
            """),
        SchemaCase(
            "extended statistics",
            "CREATE TABLE public.t (a int, b int, c text)",
            "CREATE STATISTICS public.some (ndistinct, dependencies) ON a, b FROM public.t",
            "CREATE STATISTICS public.\"all\" ON a, lower(c), (b + 1) FROM public.t",
            "ALTER STATISTICS public.some SET STATISTICS 33",
            "COMMENT ON STATISTICS public.some IS 'some'"),
        SchemaCase(
            "views with options",
            "CREATE TABLE public.t (a int, b text)",
            """
            CREATE VIEW public.v WITH (security_barrier = true, check_option = cascaded) AS
              SELECT a, b FROM public.t WHERE a > 0
            """,
            "CREATE VIEW public.w AS SELECT a FROM public.t WHERE a > 0 WITH LOCAL CHECK OPTION",
            "CREATE VIEW public.nothing AS SELECT",
            "CREATE RECURSIVE VIEW public.r (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM r "
                + "WHERE n < 5"),
        SchemaCase(
            "publications",
            "CREATE TABLE public.t (a int PRIMARY KEY, \"b c\" text, d int)",
            "CREATE SCHEMA other", "CREATE PUBLICATION everything FOR ALL TABLES",
            """
            CREATE PUBLICATION parts FOR TABLE public.t WHERE (a > 5),
              TABLES IN SCHEMA other WITH (publish = 'insert, truncate',
              publish_via_partition_root = true)
            """,
            "COMMENT ON PUBLICATION parts IS 'some'"),
        SchemaCase(
            "subscriptions",
            """
            CREATE SUBSCRIPTION "sub x" CONNECTION 'host=h password=''p''' PUBLICATION "a b", c
              WITH (connect = false, slot_name = NONE, binary = true, streaming = on,
              synchronous_commit = local, disable_on_error = true)
            """,
            "COMMENT ON SUBSCRIPTION \"sub x\" IS 'not running'"),
    ]

    @Test(arguments: cases)
    func `comes back as it was`(_ schema: SchemaCase) throws {
        let scene = try CatalogScene()
        try scene.prepare(schema.statements)
        try scene.roundTrip()
        // A database with a subscription can only be dropped without it.
        for connection in [scene.source, scene.target] {
            for row in try connection.query("SELECT subname FROM pg_subscription").rows {
                let name = CatalogScene.quoted(row[0].string ?? "")
                _ = try? connection.query("ALTER SUBSCRIPTION \(name) SET (slot_name = NONE)")
                _ = try? connection.query("DROP SUBSCRIPTION \(name)")
            }
        }
    }

    @Test func `is refreshed in the order in which materialised views read each other`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE MATERIALIZED VIEW public.z AS SELECT 1 AS x",
            "CREATE VIEW public.y AS SELECT x FROM public.z",
            "CREATE MATERIALIZED VIEW public.a WITH (fillfactor = 70) AS SELECT x FROM public.y",
            "CREATE MATERIALIZED VIEW public.empty AS SELECT 1 AS x WITH NO DATA",
            "CREATE UNIQUE INDEX ON public.a (x)",
            "ALTER MATERIALIZED VIEW public.a ALTER x SET STATISTICS 3",
        ])
        let model = try scene.roundTrip()
        let refreshes = model.entries.filter { $0.kind == "MATERIALIZED VIEW DATA" }
        #expect(refreshes.map(\.name) == ["z", "a"])
        #expect(refreshes.allSatisfy { $0.section == .final })
        #expect(
            try CatalogScene.texts("SELECT x FROM public.a", scene.target) == ["1"])
    }
}
