import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

/// Runs through a real pooler.
@Suite struct PoolerTests {
    /// A run whose every connection goes through the pooler.
    private func migrator(
        _ project: Project, _ pooler: PgBouncer, _ adjust: (inout RunContext) -> Void = { _ in }
    ) throws -> Migrator {
        let server = try #require(project.server)
        let url = try server.url(port: pooler.port)
        var context = try project.context(PostgresConnection(PostgresOptions(url: url)))
        context.openAnother = { () throws(DatabaseError) in
            try PostgresConnection(PostgresOptions(url: url))
        }
        adjust(&context)
        return Migrator(context)
    }

    private func project() throws -> Project {
        let project = try Project(.postgres)
        for number in 1...3 {
            try project.write(
                "\(number)_m",
                up: "CREATE TABLE t\(number) (i integer);\nINSERT INTO t\(number) VALUES (1);",
                down: "DROP TABLE t\(number);", verify: "SELECT 1 FROM t\(number) WHERE i > 1;")
        }
        return project
    }

    @Test func `a transaction pooler is refused before anything runs, with what to do`() throws {
        let project = try project()
        let pooler = try PgBouncer("transaction", database: #require(project.server))
        let error = try failure { _ = try migrator(project, pooler).up(UpRequest()) }
        #expect(error.code == .transactionPooler)
        #expect(error.hint?.contains("'lock: lease'") == true)
        #expect(try project.tables(withOurs: true).isEmpty)
        #expect(try migrator(project, pooler).examine().isDirect == false)
    }

    @Test func `looking is fine through it`() throws {
        let project = try project()
        let pooler = try PgBouncer("transaction", database: #require(project.server))
        #expect(try migrator(project, pooler).plan(UpRequest()).steps.count == 3)
        try project.up()
        #expect(
            try migrator(project, pooler).status().map(\.state) == [.applied, .applied, .applied])
        #expect(try migrator(project, pooler).up(UpRequest()).appliedVersions == [])
    }

    @Test func `a session pooler holds a session's lock and is no obstacle`() throws {
        let project = try project()
        let pooler = try PgBouncer("session", database: #require(project.server))
        #expect(
            try migrator(project, pooler).up(UpRequest()).appliedVersions == ["1", "2", "3"])
        #expect(try migrator(project, pooler).down(.count(1)).revertedVersions == ["3"])
    }

    @Test(arguments: [false, true])
    func `a lease works through a transaction pooler, and leaves its sessions clean`(
        together: Bool
    ) throws {
        let project = try project()
        let pooler = try PgBouncer("transaction", database: #require(project.server))
        try project.write(
            "4_settings",
            up: "SET search_path = pg_catalog;\nSET statement_timeout = '1h';\nSELECT 1;",
            down: "SELECT 1;")
        let report = try migrator(project, pooler) {
            $0.lock = .lease
            $0.settings.isOneTransaction = together
        }.up(UpRequest())
        #expect(report.appliedVersions == ["1", "2", "3", "4"])
        let server = try #require(project.server)
        let other = try PostgresConnection(
            PostgresOptions(url: server.url(port: pooler.port)))
        #expect(try other.query("SHOW statement_timeout").rows[0][0].string == "0")
        #expect(try other.query("SHOW search_path").rows[0][0].string == "\"$user\", public")
        other.close()
        try project.write("5_bad", up: "CREATE TABLE t5 (i integer); SELECT nowhere;")
        let error = try failure {
            _ = try migrator(project, pooler) { $0.lock = .lease }.up(UpRequest())
        }
        #expect(error.code == .migrationFailed)
        #expect(try project.tables() == ["t1", "t2", "t3"])
        try project.remove("5_bad.up.sql")
        #expect(
            try migrator(project, pooler) { $0.lock = .lease }.down(.count(3)).revertedVersions
                == ["4", "3", "2"])
    }

    @Test func `a migration without a transaction runs under a lease as well`() throws {
        let project = try project()
        let pooler = try PgBouncer("transaction", database: #require(project.server))
        try project.write(
            "4_index",
            up: """
                -- migrate: no-transaction
                CREATE INDEX CONCURRENTLY t1_i ON t1 (i);
                INSERT INTO t1 VALUES (2);
                """)
        let report = try migrator(project, pooler) { $0.lock = .lease }.up(UpRequest())
        #expect(report.appliedVersions == ["1", "2", "3", "4"])
        #expect(try project.value("SELECT to_regclass('t1_i')") == "t1_i")
    }
}
