import Database
import Migrations
import PostgresDriver
import SQLiteDriver
import Synchronization
import TestSupport
import Testing

/// Locks on tables that are not granted in time.
@Suite struct LockTimeoutTests {
    /// A project with a table `a` that another session has locked, and a pending migration of it.
    private func blocked(
        _ dialect: Dialect, head: String = ""
    ) throws -> (project: Project, blocker: any Connection) {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.up()
        try project.write(
            "2_b", up: head + "CREATE TABLE b (i integer);\nALTER TABLE a ADD COLUMN j integer;")
        let blocker = try project.connect()
        try blocker.run(
            dialect == .postgres
                ? [Step("BEGIN"), Step("LOCK TABLE a IN ACCESS SHARE MODE")]
                : [Step("BEGIN IMMEDIATE")])
        return (project, blocker)
    }

    /// Runs `up` with a short lock timeout: on SQLite it is the connection's.
    private func up(
        _ project: Project, retries: Int = 5, _ adjust: (inout RunContext) -> Void
    ) throws -> RunReport {
        let connection: any Connection =
            project.dialect == .postgres
            ? try project.connect()
            : try SQLiteConnection(
                SQLiteURL("sqlite:\(project.file)"), mode: .existing, busyTimeout: .milliseconds(50)
            )
        defer { connection.close() }
        var context = try project.context(connection)
        context.settings.lockTimeout = .milliseconds(50)
        context.settings.lockRetries = retries
        adjust(&context)
        return try Migrator(context).up(UpRequest())
    }

    @Test(arguments: Dialect.allCases, [false, true])
    func `the migration is rolled back and tried again after growing pauses, until it succeeds`(
        dialect: Dialect, together: Bool
    ) throws {
        let (project, blocker) = try blocked(dialect)
        var retries: [String] = []
        let report = try up(project) { context in
            context.settings.isOneTransaction = together
            context.observer.retrying = { version, attempt, of, pause in
                retries.append("\(version) \(attempt)/\(of) \(pause.wholeMilliseconds)")
                if attempt == 2 { _ = try? blocker.query("COMMIT") }
            }
        }
        #expect(report.appliedVersions == ["2"])
        #expect(retries == ["2 1/5 250", "2 2/5 500"])
        #expect(report.rolledBack.isEmpty)
        #expect(try project.tables() == ["a", "b"])
        #expect(try project.applied() == ["1", "2"])
        #expect(try project.log().map { $0["outcome"] } == ["success", "success"])
    }

    @Test(arguments: Dialect.allCases)
    func `when it is never granted, it fails as such and leaves nothing`(dialect: Dialect) throws {
        let (project, blocker) = try blocked(dialect)
        var attempts = 0
        let error = try failure {
            _ = try up(project, retries: 1) { context in
                context.observer.retrying = { _, attempt, _, _ in attempts = attempt }
            }
        }
        #expect(error.code == .lockTimeout)
        #expect(error.message == "2 could not get a lock in time")
        #expect(error.failed?.version == "2")
        if dialect == .postgres {
            #expect(error.failed?.place == "2_b.up.sql:2:1")
            #expect(error.failed?.databaseError?.sqlState == "55P03")
        }
        #expect(attempts == 1)
        try blocker.query("ROLLBACK")
        #expect(try project.tables() == ["a"])
        #expect(try project.states() == ["1": .applied, "2": .pending])
        #expect(try project.up().appliedVersions == ["2"])
    }

    @Test func `a statement of a file without a transaction is tried again by itself`() throws {
        let (project, blocker) = try blocked(.postgres, head: "-- migrate: no-transaction\n")
        var done: [String?] = []
        let report = try up(project) { context in
            context.observer.retrying = { _, _, _, _ in
                done.append(
                    try? project.value(
                        "SELECT statements_done FROM schema_migrations WHERE version = '2'"))
                _ = try? blocker.query("COMMIT")
            }
        }
        #expect(report.appliedVersions == ["2"])
        #expect(done == ["1"])
    }

