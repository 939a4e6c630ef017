import Database
import Foundation
import TestSupport
import Testing

/// What a request to stop does at places where a run may stay for long.
@Suite struct CrashSignalTests {
    /// A statement that ends only if it is cancelled.
    private static func endless(_ dialect: Dialect) -> String {
        dialect == .postgres
            ? "SELECT pg_sleep(3600)"
            : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                + "SELECT count(*) FROM n"
    }

    private static func slowSet(_ engine: CrashEngine, header: String = "") -> [String: String] {
        [
            "001_one.up.sql": "CREATE TABLE one (a text);",
            "002_slow.up.sql": """
            \(header)
            INSERT INTO one VALUES ('first');
            INSERT INTO one VALUES ('second');
            \(endless(engine.dialect));
            INSERT INTO one VALUES ('last');
            """,
        ]
    }

    private static func rows(_ database: CrashDatabase) throws -> [String] {
        try database.state().contents.filter { $0.hasPrefix("one | ") }
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .wal, .postgres], [SIGINT, SIGTERM])
    func `a long statement is cancelled and its migration rolled back`(
        _ engine: CrashEngine, _ signal: Int32
    ) throws {
        let database = try CrashDatabase(engine, files: Self.slowSet(engine))
        let run = try database.start(["up"], until: "002")
        run.send(signal)
        let result = run.wait(atMost: .seconds(30))
        #expect(result.status == 130)
        #expect(result.errors.contains("interrupted"))
        #expect(result.errors.contains("before that: 1 migration applied"))
        let document = try result.json()
        #expect(document["outcome"] as? String == "failed")
        #expect((document["error"] as? [String: Any])?["code"] as? String == "interrupted")
        #expect((document["failed"] as? [String: Any])?["version"] as? String == "002")
        let state = try database.state()
        #expect(result.documentProblems(DatabaseState(), state) == [])
        #expect(state.recorded == "001")
        #expect(try Self.rows(database) == [])
        #expect(state.log.last?.outcome == "interrupted")
        #expect(state.log.last?.version == "002")
        try database.write(["002_slow.up.sql": "INSERT INTO one VALUES ('mended');"])
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
        #expect(try Self.rows(database) == ["one | mended"])
        #expect(try database.state().chainProblems == [])
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .wal, .postgres])
    func `an interrupted migration without transaction goes on where it stopped`(
        _ engine: CrashEngine
    ) throws {
        let files = Self.slowSet(engine, header: "-- migrate: no-transaction")
        let database = try CrashDatabase(engine, files: files)
        let run = try database.start(["up"], until: "002")
        let reader = try database.open()
        #expect(
            try poll(for: .seconds(30)) {
                try reader.query(
                    "SELECT 1 FROM schema_migrations WHERE version = '002' "
                        + "AND statements_done = 2"
                ).rowCount == 1
            })
        reader.close()
        run.send(SIGINT)
        #expect(run.wait(atMost: .seconds(30)).status == 130)
        #expect(try database.state().recorded == "001 002↑2")
        let text = try #require(files["002_slow.up.sql"])
        let mended = text.replacingOccurrences(of: Self.endless(engine.dialect), with: "SELECT 1")
        try database.write(["002_slow.up.sql": mended])
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
        #expect(try Self.rows(database) == ["one | first", "one | last", "one | second"])
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .postgres])
    func `a run that waits for the lock can be interrupted and the holder goes on`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine, files: Self.slowSet(engine))
        let holder = try database.start(["up"], until: "002")
        let waiting = try database.start(["up"])
        #expect(
            poll(for: .seconds(30)) {
                waiting.errorsSoFar.contains("waiting for the lock, held by pid \(holder.pid) on ")
            })
        waiting.send(SIGTERM)
        let result = waiting.wait(atMost: .seconds(30))
        #expect(result.status == 130)
        #expect(result.errors.contains("interrupted while waiting for the lock"))
        #expect((try result.json()["applied"] as? [Any])?.isEmpty == true)
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 5)
        holder.send(SIGINT)
        #expect(holder.wait(atMost: .seconds(30)).status == 130)
        let state = try database.state()
        #expect(state.recorded == "001")
        // Whoever only waited has not written anything.
        #expect(state.log.map(\.outcome) == ["success", "interrupted"])
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .postgres])
    func `a run that waits gets the lock when its holder is killed`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine, files: Self.slowSet(engine))
        let holder = try database.start(["up"], until: "002")
        let next = try database.start(["up", "--verbose"])
        #expect(poll(for: .seconds(30)) { next.errorsSoFar.contains("waiting for the lock") })
        holder.send(SIGKILL)
        #expect(holder.wait().signal == SIGKILL)
        // On PostgreSQL as soon as the server notices, within the statement that it runs.
        #expect(poll(for: .seconds(30)) { next.errorsSoFar.contains("applying 002") })
        next.send(SIGINT)
        #expect(next.wait(atMost: .seconds(30)).status == 130)
        #expect(try database.state().recorded == "001")
    }

    @Test func `a second signal ends a run whose statement cannot be cancelled`() throws {
        let stubborn = """
            CREATE TABLE two (a int);
            DO $$ BEGIN
                LOOP
                    BEGIN PERFORM pg_sleep(60);
                    EXCEPTION WHEN query_canceled THEN PERFORM nextval('cancels');
                    END;
                END LOOP;
            END $$;
            """
        let database = try CrashDatabase(
            .postgres,
            files: ["001_one.up.sql": "CREATE SEQUENCE cancels;", "002_two.up.sql": stubborn])
        let run = try database.start(["up"], until: "002")
        run.send(SIGINT)
        // The server is asked again and again.
        let reader = try database.open()
        #expect(
            try poll(for: .seconds(30)) {
                try reader.query("SELECT FROM cancels WHERE last_value >= 3").rowCount == 1
            })
        run.send(SIGTERM)
        let result = run.wait(atMost: .seconds(20))
        #expect(result.status == 130)
        #expect(try database.waitForKilledSession())
        #expect(try database.state().recorded == "001")
        try database.write(["002_two.up.sql": "CREATE TABLE two (a int);"])
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
    }

    @Test func `a run that waits for a lock on the history can be interrupted`() throws {
        let database = try CrashDatabase(
            .postgres, files: ["001_one.up.sql": "CREATE TABLE one (a int);"])
        #expect(try database.migrate(["up"]).status == 0)
        let other = try database.open()
        try other.query("BEGIN")
        try other.query("LOCK TABLE schema_migrations")
        let table = try #require(
            try other.query("SELECT 'schema_migrations'::regclass::oid").rows[0][0].string)
        for command in [["up"], ["down"], ["status"], ["repair", "--mark-reverted", "001"]] {
            let run = try database.start(command)
            try database.waitForWaiter("relation = \(table)")
            run.send(SIGINT)
            let result = run.wait(atMost: .seconds(20))
            #expect(result.status == 130, "\(command): \(result.summary)")
        }
        try other.query("ROLLBACK")
        #expect(try database.state().recorded == "001")
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
    func `a signal that the caller ignores does not stop a run`(_ signal: Int32) throws {
        let database = try CrashDatabase(
            .postgres, files: ["001_one.up.sql": "CREATE TABLE one (a int);"],
            lockTimeout: "60s")
        let gate = try Gate(database)
        try database.write(["002_gate.up.sql": gate.statement + "; CREATE TABLE two (a int);"])
        let run = try database.start(["up"], shell: "trap '' \(signal); exec \"$0\" \"$@\"")
        try gate.waitUntilReached(by: run)
        // Twice: were it heeded, the second would end the process.
        run.send(signal)
        run.send(signal)
        try gate.open()
        #expect(run.wait(atMost: .seconds(30)).status == 0)
        #expect(try database.state().recorded == "001 002")
    }
}
