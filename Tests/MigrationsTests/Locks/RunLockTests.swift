import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

/// No two runs work on one history at a time.
@Suite struct RunLockTests {
    private func project(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        try project.write("2_b", up: "CREATE TABLE b (i integer);", down: "DROP TABLE b;")
        return project
    }

    /// Tries to run while another run is under way, without waiting for it.
    private func second(
        _ project: Project, _ body: (Migrator) throws -> Void
    ) -> MigrationError? {
        do {
            try project.run({ $0.settings.lockWait = .zero }, body)
            return nil
        } catch {
            return error as? MigrationError
        }
    }

    @Test(arguments: Dialect.allCases)
    func `a second run is refused and told who holds the lock`(dialect: Dialect) throws {
        let project = try project(dialect)
        var errors: [MigrationError?] = []
        let report = try project.up { context in
            context.observer.began = { step, _, _ in
                guard step.version == "2" else { return }
                errors.append(self.second(project) { _ = try $0.up(UpRequest()) })
                errors.append(self.second(project) { _ = try $0.down(.count(1)) })
                errors.append(self.second(project) { _ = try $0.redo(count: 1) })
                errors.append(self.second(project) { try $0.repair([.markReverted("1")]) })
            }
        }
        #expect(report.appliedVersions == ["1", "2"])
        #expect(errors.count == 4)
        for error in errors {
            #expect(error?.code == .lockHeld)
            let holder = try #require(error?.holder)
            #expect(
                holder.wholeMatch(
                    of: /pid 4711 on build-7, user deploy, since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
                    != nil, "\(holder)")
            #expect(error?.message == "another run holds the lock: \(holder)")
        }
        #expect(try project.applied() == ["1", "2"])
    }

    @Test(arguments: Dialect.allCases)
    func `status, plan and a run with nothing to do need no lock`(dialect: Dialect) throws {
        let project = try project(dialect)
        var seen: [Int] = []
        var nothing: RunReport?
        try project.up { context in
            context.observer.began = { step, _, _ in
                guard step.version == "2" else { return }
                seen.append((try? project.states().count) ?? 0)
                seen.append((try? project.plan().steps.count) ?? 0)
                nothing = try? project.up(UpRequest(to: "1")) { $0.settings.lockWait = .zero }
            }
        }
        #expect(seen == [2, 1])
        #expect(nothing?.applied.isEmpty == true)
    }

    @Test(arguments: Dialect.allCases)
    func `the wait is bounded, and who waits is told once`(dialect: Dialect) throws {
        let project = try project(dialect)
        var told: [String?] = []
        var waited = Duration.zero
        var error: MigrationError?
        try project.up { context in
            context.observer.began = { step, _, _ in
                guard step.version == "2" else { return }
                waited = ContinuousClock().measure {
                    error = try? failure {
                        try project.up { context in
                            context.settings.lockWait = .milliseconds(300)
                            context.observer.waiting = { told.append($0) }
                        }
                    }
                }
            }
        }
        #expect(error?.code == .lockHeld)
        #expect(told.count == 1)
        #expect(told.first??.hasPrefix("pid 4711 on build-7") == true)
        #expect(waited >= .milliseconds(300) && waited < .seconds(5), "\(waited)")
    }

