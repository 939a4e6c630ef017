import Database
import Foundation
import TestSupport
import Testing

/// The log as a user sees it.
@Suite struct AuditCommandTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);", "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "CREATE TABLE b (x integer);",
    ]

    private func project(_ database: SurfaceDatabase) throws -> SurfaceProject {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.folder.write(
            """
            environments:
              production: { url: "${URL}", protected: true }
              staging: { url: "${URL}" }
            """, to: "migrate.yaml")
        return project
    }

    private func migrate(
        _ project: SurfaceProject, _ arguments: String..., environment: String = "production"
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            ["--env", environment] + arguments, in: project.folder.path,
            environment: ["URL": project.url])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `what was done, refused and failed stands in the log`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try migrate(project, "audit").expect(0)
        try migrate(project, "up").expect(0)
        try migrate(project, "down").expect(9)
        try migrate(project, "down", "--yes", "--reason", "why not").expect(9)
        try project.write("SELECT nothing;", to: "003_c.up.sql")
        try migrate(project, "up").expect(6)
        try migrate(project, "snapshot", "create").expect(0)
        let result = try migrate(project, "audit", "--verify", "--json")
        result.expect(0)
        let document = try result.json()
        let entries = try #require(document["entries"] as? [[String: Any]])
        #expect(
            entries.map { "\($0["action"] ?? "") \($0["outcome"] ?? "")" } == [
                "stamp success", "up success", "up success", "refusal refused", "refusal refused",
                "run failure", "snapshot success",
            ])
        #expect(entries[3]["details"] as? String == "down: protected_environment")
        #expect(entries[4]["details"] as? String == "down: irreversible; reason: why not")
        #expect(document["verified"] as? Bool == true)
        let text = try migrate(project, "audit", "--verify")
        text.expect(0)
        #expect(text.output.contains("snapshot "))
        let digest = try #require(document["newest_digest"] as? String)
        #expect(text.output.contains("7 entries as written; newest digest \(digest)\n"))
        // Cut off at the end, where no later entry tells.
        try project.connect().query("DELETE FROM schema_migrations_log WHERE seq = 7")
        try migrate(project, "audit", "--verify").expect(0)
        let cut = try migrate(project, "audit", "--verify", "--expect", digest)
        cut.expect(10)
        #expect(cut.output.contains("FAIL  no entry has the digest \(digest)\n"))
        try project.connect().query(
            "UPDATE schema_migrations_log SET outcome = 'success' WHERE seq = 6")
        let changed = try migrate(project, "audit", "--verify")
        changed.expect(10)
        #expect(
            changed.output.hasSuffix(
                "FAIL  entry 6: it is not as it was written\nthe log is not as it was written\n"))
        try migrate(project, "audit").expect(0)
    }

    @Test func `entries from a time on`() throws {
        let project = try project(.sqlite)
        try migrate(project, "up").expect(0)
        func shown(_ since: String) throws -> Int {
            let result = try migrate(project, "audit", "--json", "--since", since)
            result.expect(0)
            return try #require(result.json()["entries"] as? [Any]).count
        }
        #expect(try shown("24h") == 3)
        #expect(try shown("2026-01-01") == 3)
        #expect(try shown("2099-01-01") == 0)
        #expect(try shown("2099-01-01T00:00:00Z") == 0)
        let wrong = try migrate(project, "audit", "--since", "yesterday")
        wrong.expect(2)
        wrong.expectError("error: 'yesterday' is not a time\nhint: Write 2026-11-26")
        try migrate(project, "audit", "--expect", "x").expect(2)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a run for another environment's database touches nothing of it`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try project(database)
        try migrate(project, "up", "--to", "1").expect(0)
        let log = try project.rows("SELECT * FROM schema_migrations_log ORDER BY seq")
        for command in [
            ["up"], ["up", "--dry-run"], ["down"], ["redo"], ["baseline", "1"],
            ["repair", "--mark-applied", "2"], ["snapshot", "create"],
        ] {
            let result = try MigrateProgram.run(
                ["--env", "staging"] + command, in: project.folder.path,
                environment: ["URL": project.url])
            result.expect(9)
            result.expectError(
                "error: this database belongs to environment 'production', not to 'staging'\n"
                    + "hint: Look at the address of 'staging'.")
        }
        // Nor does leaving the name out lead around its rules.
        let unnamed = try project.migrate("up")
        unnamed.expect(9)
        unnamed.expectError("hint: Add --env production")
        #expect(try project.tables() == ["a"])
        #expect(try project.rows("SELECT * FROM schema_migrations_log ORDER BY seq") == log)
        #expect(!project.folder.has("snapshots"))
        let status = try migrate(project, "status", environment: "staging")
        status.expect(0)
        status.expectError("warning: this database belongs to environment 'production'")
        let doctor = try migrate(project, "doctor", environment: "staging")
        doctor.expect(9)
        #expect(doctor.output.contains("FAIL  identity: this database belongs to environment"))
        try migrate(project, "repair", "--restamp", environment: "staging").expect(0)
        try migrate(project, "up", environment: "staging").expect(0)
        try migrate(project, "up").expect(9)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a restored copy belongs to the environment that it was restored for`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try project(database)
        try migrate(project, "up").expect(0)
        try migrate(project, "snapshot", "create").expect(0)
        let name = "copy_" + String(UInt32.random(in: 0 ... .max), radix: 16)
        let copy: String
        switch database {
        case .sqlite: copy = "sqlite:" + project.folder.file("copy.db")
        case .postgres:
            copy = project.url.replacingOccurrences(of: project.databaseName, with: name)
        }
        defer {
            if database == .postgres {
                _ = try? project.connect().query("DROP DATABASE IF EXISTS \(name)")
            }
        }
        func stagingOnCopy(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(
                ["--env", "staging"] + arguments, in: project.folder.path,
                environment: ["URL": copy])
        }
        let listed = try migrate(project, "snapshot", "list", "--json").json()
        let snapshots = try #require(listed["snapshots"] as? [[String: Any]])
        let id = try #require(snapshots.first?["id"] as? String)
        try stagingOnCopy("restore", id, "--yes").expect(0)
        let result = try stagingOnCopy("audit", "--verify", "--json")
        result.expect(0)
        let entries = try #require(result.json()["entries"] as? [[String: Any]])
        #expect(entries.suffix(2).map { $0["action"] as? String } == ["restore", "stamp"])
        #expect(entries.suffix(2).map { $0["environment"] as? String } == ["staging", "staging"])
        try stagingOnCopy("up").expect(0)
        // Production's name with staging's address: nothing is replaced.
        let wrong = try MigrateProgram.run(
            ["--env", "production", "restore", "latest", "--yes", "--reason", "a slip"],
            in: project.folder.path, environment: ["URL": copy])
        wrong.expect(9)
        wrong.expectError("error: this database belongs to environment 'staging'")
    }

    @Test func `environments shows the state of each`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.folder.write(
            """
            environments:
              local: { url: "sqlite:local.db" }
              staging: { url: "sqlite:staging.db" }
              wrong: { url: "sqlite:staging.db" }
              away: { url: "postgres://nobody@127.0.0.1:1/none" }
            """, to: "migrate.yaml")
        func run(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(arguments, in: project.folder.path)
        }
        try run("up", "--env", "staging", "--to", "1").expect(0)
        try run("snapshot", "create", "--env", "staging").expect(0)
        let document = try run("environments", "--json")
        document.expect(0)
        let list = try #require(document.json()["environments"] as? [[String: Any]])
        let staging = list[1]
        #expect(staging["stamp"] as? String == "staging")
        #expect(staging["newest_version"] as? String == "001")
        #expect(staging["applied"] as? Int == 1)
        #expect(staging["pending"] as? Int == 1)
        #expect((staging["last_run"] as? [String: Any])?["action"] as? String == "up")
        #expect(
            ((staging["last_snapshot"] as? [String: Any])?["id"] as? String)?.contains("staging")
                == true)
        #expect(list[0]["stamp"] is NSNull)
        #expect(list[0]["pending"] as? Int == 2)
        #expect(!project.folder.has("local.db"))
        #expect(list[2]["stamp"] as? String == "staging")
        #expect((list[3]["problem"] as? String)?.contains("127.0.0.1") == true)
        let text = try run("environments")
        text.expect(0)
        text.expectError("warning: wrong: its database belongs to environment 'staging'")
        text.expectError("warning: away: ")
        let offline = try run("environments", "--offline")
        offline.expect(0)
        #expect(offline.output.hasPrefix("ENVIRONMENT  DATABASE"))
        #expect(offline.errors.isEmpty)
    }
}