    @Test func `a lock timeout of a file without a transaction leaves it part-way`() throws {
        let (project, blocker) = try blocked(.postgres, head: "-- migrate: no-transaction\n")
        let error = try failure { _ = try up(project, retries: 0) { _ in } }
        #expect(error.code == .lockTimeout)
        #expect(error.hint?.contains("1 of 2 statements of 2 are done and recorded") == true)
        #expect(try project.states()["2"] == .failedPartWay)
        try blocker.query("COMMIT")
        #expect(try project.up().appliedVersions == ["2"])
    }

    @Test func `the file's own lock timeout goes before the setting`() throws {
        let (project, blocker) = try blocked(
            .postgres, head: "-- migrate: lock-timeout 20ms\n")
        let error = try failure {
            _ = try up(project, retries: 0) { $0.settings.lockTimeout = .seconds(3600) }
        }
        #expect(error.code == .lockTimeout)
        try blocker.query("COMMIT")
    }

    @Test func `a statement timeout is a failure and is not tried again`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a", up: "-- migrate: statement-timeout 50ms\nSELECT 1; SELECT pg_sleep(60);")
        var retries = 0
        let error = try failure {
            try project.up { $0.observer.retrying = { _, _, _, _ in retries += 1 } }
        }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.databaseError?.code == .statementTimeout)
        #expect(error.failed?.place == "1_a.up.sql:2:11")
        #expect(retries == 0)
        try project.write("1_a", up: "SELECT pg_sleep(60);")
        let setting = try failure {
            try project.up { $0.settings.statementTimeout = .milliseconds(50) }
        }
        #expect(setting.failed?.databaseError?.code == .statementTimeout)
    }

    @Test func `a deadlock or a serialization failure is tried again as well`() throws {
        let project = try Project(.postgres)
        try project.write("1_a", up: "CREATE SEQUENCE tries;")
        try project.write(
            "2_b",
            up: """
                CREATE TABLE b (i integer);
                DO $$ BEGIN IF nextval('tries') < 3 THEN
                  RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END IF; END $$;
                """)
        #expect(try project.up().appliedVersions == ["1", "2"])
        #expect(try project.value("SELECT last_value FROM tries") == "3")
    }

    @Test(arguments: Dialect.allCases)
    func `a run that is interrupted during the pause stops there`(dialect: Dialect) throws {
        let (project, blocker) = try blocked(dialect)
        let error = try failure {
            _ = try up(project) { context in
                let cancellation = context.cancellation
                context.observer.retrying = { _, _, _, _ in
                    cancellation.request()
                    _ = try? blocker.query("COMMIT")
                }
            }
        }
        #expect(error.code == .interrupted)
        #expect(try project.tables() == ["a"])
        #expect(try project.log().last?["outcome"] == "interrupted")
    }

    @Test func `a reader waits no longer behind a waiting ALTER than the lock timeout`() throws {
        let (project, blocker) = try blocked(.postgres)
        let server = try #require(project.server)
        let counts = Mutex((reads: 0, longest: Duration.zero, isOver: false))
        let reader = Background {
            let connection = try server.connect()
            let clock = ContinuousClock()
            while !counts.withLock({ $0.isOver }) {
                let time = try clock.measure { _ = try connection.query("SELECT count(*) FROM a") }
                counts.withLock {
                    $0.reads += 1
                    $0.longest = max($0.longest, time)
                }
            }
            connection.close()
        }
        try eventually("the reader reads") { counts.withLock { $0.reads } > 0 }
        var reads: [Int] = []
        let error = try failure {
            _ = try up(project, retries: 3) { context in
                context.settings.lockTimeout = .milliseconds(400)
                context.observer.retrying = { _, _, _, _ in
                    // The queue behind the ALTER is gone: the reader goes on meanwhile.
                    let before = counts.withLock { $0.reads }
                    try? eventually("the reader goes on") {
                        counts.withLock { $0.reads } > before + 2
                    }
                    reads.append(counts.withLock { $0.reads })
                }
            }
        }
        counts.withLock { $0.isOver = true }
        try reader.wait()
        #expect(error.code == .lockTimeout)
        #expect(reads.count == 3)
        // It did wait behind the ALTER, and no longer than one attempt, machine's slowness granted.
        let longest = counts.withLock { $0.longest }
        #expect(longest > .milliseconds(200) && longest < .milliseconds(1400), "\(longest)")
        try blocker.query("COMMIT")
    }
}