    @Test(arguments: Dialect.allCases)
    func `who waits goes on when the lock is free, and finds the work done`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        let holder = HoldingRun(project.place)
        var told = 0
        let report = try project.up { context in
            context.observer.waiting = { _ in
                told += 1
                holder.release()
            }
        }
        #expect(told == 1)
        #expect(report.appliedVersions == [])
        #expect(try holder.finish() == ["1", "2"])
        #expect(try project.applied() == ["1", "2"])
    }

    @Test(arguments: Dialect.allCases)
    func `whoever is interrupted while waiting stops at once`(dialect: Dialect) throws {
        let project = try project(dialect)
        let holder = HoldingRun(project.place)
        let error = try failure {
            try project.up { context in
                let cancellation = context.cancellation
                context.observer.waiting = { _ in cancellation.request() }
            }
        }
        #expect(error.code == .interrupted)
        #expect(error.message == "interrupted while waiting for the lock")
        #expect(try project.applied() == [])
        #expect(try holder.finish() == ["1", "2"])
    }

    @Test(arguments: Dialect.allCases, [true, false])
    func `the lock is free after a run, though its connection stays open`(
        dialect: Dialect, succeeds: Bool
    ) throws {
        let project = try project(dialect)
        if !succeeds { try project.write("2_b", up: "SELECT nowhere;") }
        let migrator = try project.migrator()
        if succeeds {
            _ = try migrator.up(UpRequest())
        } else {
            _ = try failure { _ = try migrator.up(UpRequest()) }
        }
        try project.write("2_b", up: "CREATE TABLE b (i integer);", down: "DROP TABLE b;")
        #expect(second(project) { _ = try $0.down(.count(1)) } == nil)
        #expect(try project.applied().count == (succeeds ? 1 : 0))
    }

    @Test(arguments: Dialect.allCases)
    func `a run that dies lets go of the lock`(dialect: Dialect) throws {
        let project = try project(dialect)
        var connection: (any Connection)? = try project.connect()
        if let open = connection {
            var context = try project.context(open)
            context.observer.began = { step, _, _ in if step.version == "2" { open.close() } }
            let error = try failure { _ = try Migrator(context).up(UpRequest()) }
            #expect(error.cause?.code == .connectionLost)
        }
        connection = nil
        #expect(try project.up().appliedVersions == ["2"])
    }

    @Test func `a concurrent index build does not wait for those who wait for the run`() throws {
        let project = try project(.postgres)
        try project.up()
        try project.write(
            "3_c", up: "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_i ON a (i);")
        let place = project.place
        var waiter: Background<[String]>?
        let report = try project.up { context in
            context.observer.began = { _, _, _ in
                waiter = Background {
                    let connection = try place.connect()
                    defer { connection.close() }
                    return try Migrator(place.context(connection)).up(UpRequest()).appliedVersions
                }
                try? eventually("the other run waits") {
                    try project.value(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE state = 'idle'
                        AND query LIKE '%pg_locks%' AND datname = current_database()
                        AND pid != pg_backend_pid()
                        """) == "1"
                }
            }
        }
        #expect(report.appliedVersions == ["3"])
        #expect(try waiter?.wait() == [])
    }

    @Test func `a holder that the URL gave another name is told as the server knows it`() throws {
        let project = try project(.postgres)
        let server = try #require(project.server)
        let url = try DatabaseURL(server.url.text + "?application_name=nightly")
        let connection = try PostgresConnection(PostgresOptions(url: url))
        var context = try project.context(connection)
        var error: MigrationError?
        context.observer.began = { _, _, _ in
            error = error ?? self.second(project) { _ = try $0.up(UpRequest()) }
        }
        _ = try Migrator(context).up(UpRequest())
        #expect(
            error?.holder
                == "server process \(connection.backendPID), role postgres, from 127.0.0.1, "
                + "application 'nightly'")
        connection.close()
    }

    @Test func `histories of other names and schemas have locks of their own`() throws {
        let project = try project(.postgres)
        var reports: [Int] = []
        try project.up { context in
            context.observer.began = { step, _, _ in
                guard step.version == "1" else { return }
                for name in ["other_migrations", "ops.schema_migrations"] {
                    let report = try? project.up(UpRequest(to: "1"), isDryRun: true) {
                        $0.historyTable = HistoryTableName(name) ?? .standard
                        $0.settings.lockWait = .zero
                    }
                    reports.append(report?.applied.count ?? -1)
                }
            }
        }
        #expect(reports == [1, 1])
    }

    @Test func `the program's own examination names the holder`() throws {
        let project = try project(.postgres)
        var holder: String?
        try project.up { context in
            context.observer.began = { _, _, _ in
                holder = (try? project.run { try $0.examine() })?.lockHolder
            }
        }
        #expect(holder?.hasPrefix("pid 4711 on build-7, user deploy") == true)
        #expect(try project.run { try $0.examine() }.lockHolder == nil)
    }
}
