import Database
import Foundation
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// Restores and runs of migrations of one database keep apart, from before the preflight to the end
/// of the swap.
@Suite struct RestoreLockTests {
    private let database: TestDatabase
    private let folder: TemporaryFolder
    private let connection: PostgresConnection

    init() throws {
        database = try TestDatabase()
        folder = try TemporaryFolder()
        connection = try database.connect()
        try folder.folder("migrations")
        try write("1_one", "CREATE TABLE one (i int); INSERT INTO one VALUES (1);")
        #expect(try migrate("up").status == 0)
    }

    private func write(_ name: String, _ sql: String) throws {
        try folder.write(sql, to: "migrations/\(name).up.sql")
    }

    /// A configuration, for what no option says.
    private func configure(_ line: String) throws {
        try folder.write(
            "environments: { local: { url: \"\(database.url.text)\", \(line) } }\n",
            to: "migrate.yaml")
    }

    private var options: [String] {
        folder.has("migrate.yaml") ? [] : ["--url", database.url.text, "--dir", "migrations"]
    }

    private func migrate(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(arguments + options, in: folder.path)
    }

    private func start(_ arguments: String...) throws -> RunningProgram {
        try MigrateProgram.start(arguments + options, in: folder.path)
    }

    /// Waits until a session waits for a lock of another one with this in its statement.
    private func waitForStatement(_ text: String) throws {
        let admin = try PostgresServer.connect()
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let rows = try admin.query(
                """
                SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pg_catalog.strpos(query, $1) > 0
                """, [.text(text)]
            ).rows
            if !rows.isEmpty { return }
        }
        Issue.record("nothing waited with '\(text)'")
    }

    private func hasTable(_ name: String, in database: String) throws -> Bool {
        try PostgresServer.connect(database: database).query(
            "SELECT to_regclass($1) IS NOT NULL", [.text(name)]
        ).rows[0][0].boolean == true
    }

    @Test(arguments: [nil, "lock: lease"])
    func `a run of migrations waits for a restore or is refused, and never runs within it`(
        _ line: String?
    ) throws {
        if let line { try configure(line) }
        let role = PostgresServer.uniqueName("migrate_gone")
        let admin = try PostgresServer.connect()
        try admin.query("CREATE ROLE \(role)")
        defer { _ = try? admin.query("DROP ROLE IF EXISTS \(role)") }
        try connection.query("ALTER TABLE one OWNER TO \(role)")
        #expect(try migrate("snapshot", "create").status == 0)
        try connection.query("ALTER TABLE one OWNER TO CURRENT_USER")
        try admin.query("DROP ROLE \(role)")
        try write("2_two", "CREATE TABLE two (i int);")
        // The restore wants to create the role and waits: somebody else is about to.
        try admin.run([Step("BEGIN"), Step("CREATE ROLE \(role)")])
        let restore = try start(
            "restore", "latest", "--missing-roles", "create-nologin", "--yes", "--json")
        try waitForStatement(role)
        let refused = try migrate("up", "--lock-wait", "0s")
        #expect(refused.status == 5, "\(refused)")
        #expect(refused.errors.contains("another run holds the lock"))
        let waiting = try start("up")
        let deadline = ContinuousClock.now + .seconds(20)
        while !waiting.errorsSoFar.contains("waiting"), ContinuousClock.now < deadline {}
        try admin.query("ROLLBACK")
        let restored = restore.wait()
        #expect(restored.status == 0, "\(restored)")
        let ended = waiting.wait()
        // Its session was one of the old database; the next attempt meets the new one.
        #expect(ended.status == 4, "\(ended)")
        let facts = try #require(try restored.json()["restore"] as? [String: Any])
        let kept = try #require(facts["kept_database"] as? String)
        defer { try? Databases.drop([kept]) }
        #expect(try !hasTable("two", in: kept))
        #expect(try !hasTable("two", in: database.name))
        // The lease of the snapshot's own run is in the snapshot, and holds nobody up.
        let up = try migrate("up", "--lock-wait", "0s")
        #expect(up.status == 0, "\(up)")
        #expect(try hasTable("two", in: database.name))
    }

    @Test(arguments: [[], ["--in-place"]])
    func `a restore does not begin while migrations run`(_ mode: [String]) throws {
        #expect(try migrate("snapshot", "create").status == 0)
        try write("2_two", "ALTER TABLE one ADD n int;")
        try connection.run([Step("BEGIN"), Step("LOCK TABLE one")])
        let up = try start("up")
        try waitForStatement("ALTER TABLE one ADD")
        let refused = try MigrateProgram.run(
            ["restore", "latest", "--yes", "--lock-wait", "0s"] + mode + options, in: folder.path)
        #expect(refused.status == 5, "\(refused)")
        #expect(try Databases.like(database.name) == [database.name])
        try connection.query("ROLLBACK")
        let done = up.wait()
        #expect(done.status == 0, "\(done)")
    }

    @Test func `a restore whose lock was lost does not swap`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        let role = PostgresServer.uniqueName("migrate_gone")
        let admin = try PostgresServer.connect()
        try admin.query("CREATE ROLE \(role)")
        defer { _ = try? admin.query("DROP ROLE IF EXISTS \(role)") }
        try connection.query("ALTER TABLE one OWNER TO \(role)")
        #expect(try migrate("snapshot", "create").status == 0)
        try connection.query("ALTER TABLE one OWNER TO CURRENT_USER")
        try admin.query("DROP ROLE \(role)")
        try admin.run([Step("BEGIN"), Step("CREATE ROLE \(role)")])
        let restore = try start("restore", "latest", "--missing-roles", "create-nologin", "--yes")
        try waitForStatement(role)
        try PostgresServer.connect().query(
            """
            SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND d.datname = $1
            """, [.text(database.name)])
        try admin.query("ROLLBACK")
        let result = restore.wait()
        #expect(result.status == 13, "\(result)")
        #expect(result.errors.contains("the lock was lost"))
        #expect(try Databases.like(database.name) == [database.name])
        #expect(try hasTable("one", in: database.name))
        // The role that it had created went with it.
        #expect(
            try admin.query("SELECT FROM pg_roles WHERE rolname = $1", [.text(role)]).rows.isEmpty)
    }

    @Test func `who finds the target closed by a restore that was killed is told the way out`()
        throws
    {
        #expect(try migrate("snapshot", "create").status == 0)
        // What a kill between closing the target and the renames leaves behind.
        let admin = try PostgresServer.connect()
        let left = "\(database.name)_restore_0123abcd"
        try admin.query("CREATE DATABASE \(left)")
        defer { try? Databases.drop([left]) }
        try admin.query("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
        for arguments in [["up"], ["restore", "latest", "--yes"]] {
            let result = try MigrateProgram.run(arguments + options, in: folder.path)
            #expect(result.status == 4, "\(result)")
            #expect(result.errors.contains("migrate restore --cleanup"), "\(result)")
        }
        #expect(try migrate("restore", "--cleanup").status == 0)
        #expect(try Databases.like(database.name) == [database.name])
        #expect(try migrate("up").status == 0)
    }
}
