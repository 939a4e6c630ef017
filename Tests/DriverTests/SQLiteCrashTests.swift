import Database
import Glibc
import SQLiteDriver
import TestSupport
import Testing

/// A process of its own is killed in the middle of its work; the next one must find the database as
/// it was before, whatever its journal.
struct SQLiteCrashTests {
    private static let manyRows = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO t SELECT zeroblob(1000) FROM n
        """

    @Test(arguments: [SQLiteOpenMode.existing, .readOnlyWork])
    func `a hot journal is rolled back by whoever opens next`(_ mode: SQLiteOpenMode) async throws {
        let database = try SQLiteTestDatabase()
        let setUp = try database.open()
        try setUp.run([Step("CREATE TABLE t(a)"), Step("INSERT INTO t VALUES (1)")])
        setUp.close()
        let url = database.url
        await #expect(processExitsWith: .signal(SIGKILL)) { [url = url as String] in
            let connection = try SQLiteConnection(try SQLiteURL(url), mode: .existing)
            // A cache of a few pages makes SQLite write uncommitted pages into the file.
            try connection.run([
                Step("PRAGMA cache_size=5"), Step("BEGIN"), Step(SQLiteCrashTests.manyRows),
            ])
            kill(getpid(), SIGKILL)
        }
        #expect(database.folder.has("test.db-journal"))
        let survivor = try database.open(mode)
        #expect(try survivor.query("SELECT a FROM t").rows == [Row([1])])
        #expect(try survivor.query("PRAGMA integrity_check").rows == [Row(["ok"])])
    }

    @Test(arguments: [SQLiteOpenMode.existing, .readOnlyWork])
    func `a WAL database keeps what was committed`(_ mode: SQLiteOpenMode) async throws {
        let database = try SQLiteTestDatabase()
        let setUp = try database.open()
        #expect(try setUp.query("PRAGMA journal_mode=WAL").rows == [Row(["wal"])])
        try setUp.query("CREATE TABLE t(a)")
        setUp.close()
        let url = database.url
        await #expect(processExitsWith: .signal(SIGKILL)) { [url = url as String] in
            let connection = try SQLiteConnection(try SQLiteURL(url), mode: .existing)
            try connection.run([
                Step("INSERT INTO t VALUES (1)"), Step("BEGIN"), Step("PRAGMA cache_size=5"),
                Step(SQLiteCrashTests.manyRows),
            ])
            kill(getpid(), SIGKILL)
        }
        #expect(database.folder.has("test.db-wal"))
        let survivor = try database.open(mode)
        #expect(try survivor.query("SELECT a FROM t").rows == [Row([1])])
    }

    @Test func `a reader of a WAL database does not wait for its writer`() throws {
        let database = try SQLiteTestDatabase()
        let writer = try database.open()
        try writer.run([
            Step("PRAGMA journal_mode=WAL"), Step("CREATE TABLE t(a)"), Step("BEGIN IMMEDIATE"),
            Step("INSERT INTO t VALUES (1)"),
        ])
        let reader = try database.open(.readOnlyWork, busyTimeout: .zero)
        #expect(try reader.query("SELECT count(*) FROM t").rows == [Row([0])])
        try writer.query("COMMIT")
        #expect(try reader.query("SELECT count(*) FROM t").rows == [Row([1])])
    }
}
