import Database
import Foundation
import TestSupport
import Testing

/// Protected environments, and what a person is asked.
@Suite struct ConfirmationTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);", "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "CREATE TABLE b (x integer);", "002_b.down.sql": "DROP TABLE b;",
    ]

    /// A project whose environment `production` is protected and has the database.
    private func protected(_ database: SurfaceDatabase) throws -> SurfaceProject {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.folder.write(
            "environments:\n  production: { url: \"${URL}\", protected: true }\n",
            to: "migrate.yaml")
        return project
    }

    private func migrate(
        _ project: SurfaceProject, _ arguments: [String], variable: String = "URL"
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            ["--env", "production"] + arguments, in: project.folder.path,
            environment: [variable: project.url])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a protected environment wants a reason for what loses data`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try protected(database)
        try migrate(project, ["up"]).expect(0)
        try migrate(project, ["snapshot", "create"]).expect(0)
        for command in [
            ["down"], ["redo"], ["down", "--all"], ["repair", "--mark-reverted", "001"],
            ["restore", "latest"], ["restore", "latest", "--in-place"],
            ["restore", "latest", "--only", "a"],
        ] {
            for options in [[], ["--yes"], ["--reason", "why"], ["--yes", "--reason", ""]] {
                let result = try migrate(project, command + options)
                result.expect(9)
                result.expectError("error: environment 'production' is protected, and this would ")
                result.expectError(
                    "hint: Add --yes and --reason 'why'; the reason is kept in the log.")
            }
        }
        // Looking, and rehearsing, is free.
        for command in [["down", "--dry-run"], ["status"], ["repair"], ["plan"], ["doctor"]] {
            try migrate(project, command).expect(0)
        }
        #expect(try project.tables() == ["a", "b"])
        try migrate(project, ["down", "--yes", "--reason", "ticket 4711"]).expect(0)
        #expect(try project.tables() == ["a"])
        #expect(
            try project.rows(
                "SELECT count(*) FROM schema_migrations_log WHERE action = 'down' "
                    + "AND details LIKE '%reason: ticket 4711'") == ["1"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `an address by hand does not lead around the protection`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try protected(database)
        for command in [["up"], ["baseline", "1"], ["down"], ["repair", "--mark-applied", "1"]] {
            for (arguments, variable) in [(["--url", project.url], "X"), ([], "MIGRATE_URL")] {
                let result = try migrate(project, command + arguments, variable: variable)
                result.expect(9)
                result.expectError("error: environment 'production' is protected, and this would ")
            }
        }
        #expect(try project.tables() == [])
        try migrate(
            project, ["up", "--url", project.url, "--yes", "--reason", "a rescue"], variable: "X"
        ).expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `without a terminal, nothing is asked and nothing done`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        for options in [[], ["--json"]] {
            let result = try MigrateProgram.run(
                ["down", "--all"] + options, in: project.folder.path,
                environment: ["MIGRATE_URL": project.url], input: "yes\n")
            result.expect(9)
            result.expectError("error: this needs a confirmation: revert all of ")
            result.expectError("(2 migrations)?\nhint: Add --yes; without a terminal")
        }
        #expect(try project.tables() == ["a", "b"])
        try project.migrate("down", "--all", "--yes").expect(0)
        #expect(try project.tables() == [])
    }

    @Test(arguments: SurfaceDatabase.allCases, ["y\n", "YES\n", "n\n", "\n", "yess\n", "\u{4}"])
    func `a person is asked, and only yes is a yes`(
        _ database: SurfaceDatabase, _ answer: String
    ) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        let terminal = try project.startOnTerminal("down", "--all", columns: 200)
        #expect(terminal.waits { $0.last?.hasSuffix("(2 migrations)? [y/N]") == true })
        #expect(try project.tables() == ["a", "b"])
        terminal.type(answer)
        let isYes = ["y\n", "YES\n"].contains(answer)
        #expect(terminal.wait() == (isYes ? 0 : 9))
        #expect(try project.tables() == (isYes ? [] : ["a", "b"]))
        if !isYes { #expect(terminal.screen.contains("error: not confirmed; nothing was done")) }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `an interrupt is an answer too`(_ signal: Int32) throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        let terminal = try project.startOnTerminal("down", "--all")
        #expect(terminal.waits { $0.joined().contains("[y/N]") })
        terminal.send(signal)
        #expect(terminal.wait() == 130)
        #expect(terminal.screen.contains("error: interrupted; nothing was done"))
        #expect(try project.tables() == ["a", "b"])
    }
}
