import Database
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// Restores in place by a role that is no superuser, may create no database and owns its objects.
@Suite struct PostgresInPlaceRightsTests {
    private let role: TestRole
    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        role = try TestRole()
        database = try TestDatabase()
        try database.connect().query("GRANT CREATE ON SCHEMA public TO \(role.name)")
        try run(
            "CREATE TABLE t (id serial PRIMARY KEY, v text)",
            "INSERT INTO t (v) SELECT 'v' || i FROM generate_series(1, 100) i",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE POLICY p ON t USING (id > 50)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t FORCE ROW LEVEL SECURITY", "GRANT SELECT ON t TO PUBLIC")
    }

    private func session() throws -> PostgresConnection {
        try PostgresConnection(PostgresOptions(url: role.url(database: database.name)))
    }

    private func run(_ statements: String...) throws {
        let session = try session()
        defer { session.close() }
        try session.run(statements.map { Step($0) })
    }

    private func refused(_ content: PostgresContent) -> SnapshotError? {
        #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, from: chunks, over: try session())
        }
    }

    private func dropOwned() throws {
        try database.connect().query("DROP OWNED BY \(role.name) CASCADE")
    }

    @Test func `a role without any right but to its objects restores in place`() throws {
        let content = try database.take(into: chunks)
        try run("DROP TABLE t", "CREATE TABLE mark ()")
        let report = try database.restoreInPlace(content, from: chunks, over: try session())
        #expect(report.rows == 100)
        #expect(report.isProven)
        let row = try database.connect().query(
            """
            SELECT count(*), to_regclass('mark') IS NULL,
            (SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'),
            (SELECT relforcerowsecurity FROM pg_class WHERE relname = 't') FROM t
            """
        ).rows[0]
        #expect(row[0].integer == 100)
        #expect(row[1].boolean == true && row[3].boolean == true)
        #expect(row[2].string == role.name)
        try dropOwned()
    }

    @Test func `objects of others in the target are named, and nothing is done`() throws {
        let content = try database.take(into: chunks)
        try database.connect().query("CREATE TABLE foreign_one (i int)")
        let error = refused(content)
        #expect(error?.code == .refused || error?.database?.code == .insufficientPrivilege)
        #expect(error?.message.contains("foreign_one") == true)
        #expect(try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer == 100)
        try dropOwned()
    }

    @Test func `objects of others in the snapshot are named, and nothing is done`() throws {
        try database.connect().query("CREATE TABLE theirs (i int)")
        let content = try database.take(into: chunks)
        try database.connect().query("DROP TABLE theirs")
        let error = refused(content)
        #expect(error?.code == .refused)
        #expect(error?.message.contains("theirs") == true)
        try dropOwned()
    }

    @Test func `an extension that the role may not create is named, and nothing is done`() throws {
        try database.connect().query("CREATE EXTENSION pageinspect")
        let content = try database.take(into: chunks)
        try database.connect().query("DROP EXTENSION pageinspect")
        let error = refused(content)
        #expect(error?.code == .refused)
        #expect(error?.message.contains("'pageinspect'") == true)
        #expect(try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer == 100)
        try dropOwned()
    }

    @Test func `an extension of a superuser stays as it is`() throws {
        try database.connect().query("CREATE EXTENSION pageinspect")
        let content = try database.take(into: chunks)
        try run("DROP TABLE t")
        let report = try database.restoreInPlace(content, from: chunks, over: try session())
        #expect(report.rows == 100)
        try dropOwned()
    }
}
