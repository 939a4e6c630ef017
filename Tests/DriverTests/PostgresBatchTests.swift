import Database
import PostgresDriver
import TestSupport
import Testing

/// Runs the steps, which have to fail, and hands the failure back.
func failed(
    _ connection: PostgresConnection, _ steps: [Step], onProgress: (Int) -> Void = { _ in }
) throws -> StepFailure {
    var failure: StepFailure?
    do throws(StepFailure) {
        _ = try connection.run(steps, onProgress: onProgress)
    } catch {
        failure = error
    }
    return try #require(failure, "the steps were expected to fail")
}

/// How batches go over the wire.
@Suite struct PostgresBatchTests {
    private func connect(
        _ database: TestDatabase, through proxy: DelayProxy
    ) throws -> PostgresConnection {
        try PostgresConnection(
            PostgresOptions(url: database.url(port: proxy.port), applicationName: "migrate tests"))
    }

    private func proxy(delay: Duration = .zero) throws -> DelayProxy {
        let server = try PostgresServer.address()
        return try DelayProxy(host: server.host, port: server.port, delay: delay)
    }

    @Test func `a batch of twenty steps costs one round trip`() throws {
        let database = try TestDatabase()
        let proxy = try proxy(delay: .milliseconds(5))
        let connection = try connect(database, through: proxy)
        let inserts = (1...17).map { Step("INSERT INTO a VALUES ($1)", [.integer(Int64($0))]) }
        proxy.reset()
        let clock = ContinuousClock()
        let time = try clock.measure {
            try connection.run(
                [Step("BEGIN"), Step("CREATE TABLE a (i bigint)")] + inserts + [Step("COMMIT")])
        }
        #expect(proxy.roundTrips == 1)
        #expect(time >= .milliseconds(10), "the proxy has to delay both ways")
        try connection.query("SELECT 1")
        #expect(proxy.roundTrips == 2)
        #expect(try connection.query("SELECT count(*) FROM a").rows[0][0].integer == 17)
    }

    @Test func `a failing batch costs one round trip too`() throws {
        let database = try TestDatabase()
        let proxy = try proxy()
        let connection = try connect(database, through: proxy)
        proxy.reset()
        let failure = try failed(
            connection, [Step("BEGIN"), Step("SELECT 1/0"), Step("SELECT 1"), Step("COMMIT")])
        #expect(failure.stepIndex == 1)
        #expect(failure.error.sqlState == "22012")
        #expect(proxy.roundTrips == 1)
        #expect(connection.transactionState == .failed)
        try connection.query("ROLLBACK")
        #expect(connection.transactionState == .idle)
    }

    @Test func `progress is told while the batch still runs`() throws {
        let database = try TestDatabase()
        let admin = try database.connect()
        let connection = try database.connect()
        try admin.query("SELECT pg_advisory_lock(7)")
        try connection.query("SET statement_timeout = '20s'")
        var isReleased = false
        // The last step waits for a lock that is let go only when the first is told to be over.
        _ = try connection.run(
            [Step("SELECT 'first'", isFromFile: true), Step("SELECT pg_advisory_lock(7)")],
            onProgress: { index in
                guard index == 0 else { return }
                let answer = try? admin.query("SELECT pg_advisory_unlock(7)")
                isReleased = answer?.rows[0][0].boolean == true
            })
        #expect(isReleased)
    }

    @Test func `a batch larger than every buffer in both directions does not stall`() throws {
        let connection = try PostgresServer.connect()
        let text = String(repeating: "0123456789", count: 2000)
        let steps = (0..<1000).map {
            Step("SELECT $1::int, $2::text || $2::text", [.integer(Int64($0)), .text(text)])
        }
        var progress: [Int] = []
        let results = try connection.run(steps, onProgress: { progress.append($0) })
        #expect(progress == Array(0..<1000))
        #expect(results.indices.allSatisfy { results[$0].rows[0][0].integer == Int64($0) })
        #expect(results.allSatisfy { $0.rows[0][1].string?.utf8.count == 40000 })
    }

    @Test func `one value of twenty megabytes passes`() throws {
        let connection = try PostgresServer.connect()
        let bytes = [UInt8](repeating: 0xAB, count: 20_000_000)
        let result = try connection.query("SELECT length($1::bytea)", [.blob(bytes)])
        #expect(result.rows[0][0].integer == 20_000_000)
    }

