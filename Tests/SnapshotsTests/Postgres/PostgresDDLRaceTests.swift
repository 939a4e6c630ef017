import Database
import Dispatch
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Snapshots while tables are rewritten under them. A snapshot that is taken before its locks loses
/// whole tables here, and says nothing: pg_dump does so in the first of these.
@Suite struct PostgresDDLRaceTests {
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
        try connection.query("CREATE TABLE account (id int PRIMARY KEY, amount int)")
        try connection.query("INSERT INTO account SELECT i, 100 FROM generate_series(1, 50) i")
        try connection.query("CREATE TABLE log (id serial PRIMARY KEY, at int)")
    }

    private func sum(_ content: PostgresContent) throws -> (rows: Int64, sum: Int) {
        let part = try #require(content.table("public.account"))
        let lines = String(decoding: try chunks.bytes(part), as: UTF8.self).split(separator: "\n")
        return (
            part.rows,
            lines.reduce(0) { $0 + (Int($1.split(separator: "\t").last ?? "") ?? 0) }
        )
    }

    @Test(arguments: [
        "ALTER TABLE account ALTER amount TYPE bigint",
        "CREATE TEMP TABLE c AS TABLE account; TRUNCATE account; INSERT INTO account TABLE c",
        "DROP TABLE log; CREATE TABLE log (id serial PRIMARY KEY, at int)",
        "ALTER TABLE account RENAME TO a2; CREATE TABLE account AS TABLE a2; DROP TABLE a2",
    ])
    func `a rewrite that is committed while the snapshot waits loses nothing`(
        _ sql: String
    ) throws {
        let other = try database.connect()
        try other.query("BEGIN")
        for statement in sql.split(separator: ";") { try other.query(String(statement)) }
        let (database, chunks, outcome, group) = (database, chunks, Outcome(), DispatchGroup())
        DispatchQueue(label: "taker").async(group: group) {
            outcome.set(Result { try database.take(into: chunks) })
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, try !isWaiting() {}
        try other.query("COMMIT")
        group.wait()
        #expect(try sum(try #require(outcome.value).get()) == (50, 5000))
    }

    /// Whether the snapshot waits for the lock of a table.
    private func isWaiting() throws -> Bool {
        try connection.query(
            """
            SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'migrate snapshot' AND wait_event_type = 'Lock'
            """
        ).rows[0][0].boolean == true
    }

    @Test func `a storm of rewrites never yields a partial snapshot`() throws {
        let writers = try Writers(database, count: 1)
        let storm = Storm(
            database,
            [
                "ALTER TABLE account ALTER amount TYPE bigint",
                "ALTER TABLE account ALTER amount TYPE int", "VACUUM FULL account",
                "CLUSTER account USING account_pkey",
                "BEGIN; DROP TABLE IF EXISTS x; CREATE TABLE x AS TABLE account; COMMIT",
                """
                BEGIN; LOCK account; CREATE TEMP TABLE c ON COMMIT DROP AS TABLE account;
                TRUNCATE account; INSERT INTO account TABLE c; COMMIT
                """, "ALTER TABLE log RENAME TO log2", "ALTER TABLE log2 RENAME TO log",
            ])
        for _ in 0..<12 {
            do {
                let content = try database.take(into: chunks, jobs: 2, patience: .seconds(5))
                #expect(try sum(content) == (50, 5000))
            } catch let error as SnapshotError where error.code == .refused {
                #expect(error.message.contains("held still"))
            }
        }
        storm.stop()
        try writers.stop()
        #expect(storm.rounds > 0)
        // Whatever the storm does, a quiet database is taken at once.
        #expect(try sum(database.take(into: chunks)) == (50, 5000))
    }

    @Test func `someone who waits for a table does not hold up the reading of the objects`() throws
    {
        // What decompiles a CHECK locks its table, and the second session does not have the lock.
        try connection.query("ALTER TABLE account ADD CHECK (amount > 0)")
        let (database, group) = (database, DispatchGroup())
        let isBehind = """
            SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()
            AND query LIKE 'ALTER TABLE account ADD x%' AND wait_event_type = 'Lock'
            """
        var access = CatalogAccess.live
        access.sharedSchema = { leader, companion in
            DispatchQueue(label: "waiting").async(group: group) {
                do {
                    try database.connect().query("ALTER TABLE account ADD x int")
                } catch {
                    Issue.record(error)
                }
            }
            let watch = try database.connect()
            while try watch.query(isBehind).rows[0][0].boolean != true {}
            return try CatalogAccess.live.sharedSchema(leader, companion)
        }
        let content = try database.take(into: chunks, isSchemaOnly: true, access: access)
        #expect(content.tables == 0)
        group.wait()
    }

    @Test func `a table that someone waits to change is read by the session with the lock`() throws
    {
        // A waiting ALTER stands before every new lock, and behind the leader's.
        try connection.query(
            "CREATE TABLE big AS SELECT i, repeat(md5(i::text), 20) AS m FROM generate_series(1, 60000) i"
        )
        let storm = Storm(database, ["ALTER TABLE big ADD x int", "ALTER TABLE big DROP x"])
        let content = try database.take(into: chunks, jobs: 3)
        storm.stop()
        #expect(content.table("public.big")?.rows == 60_000)
    }
}
