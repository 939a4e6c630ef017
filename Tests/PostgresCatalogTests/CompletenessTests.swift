import Database
import PostgresDriver
import TestSupport
import Testing

@testable import PostgresCatalog

@Suite("What a dump leaves out")
struct CompletenessTests {
    @Test func `is not what someone put into a schema of the server`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE FUNCTION pg_catalog.hidden(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"
        ])
        try scene.roundTrip()
    }

    @Test func `is an error that names it where nothing accounts for it`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE TABLE public.t (a int)", "CREATE RULE r AS ON DELETE TO public.t DO NOTHING",
        ])
        let readers = ObjectReaders.all.filter { !($0 is RuleReader) }
        let error = #expect(throws: CatalogError.self) {
            try SchemaReader(scene.source, readers: readers).model()
        }
        #expect(error?.code == .incomplete)
        #expect(error?.message.hasSuffix("rule r on table public.t") == true)
    }

    @Test func `is seen for every kind that no reader reads`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE TABLE public.t (a int PRIMARY KEY, b int REFERENCES public.t, CHECK (a > 0))",
            "CREATE INDEX i ON public.t (b)", "CREATE VIEW public.v AS SELECT 1",
            "CREATE SEQUENCE public.s", "CREATE RULE r AS ON DELETE TO public.t DO NOTHING",
            "CREATE POLICY p ON public.t", "CREATE STATISTICS public.st ON a, b FROM public.t",
            "CREATE PUBLICATION pub FOR TABLE public.t",
            "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE TRIGGER tr BEFORE INSERT ON public.t EXECUTE FUNCTION public.f()",
        ])
        // There is no subscription.
        for left in ObjectReaders.relations.indices.dropLast() {
            var readers = ObjectReaders.all
            let offset = readers.count - ObjectReaders.relations.count
            readers.remove(at: offset + left)
            let error = #expect(throws: CatalogError.self) {
                try SchemaReader(scene.source, readers: readers).model()
            }
            #expect(error?.code == .incomplete)
        }
    }

    @Test func `is listed where it cannot be restored`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE TABLE public.t (a int)", "INSERT INTO public.t VALUES (1), (1)",
            "CREATE TEMPORARY TABLE mine (a int PRIMARY KEY, b serial, c text DEFAULT 'x')",
            "CREATE FUNCTION pg_temp.passing() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ])
        _ = try? scene.source.run([
            Step("CREATE UNIQUE INDEX CONCURRENTLY broken ON public.t (a)", runsAlone: true)
        ])
        try scene.prepare([
            "CREATE TABLE public.p (a int PRIMARY KEY)",
            "CREATE TABLE public.r (a int CONSTRAINT fk REFERENCES public.p)",
            "ALTER TABLE public.r DISABLE TRIGGER ALL",
        ])
        let exclusions = try readSchema(scene.source).exclusions
        #expect(exclusions.contains("The invalid index public.broken on public.t."))
        #expect(
            exclusions.contains("That triggers of the foreign key fk are turned off in public.r."))
        #expect(exclusions.contains { $0.contains("passing") })
        #expect(exclusions.count == 3)
    }

    @Test(arguments: [(13, "13.9"), (19, "19.0")])
    func `is everything on a server that is not known`(major: Int, version: String) throws {
        let connection = OtherServer(version: version, number: major * 10_000)
        let error = #expect(throws: CatalogError.self) { try readSchema(connection) }
        #expect(error?.code == .unsupportedServer)
        #expect(error?.message.contains(version) == true)
    }

    @Test func `leaves a transaction as it was`() throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "BEGIN ISOLATION LEVEL REPEATABLE READ", "CREATE TABLE public.t (a int)",
        ])
        #expect(try readSchema(scene.source).tables.map(\.name) == ["t"])
        #expect(scene.source.transactionState == .open)
        try scene.prepare(["ROLLBACK"])
        #expect(try readSchema(scene.source).tables.isEmpty)
        #expect(scene.source.transactionState == .idle)
    }

    @Test(arguments: [
        "CREATE TABLE public.u (a int)", "COMMENT ON TABLE public.t IS 'x'",
        "ALTER TABLE public.t ALTER a SET DEFAULT 1", "GRANT SELECT ON public.t TO PUBLIC",
        "DROP TABLE public.t", "TRUNCATE public.t", "ALTER SEQUENCE public.s INCREMENT 2",
        "CREATE OR REPLACE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    ])
    func `changes the fingerprint when it changes`(_ change: String) throws {
        let scene = try CatalogScene()
        try scene.prepare([
            "CREATE TABLE public.t (a int)", "CREATE SEQUENCE public.s",
            "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ])
        let before = try catalogFingerprint(scene.target)
        let first = try catalogFingerprint(scene.source)
        try scene.prepare(["INSERT INTO public.t VALUES (1)", "ANALYZE public.t"])
        #expect(try catalogFingerprint(scene.source) == first)
        try scene.prepare([change])
        #expect(try catalogFingerprint(scene.source) != first)
        #expect(try catalogFingerprint(scene.target) == before)
    }
}

/// A server of which only the version is known.
private final class OtherServer: Connection {
    let dialect = Dialect.postgres
    let serverVersion: String
    let serverVersionNumber: Int
    let interrupter: any Interrupter = Never()
    let transactionState = TransactionState.idle
    let announcedProcessID: Int64? = nil
    var protectedTables: Set<String> = []
    var onNotice: ((DatabaseNotice) -> Void)?

    private struct Never: Interrupter {
        func interrupt() {}
    }

    init(version: String, number: Int) {
        serverVersion = version
        serverVersionNumber = number
    }

    func run(_ steps: [Step], onProgress: (Int) -> Void) throws(StepFailure) -> [StepResult] {
        Issue.record("it was asked \(steps[0].sql)")
        return []
    }

    func close() {}
}