    @Test func `steps without a transaction are undone together`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        _ = try failed(connection, [Step("CREATE TABLE a (i int)"), Step("SELECT 1/0")])
        #expect(connection.transactionState == .idle)
        let count = try connection.query("SELECT count(*) FROM pg_class WHERE relname = 'a'")
        #expect(count.rows[0][0].integer == 0)
    }

    @Test func `a deferred constraint that fails at the end is the last step's failure`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.query(
            "CREATE TABLE a (i int CONSTRAINT one_each UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        // Outside a transaction it fails at the Sync, inside one at COMMIT.
        let insert = Step("INSERT INTO a VALUES (1)")
        let atSync = try failed(connection, [insert, insert])
        #expect(atSync.stepIndex == 1)
        #expect(atSync.error.code == .constraint)
        #expect(connection.transactionState == .idle)
        let atCommit = try failed(
            connection, [Step("BEGIN"), insert, insert, Step("COMMIT"), Step("SELECT 1")])
        #expect(atCommit.stepIndex == 3)
        #expect(atCommit.error.objects["constraint"] == "one_each")
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT count(*) FROM a").rows[0][0].integer == 0)
    }

    @Test func `a step that cannot be sent stops the batch there`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        // The protocol counts parameters in 16 bits.
        let tooMany = [DatabaseValue](repeating: 1, count: 70000)
        let failure = try failed(
            connection,
            [Step("BEGIN"), Step("SELECT 1"), Step("SELECT $1", tooMany), Step("COMMIT")])
        #expect(failure.stepIndex == 2)
        #expect(failure.error.code == .other)
        #expect(connection.transactionState == .open)
        try connection.query("ROLLBACK")
    }

    @Test func `a zero byte is refused before anything runs`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let inText = try failed(
            connection, [Step("CREATE TABLE a (i int)"), Step("SELECT 'ä' \0 ; DROP TABLE b")])
        #expect(inText.stepIndex == 1)
        #expect(inText.error.code == .syntax)
        #expect(inText.error.offset == 12)
        let inValue = try failed(connection, [Step("SELECT $1::text", ["a\0b"])])
        #expect(inValue.stepIndex == 0)
        let count = try connection.query("SELECT count(*) FROM pg_class WHERE relname = 'a'")
        #expect(count.rows[0][0].integer == 0)
    }

    @Test func `statements that must be alone run between the others`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.run([
            Step("CREATE TABLE a (i int)"), Step("INSERT INTO a VALUES (1)"),
            Step("CREATE INDEX CONCURRENTLY a_i ON a (i)", runsAlone: true),
            Step("VACUUM a", runsAlone: true),
            Step(
                """
                CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO a VALUES (2); COMMIT; INSERT INTO a VALUES (3); END $$
                """), Step("CALL twice()", runsAlone: true), Step("INSERT INTO a VALUES (4)"),
        ])
        let sum = try connection.query("SELECT sum(i) FROM a")
        #expect(sum.rows[0][0].integer == 10)
        let valid = try connection.query(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
        #expect(valid.rows[0][0].boolean == true)
    }

    @Test func `notices come in order on the way`() throws {
        let connection = try PostgresServer.connect()
        var notices: [DatabaseNotice] = []
        connection.onNotice = { notices.append($0) }
        try connection.run([
            Step("DO $$ BEGIN RAISE NOTICE 'first' USING DETAIL = 'more', HINT = 'try'; END $$"),
            Step("DROP TABLE IF EXISTS nothing"),
            Step("DO $$ BEGIN RAISE WARNING 'last'; END $$", runsAlone: true),
        ])
        #expect(notices.map(\.severity) == ["NOTICE", "NOTICE", "WARNING"])
        #expect(notices.first?.message == "first")
        #expect(notices.first?.detail == "more\ntry")
        #expect(notices.last?.message == "last")
    }
}

/// COPY between client and server.
@Suite struct PostgresCopyTests {
    @Test func `the data of a COPY goes in, in a transaction with other steps`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let lines = (1...200_000).map { "\($0)\tline number \($0)\n" }.joined()
        let results = try connection.run([
            Step("BEGIN"), Step("CREATE TABLE a (i int, t text)"),
            Step("-- all\ncopy a FROM stdin", copyData: Array(lines.utf8)),
            Step("SELECT count(*), sum(i) FROM a"), Step("COMMIT"),
        ])
        #expect(results[2].affectedRows == 200_000)
        #expect(results[3].rows[0][0].integer == 200_000)
        #expect(results[3].rows[0][1].integer == 20_000_100_000)
        #expect(connection.transactionState == .idle)
    }

    @Test func `bad data names its line, and the connection stays usable`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        // So much data follows the bad line that the server has long answered while it is sent.
        let lines = "1\nx\n" + (1...500_000).map { "\($0)\n" }.joined()
        let failure = try failed(
            connection,
            [
                Step("BEGIN"), Step("CREATE TABLE a (i int)"),
                Step("COPY a FROM STDIN", copyData: Array(lines.utf8)), Step("SELECT 1/0"),
            ])
        #expect(failure.stepIndex == 2)
        #expect(failure.error.sqlState == "22P02")
        #expect(failure.error.context?.contains("line 2") == true)
        #expect(connection.transactionState == .failed)
        try connection.query("ROLLBACK")
        #expect(try connection.query("SELECT 1").rowCount == 1)
    }

    @Test(arguments: [
        "COPY a FROM STDIN", "/* /* */ */ COPY a TO STDOUT", "COPY (SELECT 1) TO STDOUT",
    ])
    func `a COPY whose other end is missing fails cleanly`(sql: String) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.run([
            Step("CREATE TABLE a (i int)"),
            Step("INSERT INTO a SELECT generate_series(1, 100000)"),
        ])
        let failure = try failed(connection, [Step("SELECT 1"), Step(sql), Step("SELECT 1/0")])
        #expect(failure.stepIndex == 1)
        #expect(failure.error.message.hasPrefix("COPY …"))
        #expect(failure.error.hint != nil)
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT count(*) FROM a").rows[0][0].integer == 100_000)
    }

    @Test func `data behind a statement that takes none is an error`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let failure = try failed(connection, [Step("SELECT 1", copyData: Array("1\n".utf8))])
        #expect(failure.error.message.contains("takes no data"))
        #expect(try connection.query("SELECT 1").rowCount == 1)
    }
}
