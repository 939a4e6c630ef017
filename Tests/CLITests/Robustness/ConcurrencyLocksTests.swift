import Database
import Foundation
import Synchronization
import TestSupport
import Testing

/// Runs on a PostgreSQL whose tables are in use.
@Suite struct ConcurrencyLocksTests {
    // MARK: Concurrent index builds

    private static let indexFiles = [
        "001_orders.up.sql": """
        CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY, customer integer);
        INSERT INTO orders (customer) SELECT n % 100 FROM generate_series(1, 20000) n;
        """,
        "002_index.up.sql": """
        -- migrate: no-transaction
        CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);
        """,
    ]

    private static func indexes(_ connection: any Connection) throws -> [String] {
        try connection.query(
            "SELECT c.relname || ' ' || i.indisvalid || ' ' || i.indisready FROM pg_index i "
                + "JOIN pg_class c ON c.oid = i.indexrelid "
                + "WHERE i.indrelid = 'orders'::regclass ORDER BY 1"
        ).rows.compactMap { $0[0].string }
    }

    /// Returns once a build waits for another session.
    private static func waitForBuild(_ connection: any Connection) throws {
        #expect(
            try poll(for: .seconds(30)) {
                try connection.query(
                    "SELECT FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%' "
                        + "AND datname = current_database()"
                ).rowCount > 0
            })
    }

    /// A build waits for every transaction that holds an older snapshot, so that a runner that waited
    /// inside one would wait for the build, and the build for it, for ever.
    @Test func `four runs build an index on a table that is written to`() throws {
        let database = try CrashDatabase(.postgres, files: Self.indexFiles, lockTimeout: "60s")
        #expect(try database.migrate(["up", "--to", "001"]).status == 0)
        let writer = try TableWriter(database)
        // Keeps the build waiting until all runs are there.
        let old = try database.open()
        try old.run([
            Step("BEGIN ISOLATION LEVEL REPEATABLE READ"), Step("SELECT count(*) FROM orders"),
        ])
        let runs = try (0..<4).map { _ in try database.start(["up"]) }
        let watcher = try database.open()
        try Self.waitForBuild(watcher)
        #expect(
            poll(for: .seconds(30)) {
                runs.count { $0.errorsSoFar.contains("waiting for the lock, held by pid ") } == 3
            })
        let before = writer.count
        #expect(poll(for: .seconds(30)) { writer.count > before + 5 })
        try old.query("COMMIT")
        let results = runs.map { $0.wait(atMost: .seconds(60)) }
        #expect(results.map(\.status) == [0, 0, 0, 0])
        #expect(try results.flatMap { try $0.versions("applied") } == ["002"])
        let written = try writer.stop()
        #expect(try Self.indexes(watcher) == ["orders_customer true true"])
        #expect(
            try watcher.query("SELECT count(*) FROM orders").rows[0][0].integer
                == Int64(20000 + written))
        #expect(try database.state().successes("up", "002") == 1)
    }

    @Test(arguments: [SIGINT, SIGKILL])
    func `a build that was broken off is begun anew by the next run`(_ signal: Int32) throws {
        let database = try CrashDatabase(.postgres, files: Self.indexFiles, lockTimeout: "60s")
        #expect(try database.migrate(["up", "--to", "001"]).status == 0)
        let old = try database.open()
        try old.run([
            Step("BEGIN ISOLATION LEVEL REPEATABLE READ"), Step("SELECT count(*) FROM orders"),
        ])
        let run = try database.start(["up"])
        let watcher = try database.open()
        try Self.waitForBuild(watcher)
        run.send(signal)
        let result = run.wait(atMost: .seconds(30))
        #expect(signal == SIGKILL ? result.signal == SIGKILL : result.status == 130)
        #expect(try database.waitForKilledSession())
        #expect(try Self.indexes(watcher).count { $0.hasPrefix("orders_customer false") } == 1)
        #expect(try database.state().recorded == "001 002↑0")
        try old.query("COMMIT")
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
        #expect(try Self.indexes(watcher) == ["orders_customer true true"])
        #expect(try database.state().recorded == "001 002")
    }

    // MARK: Behind a waiting ALTER

    private static let alterFiles = [
        "001_busy.up.sql": "CREATE TABLE busy (a integer); INSERT INTO busy VALUES (1);",
        "002_alter.up.sql": "ALTER TABLE busy ADD COLUMN b text;",
    ]

    /// A session in a transaction that has read the table, as many an application leaves one open.
    private static func holder(_ database: CrashDatabase) throws -> any Connection {
        #expect(try database.migrate(["up", "--to", "001"]).status == 0)
        let holder = try database.open()
        try holder.run([Step("BEGIN"), Step("SELECT a FROM busy")])
        return holder
    }

    /// Every reader that comes after the ALTER queues behind it. Without a lock timeout, none of them
    /// would get through before the holder ends.
    @Test func `readers get past an ALTER that waits for another session`() throws {
        let database = try CrashDatabase(
            .postgres, files: Self.alterFiles, lockTimeout: "300ms", lockRetries: 1000)
        let holder = try Self.holder(database)
        let reader = try database.open()
        try reader.query("SET statement_timeout = '20s'")
        let run = try database.start(["up"])
        let clock = ContinuousClock()
        for _ in 0..<3 {
            try database.waitForWaiter("mode = 'AccessExclusiveLock'")
            let start = clock.now
            // The holder is still there, and the ALTER still wants its turn.
            #expect(try reader.query("SELECT a FROM busy").rowCount == 1)
            #expect(clock.now - start < .seconds(5))
        }
        #expect(run.errorsSoFar.contains("002: a lock was not granted in time; try "))
        try holder.query("COMMIT")
        let result = run.wait(atMost: .seconds(60))
        #expect(result.status == 0, "\(result.summary)")
        #expect(try reader.query("SELECT b FROM busy").rowCount == 1)
        #expect(try database.state().successes("up", "002") == 1)
    }

    @Test func `an ALTER that never gets its lock ends with 5 and leaves the table as it was`()
        throws
    {
        let database = try CrashDatabase(
            .postgres, files: Self.alterFiles, lockTimeout: "100ms", lockRetries: 2)
        let holder = try Self.holder(database)
        let before = try database.state()
        let result = try database.migrate(["up"])
        #expect(result.status == 5, "\(result.summary)")
        #expect(result.errors.contains("002 could not get a lock in time"))
        #expect(result.errors.contains("try 2 of 2"))
        #expect(result.errors.contains("hint: Something holds the table"))
        #expect((try result.json()["failed"] as? [String: Any])?["sqlstate"] as? String == "55P03")
        let after = try database.state()
        #expect(after.contents == before.contents)
        #expect(after.history == before.history)
        #expect(after.log.last?.outcome == "failure")
        try holder.query("COMMIT")
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
    }
}

/// Writes rows into `orders`, each in a transaction of its own, until it is stopped.
private final class TableWriter: Sendable {
    private struct State {
        var count = 0
        var isStopped = false
        var hasEnded = false
        var failure: String?
    }

    private let state = Mutex(State())

    init(_ database: CrashDatabase) throws {
        let address = try DatabaseURL(database.address)
        let name = String(address.text.split(separator: "/").last ?? "")
        DelayProxy.startThread { [self] in
            do {
                let connection: any Connection = try PostgresServer.connect(database: name)
                defer { connection.close() }
                while !state.withLock({ $0.isStopped }) {
                    try connection.query("INSERT INTO orders (customer) VALUES (7)")
                    state.withLock { $0.count += 1 }
                }
            } catch {
                state.withLock { $0.failure = "\(error)" }
            }
            state.withLock { $0.hasEnded = true }
        }
    }

    /// How many it has written.
    var count: Int { state.withLock { $0.count } }

    /// Stops it; its failure, if it had one, becomes an issue.
    func stop() throws -> Int {
        state.withLock { $0.isStopped = true }
        #expect(poll(for: .seconds(30)) { state.withLock { $0.hasEnded } })
        #expect(state.withLock { $0.failure } == nil)
        return count
    }
}
