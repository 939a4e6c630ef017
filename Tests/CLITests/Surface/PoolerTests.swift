import Database
import Foundation
import TestSupport
import Testing

/// Behind a pooler that lends sessions for a transaction at a time, where no session's lock holds.
@Suite struct PoolerTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);", "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "SET search_path = pg_temp; CREATE TABLE public.b (x integer);",
        "002_b.down.sql": "DROP TABLE public.b;",
    ]
    private static let secret = "Hunter2Hunter2"

    private let project: SurfaceProject

    init() throws { project = try SurfaceProject(.postgres, migrations: Self.migrations) }

    private func pooler(sessions: Int) throws -> (pooler: TransactionPooler, url: String) {
        let server = try #require(URLComponents(string: project.url))
        let user = server.user ?? ""
        let pooler = try TransactionPooler(
            serverPort: server.port ?? 0, user: user, database: project.databaseName,
            sessions: sessions)
        return (
            pooler,
            "postgres://\(user):\(Self.secret)@127.0.0.1:\(pooler.port)/\(project.databaseName)"
        )
    }

    private func migrate(_ url: String, _ arguments: String...) throws -> ProgramResult {
        let result = try MigrateProgram.run(
            arguments, in: project.folder.path, environment: ["MIGRATE_URL": url])
        #expect(!result.output.contains(Self.secret) && !result.errors.contains(Self.secret))
        return result
    }

    // With a single session, a question on a second connection must not wait for the first for ever.
    @Test(arguments: [1, 2, 3])
    func `a run is refused, and nothing ran`(_ sessions: Int) throws {
        let (pooler, url) = try pooler(sessions: sessions)
        defer { withExtendedLifetime(pooler) {} }
        for command in ["up", "redo"] {
            if command == "redo" { try project.migrate("up").expect(0) }
            let result = try migrate(url, command, "--verbose")
            result.expect(9)
            result.expectError(
                "error: a transaction pooler stands between this program and the server\n"
                    + "hint: Locks and settings of a session do not hold there. Use the server's own "
            )
            if command == "up" { #expect(try project.tables() == []) }
        }
    }

    @Test func `looking works, and doctor says what is in between`() throws {
        let (pooler, url) = try pooler(sessions: 1)
        defer { withExtendedLifetime(pooler) {} }
        for command in ["status", "plan", "verify"] { try migrate(url, command).expect(0) }
        let doctor = try migrate(url, "doctor")
        doctor.expect(0)
        #expect(
            doctor.output.contains(
                "warn  pooler: a pooler stands in between; one that pools transactions needs "
                    + "'lock: lease'\n"))
    }

    @Test func `with a lease, runs go through it and exclude one another`() throws {
        let (pooler, url) = try pooler(sessions: 3)
        defer { withExtendedLifetime(pooler) {} }
        try project.folder.write(
            "environments: { local: { url: \"${URL}\", lock: lease, lock_wait: 0s } }\n",
            to: "migrate.yaml")
        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(arguments, in: project.folder.path, environment: ["URL": url])
        }
        try migrate("up").expect(0)
        #expect(try project.tables() == ["a", "b"])
        try migrate("redo", "--count", "2").expect(0)
        try project.write("SELECT pg_sleep(60);", to: "003_sleep.up.sql")
        let first = try MigrateProgram.start(
            ["up"], in: project.folder.path, environment: ["URL": url])
        let deadline = ContinuousClock.now + .seconds(10)
        let sleeping =
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
            + "AND wait_event = 'PgSleep'"
        while try project.rows(sleeping).isEmpty, ContinuousClock.now < deadline {
            poll(nil, 0, 10)
        }
        let second = try migrate("up")
        second.expect(5)
        second.expectError("error: another run holds the lock")
        first.send(SIGINT)
        // The pooler passes no cancel on, so the server ends the statement.
        _ = try project.rows(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND wait_event = 'PgSleep'")
        #expect(first.wait().status == 130)
        try project.write("SELECT 3;", to: "003_sleep.up.sql")
        try migrate("up").expect(0)
    }
}
