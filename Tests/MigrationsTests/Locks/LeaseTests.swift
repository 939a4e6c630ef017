import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

/// `lock: lease`: a row with a heartbeat in the place of a session's lock.
@Suite struct LeaseTests {
    private func project() throws -> Project {
        let project = try Project(.postgres)
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        try project.write("2_b", up: "CREATE TABLE b (i integer);", down: "DROP TABLE b;")
        return project
    }

    @Test func `a run takes it, renews nothing of others and gives it back`() throws {
        let project = try project()
        var holder: String?
        let report = try project.up {
            $0.lock = .lease
            $0.observer.began = { _, _, _ in
                holder = try? project.value("SELECT holder FROM schema_migrations_lock")
            }
        }
        #expect(report.appliedVersions == ["1", "2"])
        #expect(holder?.hasPrefix("migrate 4711@build-7 deploy 20") == true)
        #expect(try project.sql("SELECT * FROM schema_migrations_lock").isEmpty)
        let down = try project.down(.all) { $0.lock = .lease }
        #expect(down.revertedVersions == ["2", "1"])
    }

    @Test func `a second run is refused and told who holds it`() throws {
        let project = try project()
        let first = HoldingRun(project.place) { $0.lock = .lease }
        let error = try failure {
            try project.up {
                $0.lock = .lease
                $0.settings.lockWait = .milliseconds(100)
            }
        }
        #expect(error.code == .lockHeld)
        #expect(error.holder?.hasPrefix("pid 4711 on build-7, user deploy, since 20") == true)
        #expect(try first.finish() == ["1", "2"])
        #expect(try project.plan().isEmpty)
    }

    @Test func `the heartbeat keeps it from ending while the run goes on`() throws {
        let project = try project()
        let first = HoldingRun(project.place) {
            $0.lock = .lease
            $0.settings.leaseLifetime = .seconds(3)
        }
        let end = "SELECT expires_at FROM schema_migrations_lock"
        let begun = try project.value(end)
        try eventually("the lease is renewed twice") {
            let now = try project.value(end)
            guard now != begun else { return false }
            try eventually("again") { try project.value(end) != now }
            return true
        }
        #expect(try first.finish() == ["1", "2"])
    }

    @Test func `a lease that nobody renews ends, and the next run takes it over`() throws {
        let project = try project()
        try project.up(UpRequest(to: "1")) { $0.lock = .lease }
        try project.sql(
            """
            INSERT INTO schema_migrations_lock VALUES
            (1, 'dead', 'migrate 1@gone nobody 2026-01-01T00:00:00Z', clock_timestamp() + '300 ms')
            """)
        var waited: [String?] = []
        let report = try project.up {
            $0.lock = .lease
            $0.observer.waiting = { waited.append($0) }
        }
        #expect(report.appliedVersions == ["2"])
        #expect(waited == ["pid 1 on gone, user nobody, since 2026-01-01T00:00:00Z"])
    }

    @Test(arguments: [false, true])
    func `a run whose lease was taken over cannot commit beside its successor`(
        together: Bool
    ) throws {
        let project = try project()
        let error = try failure {
            try project.up {
                $0.lock = .lease
                $0.settings.isOneTransaction = together
                $0.observer.began = { step, _, _ in
                    guard step.version == "2" else { return }
                    _ = try? project.sql(
                        "UPDATE schema_migrations_lock SET token = 'other', holder = 'another run'")
                }
            }
        }
        #expect(error.code == .lockHeld)
        #expect(error.message == "the run's lease ran out, and another run may have begun")
        #expect(error.failed?.version == "2")
        #expect(try project.applied() == (together ? [] : ["1"]))
        #expect(try project.tables() == (together ? [] : ["a"]))
        // The successor's lease is left to it.
        #expect(try project.value("SELECT token FROM schema_migrations_lock") == "other")
    }

    @Test func `a lease that ran out unnoticed commits nothing either`() throws {
        let project = try project()
        let error = try failure {
            try project.up {
                $0.lock = .lease
                $0.observer.began = { step, _, _ in
                    guard step.version == "2" else { return }
                    _ = try? project.sql(
                        "UPDATE schema_migrations_lock SET expires_at = clock_timestamp()")
                }
            }
        }
        #expect(error.code == .lockHeld)
        #expect(try project.applied() == ["1"])
        #expect(try project.tables() == ["a"])
    }

    @Test func `who waits for a migration that is about to commit is bound by lock_wait too`()
        throws
    {
        let project = try project()
        try project.up(UpRequest(to: "1")) { $0.lock = .lease }
        try project.sql(
            """
            INSERT INTO schema_migrations_lock VALUES
            (1, 'busy', 'someone', clock_timestamp() + '1 h')
            """)
        let committing = try project.connect()
        try committing.run([
            Step("BEGIN"), Step("SELECT * FROM schema_migrations_lock FOR UPDATE"),
        ])
        var error: MigrationError?
        let time = try ContinuousClock().measure {
            error = try failure {
                try project.up {
                    $0.lock = .lease
                    $0.settings.lockWait = .milliseconds(100)
                }
            }
        }
        #expect(error?.code == .lockHeld)
        #expect(time < .seconds(10))
        try committing.query("ROLLBACK")
    }

    @Test(arguments: [false, true])
    func `our tables are guarded and settings do not outlive the transaction`(
        together: Bool
    ) throws {
        let project = try project()
        let connection = try project.connect()
        var context = try project.context(connection)
        context.lock = .lease
        context.settings.isOneTransaction = together
        try project.write("1_a", up: "SET ROLE pg_read_all_data; SET lock_timeout = 0;")
        try project.write(
            "2_b",
            up: """
                SET LOCAL work_mem = '1MB';
                CREATE TABLE b AS SELECT current_setting('lock_timeout') AS t;
                SET search_path = pg_catalog; SET ROLE pg_read_all_data;
                """)
        _ = try Migrator(context).up(UpRequest())
        #expect(
            try connection.query("SELECT current_user || current_setting('search_path')")
                .rows[0][0].string == "postgres\"$user\", public")
        #expect(try connection.query("SHOW lock_timeout").rows[0][0].string == "0")
        #expect(try project.value("SELECT t FROM b") == "5s")
        connection.close()
        try project.write("3_c", up: "DELETE FROM schema_migrations;")
        let error = try failure { try project.up { $0.lock = .lease } }
        #expect(error.message == "the migration changes the history or log table of the runner")
    }

    @Test func `it needs no right to create where its table is there`() throws {
        let project = try project()
        try project.up(UpRequest(to: "1")) { $0.lock = .lease }
        let role = try TestRole()
        let server = try #require(project.server)
        try project.sql("CREATE SCHEMA work AUTHORIZATION \(role.name)")
        try project.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        try project.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role.name)")
        try project.write("2_b", up: "CREATE TABLE work.b (i integer);")
        let url = try role.url(database: server.name)
        let connection = try PostgresConnection(PostgresOptions(url: url))
        var context = try project.context(connection)
        context.lock = .lease
        context.openAnother = { () throws(DatabaseError) in
            try PostgresConnection(PostgresOptions(url: url))
        }
        #expect(try Migrator(context).up(UpRequest()).appliedVersions == ["2"])
        connection.close()
        try project.sql("DROP OWNED BY \(role.name)")
    }
}
