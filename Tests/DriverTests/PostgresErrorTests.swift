import Database
import PostgresDriver
import Synchronization
import TestSupport
import Testing

/// What a failure tells, and connections that break.
@Suite struct PostgresErrorTests {
    @Test(
        arguments: [
            ("SELEC 1", DatabaseError.Code.syntax, "42601"),
            ("SELECT * FROM missing", .undefinedObject, "42P01"),
            ("SELECT missing FROM pg_class", .undefinedObject, "42703"),
            ("SELECT missing()", .undefinedObject, "42883"),
            ("SELECT 'x'::missing", .undefinedObject, "42704"),
            ("CREATE TABLE missing.t (i int)", .undefinedObject, "3F000"),
            ("SELECT 1/0", .other, "22012"),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$",
                .transactionRollback, "40P01"
            ),
            ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$", .storage, "53100"),
            // As dblink does when a third server is away: our own connection is well.
            ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '08001'; END $$", .other, "08001"),
            ("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)", .cancelled, "57014"),
        ])
    func `each SQLSTATE has its code`(
        sql: String, code: DatabaseError.Code, state: String
    ) throws {
        let connection = try PostgresServer.connect()
        let error = try failed(connection, [Step(sql)]).error
        #expect(error.code == code)
        #expect(error.sqlState == state)
        #expect(connection.isConnected)
    }

    @Test func `time limits of the server are told from each other`() throws {
        let database = try TestDatabase()
        let holder = try database.connect()
        let connection = try database.connect()
        try holder.query("CREATE TABLE a (i int)")
        try holder.run([Step("BEGIN"), Step("LOCK TABLE a")])
        try connection.run([Step("SET lock_timeout = '50ms'")])
        #expect(try failed(connection, [Step("SELECT * FROM a")]).error.code == .lockTimeout)
        try connection.run([Step("RESET lock_timeout"), Step("SET statement_timeout = '50ms'")])
        #expect(try failed(connection, [Step("SELECT * FROM a")]).error.code == .statementTimeout)
    }

    @Test func `a write in a read-only transaction and a missing privilege are told`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE TABLE a (i int)")
        let readOnly = try failed(
            connection, [Step("BEGIN READ ONLY"), Step("INSERT INTO a VALUES (1)")])
        #expect(readOnly.error.code == .readOnly)
        try connection.query("ROLLBACK")
        let role = try TestRole()
        let guest = try PostgresConnection(
            PostgresOptions(url: role.url(database: database.name)))
        #expect(guest.user == role.name)
        let denied = try failed(guest, [Step("SELECT * FROM a")])
        #expect(denied.error.code == .insufficientPrivilege)
        guest.close()
    }

    @Test func `the server's facts come along`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE TABLE a (i int CONSTRAINT positive CHECK (i > 0))")
        let violation = try failed(connection, [Step("INSERT INTO a VALUES (-1)")]).error
        #expect(
            violation.objects == ["schema": "public", "table": "a", "constraint": "positive"])
        #expect(violation.detail == "Failing row contains (-1).")
        let raised = try failed(
            connection, [Step("DO $$ BEGIN RAISE 'x' USING HINT = 'do y', DETAIL = 'z'; END $$")]
        ).error
        #expect(raised.message == "x")
        #expect(raised.hint == "do y")
        #expect(raised.detail == "z")
        #expect(raised.context?.contains("inline_code_block") == true)
    }

    @Test func `a server that counts bytes gives the same place`() throws {
        let database = try TestDatabase(
            options: "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        let connection = try database.connect()
        let before = "SELECT 'äöü€', "
        let error = try failed(connection, [Step(before + "nowhere")]).error
        #expect(error.offset == before.utf8.count)
    }

    // MARK: Broken connections

    /// Runs `breaking` once the server shows that the connection's statement runs.
    private func breakDuringSleep(
        _ connection: PostgresConnection, _ breaking: @escaping @Sendable (Int32) -> Void
    ) throws -> StepFailure {
        let pid = connection.backendPID
        let watcher = Mutex<String?>(nil)
        // The watcher has a connection of its own, opened here so that a failure is this test's.
        let address = try PostgresServer.url(database: "postgres")
        DelayProxy.startThread {
            do {
                let admin = try PostgresConnection(PostgresOptions(url: address))
                let question =
                    "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
                while try admin.query(question, [.integer(Int64(pid))]).rowCount == 0 {}
                breaking(pid)
            } catch {
                watcher.withLock { $0 = "\(error)" }
            }
        }
        let failure = try failed(
            connection, [Step("SELECT 1"), Step("SELECT pg_sleep(600)"), Step("SELECT 2")])
        #expect(watcher.withLock { $0 } == nil)
        return failure
    }

    private func expectLost(_ connection: PostgresConnection, _ failure: StepFailure) throws {
        #expect(failure.error.code == .connectionLost)
        #expect(!connection.isConnected)
        #expect(connection.transactionState == .unknown)
        let next = try failed(connection, [Step("ROLLBACK")])
        #expect(next.error.code == .connectionLost)
        connection.interrupter.interrupt()
        connection.close()
    }

    @Test func `a connection that is cut is reported as lost`() throws {
        let database = try TestDatabase()
        let server = try PostgresServer.address()
        let proxy = try DelayProxy(host: server.host, port: server.port)
        let connection = try PostgresConnection(
            PostgresOptions(url: database.url(port: proxy.port)))
        let failure = try breakDuringSleep(connection) { _ in proxy.cut() }
        #expect(failure.stepIndex <= 1)
        #expect(failure.error.sqlState == nil)
        try expectLost(connection, failure)
    }

    @Test func `a session that an administrator ends is reported as lost, with his reason`() throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        let address = database.url
        let failure = try breakDuringSleep(connection) { pid in
            let admin = try? PostgresConnection(PostgresOptions(url: address))
            _ = try? admin?.query("SELECT pg_terminate_backend($1)", [.integer(Int64(pid))])
        }
        #expect(failure.error.sqlState == "57P01")
        try expectLost(connection, failure)
    }

    @Test func `a connection that broke between two batches is found out by the next`() throws {
        let database = try TestDatabase()
        let server = try PostgresServer.address()
        let proxy = try DelayProxy(host: server.host, port: server.port)
        let connection = try PostgresConnection(
            PostgresOptions(url: database.url(port: proxy.port)))
        try connection.query("SELECT 1")
        proxy.cut()
        // Larger than the socket's buffers, so that writing meets the end as well.
        let steps = (0..<100).map { _ in
            Step("SELECT $1::text", [.text(String(repeating: "x", count: 100_000))])
        }
        try expectLost(connection, failed(connection, steps))
    }

    @Test func `a COPY whose connection is cut is reported as lost`() throws {
        let database = try TestDatabase()
        let server = try PostgresServer.address()
        let proxy = try DelayProxy(host: server.host, port: server.port)
        let connection = try PostgresConnection(
            PostgresOptions(url: database.url(port: proxy.port)))
        try connection.query("CREATE TABLE a (t text)")
        connection.onNotice = { _ in proxy.cut() }
        let data = [UInt8](repeating: UInt8(ascii: "x"), count: 30_000_000)
        let failure = try failed(
            connection,
            [
                Step("DO $$ BEGIN RAISE NOTICE 'cut here'; END $$"),
                Step("COPY a FROM STDIN", copyData: data),
            ])
        try expectLost(connection, failure)
    }

    @Test func `closing while others interrupt does no harm`() throws {
        let database = try TestDatabase()
        let connections = try (0..<8).map { _ in try database.connect() }
        let isOver = Mutex(false)
        let rounds = Mutex(0)
        let interrupters = connections.map(\.interrupter)
        for interrupter in interrupters {
            DelayProxy.startThread {
                while !isOver.withLock({ $0 }) {
                    interrupter.interrupt()
                    rounds.withLock { $0 += 1 }
                }
            }
        }
        while rounds.withLock({ $0 }) < 50 {}
        for connection in connections { connection.close() }
        let seen = rounds.withLock { $0 }
        while rounds.withLock({ $0 }) < seen + 1000 {}
        isOver.withLock { $0 = true }
        #expect(connections.allSatisfy { !$0.isConnected })
    }
}
