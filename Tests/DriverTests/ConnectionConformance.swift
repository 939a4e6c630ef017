import Database
import PostgresDriver
import SQLiteDriver
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An empty database of one system for one test, removed with the last reference.
private final class Target {
    let dialect: Dialect
    private let open: () throws -> any Connection
    private let remove: () -> Void

    init(_ dialect: Dialect) throws {
        self.dialect = dialect
        switch dialect {
        case .postgres:
            let database = try TestDatabase()
            open = { try database.connect() }
            remove = {}
        case .sqlite:
            let folder = "/tmp/\(PostgresServer.uniqueName("migrate_conformance"))"
            try #require(mkdir(folder, 0o700) == 0)
            let url = try SQLiteURL("sqlite:\(folder)/test.db")
            open = { try SQLiteConnection(url, mode: .create) }
            remove = {
                for suffix in ["", "-journal", "-wal", "-shm"] {
                    unlink("\(folder)/test.db\(suffix)")
                }
                rmdir(folder)
            }
        }
    }

    deinit { remove() }

    func connect() throws -> any Connection { try open() }

    /// The placeholder of a parameter, counted from 1.
    func parameter(_ number: Int) -> String { dialect == .postgres ? "$\(number)" : "?\(number)" }
}

/// The promises of `Connection`, held against both drivers.
@Suite struct ConnectionConformance {
    private static let count10000 = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        SELECT i FROM n
        """

    /// Runs the steps, which have to fail, and hands the failure back.
    private func failed(
        _ connection: any Connection, _ steps: [Step], onProgress: (Int) -> Void = { _ in }
    ) throws -> StepFailure {
        var failure: StepFailure?
        do throws(StepFailure) {
            _ = try connection.run(steps, onProgress: onProgress)
        } catch {
            failure = error
        }
        return try #require(failure, "the steps were expected to fail")
    }

    private func tableExists(_ connection: any Connection, _ name: String) -> Bool {
        do throws(DatabaseError) {
            _ = try connection.query("SELECT count(*) FROM \(name)")
            return true
        } catch { return false }
    }

    @Test(arguments: Dialect.allCases)
    func `every kind of value goes in as a parameter and comes out the same`(
        dialect: Dialect
    ) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let bytes = dialect == .postgres ? "bytea" : "blob"
        let text = "ä 'quoted' \\ back\n\u{1F600}"
        let blob: [UInt8] = [0, 1, 0x27, 0x5C, 0xFF]
        let places = (1...6).map(target.parameter).joined(separator: ", ")
        try connection.run([
            Step(
                "CREATE TABLE v (i bigint, t text, r double precision, b \(bytes), n text, e text)"),
            Step(
                "INSERT INTO v VALUES (\(places))",
                [.integer(.min), .text(text), .real(0.1), .blob(blob), .null, ""]),
        ])
        let hex = dialect == .postgres ? "encode(b, 'hex')" : "lower(hex(b))"
        let row = try #require(
            try connection.query("SELECT i, t, r, \(hex), n, e FROM v").rows.first)
        #expect(row[0].integer == .min)
        #expect(row[1] == .text(text))
        #expect(row[2].string.flatMap(Double.init) == 0.1)
        #expect(row[3] == "0001275cff")
        #expect(row[4].isNull)
        #expect(row[5] == "")
    }

    @Test(arguments: Dialect.allCases)
    func `a batch stops at the step that fails and nothing after it runs`(
        dialect: Dialect
    ) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        var finished: [Int] = []
        let failure = try failed(
            connection,
            [
                Step("BEGIN"), Step("CREATE TABLE a (id integer PRIMARY KEY)"),
                Step("INSERT INTO a VALUES (1)"), Step("INSERT INTO a VALUES (1)"),
                Step("CREATE TABLE b (id integer)"), Step("COMMIT"),
            ], onProgress: { finished.append($0) })
        #expect(failure.stepIndex == 3)
        #expect(failure.error.code == .constraint)
        #expect(finished == [0, 1, 2])
        #expect(connection.transactionState != .idle)
        try connection.query("ROLLBACK")
        #expect(connection.transactionState == .idle)
        #expect(!tableExists(connection, "a"))
        #expect(!tableExists(connection, "b"))
    }

    @Test(arguments: Dialect.allCases)
    func `a step that must run alone does not run after a failure`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let failure = try failed(
            connection,
            [
                Step("CREATE TABLE a (id integer)", runsAlone: true), Step("SELECT * FROM missing"),
                Step("CREATE TABLE b (id integer)", runsAlone: true),
                Step("CREATE TABLE c (id integer)"),
            ])
        #expect(failure.stepIndex == 1)
        #expect(tableExists(connection, "a"))
        #expect(!tableExists(connection, "b"))
        #expect(!tableExists(connection, "c"))
    }

    @Test(arguments: Dialect.allCases)
    func `the place of an error is counted in bytes, past characters of several`(
        dialect: Dialect
    ) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let before = "SELECT 'äöü€\u{1F600}e\u{301}' AS \"ß\", "
        let failure = try failed(connection, [Step("SELECT 1"), Step(before + "nowhere")])
        #expect(failure.stepIndex == 1)
        #expect(failure.error.code == .undefinedObject)
        #expect(failure.error.offset == before.utf8.count)
    }

    @Test(arguments: Dialect.allCases)
    func `each kind of mistake has its code`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        try connection.run([
            Step("CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL CHECK (n > 0))"),
            Step("INSERT INTO t VALUES (1, 1)"),
        ])
        let mistakes: [(String, DatabaseError.Code)] = [
            ("SELEC 1", .syntax), ("SELECT * FROM missing", .undefinedObject),
            ("SELECT missing FROM t", .undefinedObject),
            ("SELECT missing(1)", .undefinedObject),
            ("INSERT INTO t VALUES (1, 1)", .constraint),
            ("INSERT INTO t VALUES (2, NULL)", .constraint),
            ("INSERT INTO t VALUES (2, 0)", .constraint),
        ]
        for (sql, code) in mistakes {
            let error = try failed(connection, [Step(sql)]).error
            #expect(error.code == code, "\(sql): \(error.message)")
            #expect(!error.message.isEmpty)
        }
        #expect(try connection.query("SELECT count(*) FROM t").rows[0][0].integer == 1)
    }

    @Test(arguments: Dialect.allCases)
    func `another thread can cancel a statement, and the connection stays usable`(
        dialect: Dialect
    ) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let cancellation = Cancellation()
        let isOver = Mutex(false)
        let endless =
            dialect == .postgres
            ? "SELECT pg_sleep(600)"
            : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        DelayProxy.startThread {
            // As the program does it: ask again until it is over, for a request that comes before
            // the statement has begun finds nothing to cancel.
            while !isOver.withLock({ $0 }) {
                cancellation.request()
                _ = poll(nil, 0, 5)
            }
        }
        let failure = try cancellation.interruptible(connection.interrupter) {
            () throws -> StepFailure in
            try failed(connection, [Step("SELECT 1"), Step(endless), Step("SELECT 2")])
        }
        isOver.withLock { $0 = true }
        #expect(failure.error.code == .cancelled)
        #expect(failure.stepIndex <= 1)
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT 7").rows[0][0].integer == 7)
    }

    @Test(arguments: Dialect.allCases)
    func `the transaction's state is the database's own`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        #expect(connection.transactionState == .idle)
        try connection.query("BEGIN")
        #expect(connection.transactionState == .open)
        _ = try failed(connection, [Step("SELECT * FROM missing")])
        #expect(connection.transactionState == (dialect == .postgres ? .failed : .open))
        try connection.query("ROLLBACK")
        #expect(connection.transactionState == .idle)
        try connection.run([Step("BEGIN"), Step("CREATE TABLE a (i integer)"), Step("COMMIT")])
        #expect(connection.transactionState == .idle)
    }

    @Test(arguments: Dialect.allCases)
    func `rows beyond the limit are counted and dropped`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let results = try connection.run([
            Step(Self.count10000, rowLimit: 3), Step(Self.count10000, rowLimit: 0),
            Step(Self.count10000), Step(Self.count10000, rowLimit: 1, runsAlone: true),
        ])
        #expect(results.map(\.rows.count) == [3, 0, 10000, 1])
        #expect(results.map(\.rowCount) == [10000, 10000, 10000, 10000])
        #expect(results.map(\.columns) == [["i"], ["i"], ["i"], ["i"]])
        #expect(results[0].rows.map { $0[0].integer } == [1, 2, 3])
        #expect(results[2].rows.last?[0].integer == 10000)
    }

    @Test(arguments: Dialect.allCases)
    func `a statement says how many rows it changed`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let results = try connection.run([
            Step("CREATE TABLE a (i integer)"), Step("INSERT INTO a VALUES (1), (2), (3)"),
            Step("UPDATE a SET i = 9 WHERE i > 1"), Step("DELETE FROM a WHERE i = 77"),
            Step("SELECT i AS x, 1 AS y FROM a WHERE i = 77"),
        ])
        #expect(results[1].affectedRows == 3)
        #expect(results[2].affectedRows == 2)
        #expect(results[3].affectedRows == 0)
        #expect(results[4].affectedRows == nil)
        #expect(results[4].columns == ["x", "y"])
        #expect(results[4].rows.isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `batches of nothing and statements of nothing do nothing`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        #expect(try connection.run([]).isEmpty)
        let results = try connection.run([Step(""), Step("-- words"), Step("SELECT 1")])
        #expect(results.map(\.rowCount) == [0, 0, 1])
    }

    @Test(arguments: Dialect.allCases)
    func `two statements in one step are refused and neither runs`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let failure = try failed(
            connection, [Step("CREATE TABLE a (i integer); CREATE TABLE b (i integer)")])
        #expect(failure.error.code == .syntax)
        #expect(!tableExists(connection, "a"))
        #expect(!tableExists(connection, "b"))
    }

    @Test(arguments: Dialect.allCases)
    func `closing twice is once, and a closed connection refuses work`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let interrupter = connection.interrupter
        connection.close()
        connection.close()
        interrupter.interrupt()
        let failure = try failed(connection, [Step("SELECT 1")])
        #expect(failure.error.code == .connectionLost)
        #expect(connection.transactionState == .unknown)
    }

    @Test(arguments: Dialect.allCases)
    func `the version is told in words and as a number`(dialect: Dialect) throws {
        let target = try Target(dialect)
        let connection = try target.connect()
        let parts = connection.serverVersion.split(separator: ".").compactMap { Int($0) }
        let major = try #require(parts.first)
        let scale = dialect == .postgres ? 10000 : 1_000_000
        #expect(connection.serverVersionNumber / scale == major)
    }
}
