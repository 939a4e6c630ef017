import Database
import Foundation
import TestSupport
import Testing

/// What the options of up, down and redo do, as a user sees it.
@Suite struct UpAndDownOptionTests {
    /// Four tables, each with its down.
    private func project(_ database: SurfaceDatabase) throws -> SurfaceProject {
        let project = try SurfaceProject(database)
        for (number, name) in ["a", "b", "c", "d"].enumerated() {
            try project.write(
                "CREATE TABLE \(name) (x integer);", to: "00\(number + 1)_\(name).up.sql")
            try project.write("DROP TABLE \(name);", to: "00\(number + 1)_\(name).down.sql")
        }
        return project
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `as far as asked`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        let one = try project.migrate("up", "--count", "1")
        one.expect(0)
        #expect(one.output.contains("  + 001 a  "))
        #expect(one.output.contains("\napplied 1 migration to "))
        try project.migrate("up", "--to", "3").expect(0)
        #expect(try project.tables() == ["a", "b", "c"])
        #expect(try project.migrate("up", "--to", "002").output == "nothing to do\n")
        try project.migrate("up").expect(0)
        let down = try project.migrate("down")
        #expect(down.output.contains("  - 004 d  "))
        #expect(down.output.contains("\nreverted 1 migration of "))
        try project.migrate("down", "--to", "1").expect(0)
        #expect(try project.tables() == ["a"])
        try project.migrate("up", "--count=2").expect(0)
        try project.migrate("up").expect(0)
        try project.migrate("down", "--run").expect(0)
        #expect(try project.tables() == ["a", "b", "c"])
        try project.migrate("down", "--count", "2").expect(0)
        #expect(try project.tables() == ["a"])
        try project.migrate("down", "--all", "--yes").expect(0)
        #expect(try project.tables() == [])
        #expect(try project.migrate("down").output == "nothing to revert\n")
        #expect(try project.migrate("redo").output == "nothing to redo\n")
        try project.migrate("down", "--all").expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `wrong numbers and versions`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.migrate("up", "--to", "2").expect(0)
        let cases: [([String], String, String)] = [
            (
                ["up", "--to", "9"], "there is no migration 9 in 'migrations'",
                "They go from 001 to 004."
            ),
            (["up", "--count", "0"], "'--count' must be 1 or more", "Run 'migrate up --help'."),
            (
                ["down", "--count", "0"], "'--count' must be 1 or more",
                "Run 'migrate down --help'."
            ),
            (
                ["down", "--to", "3"], "3 is not applied, so it cannot be left as the newest",
                "'migrate status' lists what is applied; 'down --all' reverts all."
            ),
            (
                ["down", "--all", "--run"], "use one of --count, --to, --run and --all",
                "Run 'migrate down --help'."
            ),
            (
                ["redo", "--count", "0"], "'--count' must be 1 or more",
                "Run 'migrate redo --help'."
            ),
        ]
        for (arguments, message, hint) in cases {
            let result = try MigrateProgram.run(
                arguments, in: project.folder.path, environment: ["MIGRATE_URL": project.url])
            result.expect(2)
            #expect(result.errors == "error: \(message)\nhint: \(hint)\n")
        }
        #expect(try project.tables() == ["a", "b"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a dry run changes nothing, up or down`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.migrate("up", "--to", "2").expect(0)
        func everything() throws -> [String] {
            try [project.schema()]
                + project.rows("SELECT * FROM schema_migrations ORDER BY version")
                + project.rows("SELECT * FROM schema_migrations_log ORDER BY seq")
        }
        let before = try everything()
        let up = try project.migrate("up", "--dry-run")
        up.expect(0)
        #expect(up.output.hasSuffix("\n2 migrations ran through and were rolled back\n"))
        let down = try project.migrate("down", "--dry-run", "--all")
        down.expect(0)
        #expect(
            down.output.hasSuffix(
                "\n2 migrations ran through on the way down and were rolled back\n"))
        #expect(try everything() == before)
        // What would fail, fails.
        try project.write("CREATE TABLE a (x integer);", to: "003_c.up.sql")
        let failed = try project.migrate("up", "--dry-run")
        failed.expect(6)
        failed.expectError("migrations/003_c.up.sql:1:")
        try project.write("-- migrate: no-transaction\nSELECT 1;", to: "003_c.up.sql")
        let refused = try project.migrate("up", "--dry-run")
        refused.expect(9)
        refused.expectError(
            "error: 003 runs without a transaction, so it cannot be part of a dry run\n"
                + "hint: Rehearse up to the one before it with --to, or use 'migrate plan'.")
        #expect(try everything() == before)
    }

    @Test func `a dry run on an SQLite file that is not there rehearses in memory`() throws {
        let project = try project(.sqlite)
        let result = try project.migrate("up", "--dry-run")
        result.expect(0)
        #expect(result.errors == "\(project.url) is not there yet; rehearsing in memory\n")
        #expect(!project.folder.has("app.db") && !project.folder.has("app.db-migrate-lock"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a late migration waits for leave`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.migrate("up").expect(0)
        try project.write("CREATE TABLE new (x integer);", to: "020_new.up.sql")
        try project.migrate("up").expect(0)
        try project.write("CREATE TABLE late (x integer);", to: "019_late.up.sql")
        let refused = try project.migrate("up")
        refused.expect(8)
        refused.expectError("error: 019 is older than what is already applied\nhint: Usually two ")
        try project.migrate("up", "--allow-out-of-order").expect(0)
        #expect(try project.tables() == ["a", "b", "c", "d", "late", "new"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `an older image starts, unless it is strict`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.migrate("up").expect(0)
        for name in ["003_c", "004_d"] {
            try project.remove("\(name).up.sql")
            try project.remove("\(name).down.sql")
        }
        let up = try project.migrate("up")
        up.expect(0)
        #expect(
            up.errors
                == "warning: the database is newer than these files: 003 and 004 have no file here\n"
        )
        #expect(up.output == "nothing to do\n")
        let strict = try project.migrate("up", "--strict")
        strict.expect(8)
        strict.expectError("error: the database is newer than the files: 003 and 004 have no file")
        // It can revert what it has no files for.
        let down = try project.migrate("down")
        down.expect(0)
        #expect(
            down.errors == "warning: 004 is reverted by the down script that is stored with it\n")
        #expect(try project.tables() == ["a", "b", "c"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `contract migrations wait for their phase`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.write("-- migrate: phase contract\nDROP TABLE a;", to: "005_drop_a.up.sql")
        let early = try project.migrate("up", "--phase", "contract")
        early.expect(9)
        early.expectError(
            "error: 001, 002, 003 and 004 of the expand phase are still pending\nhint: ")
        let up = try project.migrate("up")
        up.expect(0)
        #expect(up.errors == "warning: 005 of the contract phase waits for 'up --phase contract'\n")
        #expect(try project.tables() == ["a", "b", "c", "d"])
        try project.migrate("up", "--phase", "contract").expect(0)
        #expect(try project.tables() == ["b", "c", "d"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `redo runs the newest down and up again`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        try project.migrate("up").expect(0)
        try project.connect().query("INSERT INTO d VALUES (1)")
        try project.connect().query("INSERT INTO b VALUES (1)")
        let result = try project.migrate("redo", "--count", "2")
        result.expect(0)
        let steps = result.output.split(separator: "\n").map { $0.prefix(7) }
        #expect(steps.prefix(4) == ["  - 004", "  - 003", "  + 003", "  + 004"])
        #expect(result.output.contains("\nredid 2 migrations on "))
        #expect(try project.rows("SELECT * FROM d") == [])
        #expect(try project.rows("SELECT * FROM b") == ["1"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `one transaction for the whole run, where the configuration says so`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try project(database)
        try project.folder.write(
            "defaults: { transaction: all }\nenvironments: { local: { url: \"\(project.url)\" } }\n",
            to: "migrate.yaml")
        try project.write("SELECT * FROM nowhere;", to: "004_d.up.sql")
        let result = try MigrateProgram.run(["up"], in: project.folder.path)
        result.expect(6)
        result.expectError("\n3 migrations of the same transaction rolled back with it\n")
        #expect(try project.tables() == [])
        let plan = try MigrateProgram.run(["plan"], in: project.folder.path)
        #expect(plan.output.contains("one for all"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a waiting run says for whom, and goes on when its time comes`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_sleep.up.sql": database.sleep(seconds: 60)])
        let first = try project.start("up")
        try project.waitForRun()
        let second = try project.start("up", "--lock-wait", "60s", "--json")
        let deadline = ContinuousClock.now + .seconds(10)
        while !second.errorsSoFar.contains("\n"), ContinuousClock.now < deadline {
            poll(nil, 0, 10)
        }
        #expect(
            second.errorsSoFar.hasPrefix("waiting for the lock, held by pid \(first.pid) on "))
        try project.write("SELECT 1;", to: "001_sleep.up.sql")
        first.send(SIGINT)
        first.wait().expect(130)
        // It planned before it waited, with the file as it was: stop it as well.
        try project.waitForRun()
        second.send(SIGINT)
        second.wait().expect(130)
    }
}
