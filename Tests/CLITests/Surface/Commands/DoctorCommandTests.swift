import Database
import Foundation
import TestSupport
import Testing

/// Each check of doctor, when all is well and when it fails.
@Suite struct DoctorCommandTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);",
        "002_b.up.sql": "CREATE TABLE b (x integer);",
    ]

    /// The checks by name, each as `severity: message`.
    private func checks(_ result: ProgramResult) throws -> [String: String] {
        let checks = try #require(result.json()["checks"] as? [[String: Any]])
        return checks.reduce(into: [:]) { found, check in
            found[check["check"] as? String ?? ""] =
                "\(check["severity"] ?? ""): \(check["message"] ?? "")"
        }
    }

    private func doctor(
        _ project: SurfaceProject, _ options: String..., url: String? = nil
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            ["doctor", "--json"] + options, in: project.folder.path,
            environment: ["MIGRATE_URL": url ?? project.url])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `all is well`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up", "--count", "1").expect(0)
        let result = try project.migrate("doctor")
        result.expect(0)
        let lines = result.output.split(separator: "\n")
        let names = lines.dropLast().map { $0.dropFirst(6).prefix { $0 != ":" } }
        #expect(
            names == [
                "configuration", "connection", "versions", "identity", "privileges",
            ] + (database == .sqlite ? [] : ["pooler"]) + ["lock", "disk", "migrations"])
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("ok    ") })
        #expect(result.output.contains("migrations: 2 migrations, 1 applied, 1 pending\n"))
        #expect(lines.last == "nothing here would stop a run")
    }

    @Test func `configuration`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.folder.write("layout: [a", to: "migrate.yaml")
        let result = try doctor(project)
        result.expect(3)
        #expect(
            try checks(result) == [
                "configuration": "error: a list is opened with '[' and not closed"
            ])
        let words = try project.migrate("doctor")
        #expect(
            words.output == """
                FAIL  configuration: migrate.yaml:1:9: a list is opened with '[' and not closed
                      Add the ']', and a comma between the entries.
                1 check failed

                """)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `connection`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        let nobody = try SilentServer(listens: false)
        let url =
            database == .sqlite
            ? "sqlite:no/app.db" : "postgres://a@127.0.0.1:\(nobody.port)/b"
        let result = try doctor(project, url: url)
        result.expect(4)
        #expect(try checks(result)["connection"]?.hasPrefix("error: ") == true)
        #expect(try checks(result)["migrations"] == nil)
    }

    @Test func `privileges of a role`() throws {
        let project = try SurfaceProject(.postgres, migrations: Self.migrations)
        let role = try TestRole()
        let url = try role.url(database: project.databaseName).text
        try project.connect().query("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        let before = try doctor(project, url: url)
        before.expect(4)
        #expect(
            try checks(before)["privileges"]
                == "error: role '\(role.name)' may not create \"public\".\"schema_migrations\"")
        try project.migrate("up").expect(0)
        try project.connect().query("GRANT SELECT ON schema_migrations TO \(role.name)")
        let after = try doctor(project, url: url)
        after.expect(4)
        #expect(
            try checks(after)["privileges"]
                == "error: role '\(role.name)' may not write \"public\".\"schema_migrations\"")
        // It would rather not have said it than fail in the middle: the run is refused too.
        try project.write("SELECT 3;", to: "003_c.up.sql")
        let run = try MigrateProgram.run(
            ["up"], in: project.folder.path, environment: ["MIGRATE_URL": url])
        #expect(run.status != 0)
        try project.connect().query("DROP OWNED BY \(role.name)")
    }

    @Test func `privileges of a file`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        let result = try doctor(project, url: project.url + "?mode=ro")
        result.expect(4)
        #expect(
            try checks(result)["privileges"] == "error: the URL opens the database for reading only"
        )
        try project.migrate("redo", environment: ["MIGRATE_URL": project.url + "?mode=ro"]).expect(
            4)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `lock`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_sleep.up.sql": database.sleep(seconds: 60)])
        let run = try project.start("up")
        try project.waitForRun()
        let result = try doctor(project)
        result.expect(5)
        #expect(try checks(result)["lock"]?.hasPrefix("error: held by pid \(run.pid) on ") == true)
        run.send(SIGINT)
        run.wait().expect(130)
        #expect(try checks(doctor(project))["lock"] == "ok: free")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `another tool's history`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.connect().query(
            "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        let result = try doctor(project)
        result.expect(9)
        #expect(
            try checks(result)["history"]
                == "error: the table 'schema_migrations' is golang-migrate's "
                + "(columns: version, dirty)")
        try project.migrate("up").expect(9)
        #expect(try project.tables() == [])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `migrations`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        try project.write("CREATE TABLE a (y integer);", to: "001_a.up.sql")
        let changed = try doctor(project)
        changed.expect(8)
        #expect(
            try checks(changed)["migrations"] == "error: 001 was changed after being applied")
        try project.write("SELEC", to: "003.up.sql")
        let bad = try doctor(project)
        bad.expect(3)
        #expect(
            try checks(bad)["migrations"] == "error: the name has a version and no name")
        try project.remove("003.up.sql")
        try project.write(Self.migrations["001_a.up.sql"] ?? "", to: "001_a.up.sql")
        try project.write(
            "-- migrate: no-transaction\nSELECT 1;\nSELECT * FROM nowhere;\n", to: "003_c.up.sql")
        try project.migrate("up").expect(7)
        let stopped = try doctor(project)
        stopped.expect(0)
        #expect(
            try checks(stopped)["migrations"] == "warning: 3 migrations, 2 applied, 0 pending, "
                + "1 stopped part-way; 'up' goes on with it")
    }
}
