import Foundation
import TestSupport
import Testing

/// Colour, quiet, verbose, and what goes where.
@Suite struct OutputModeTests {
    private static let migrations = ["001_a.up.sql": "SELECT 1;", "001_a.down.sql": "SELECT 1;"]
    private static let escape = "\u{1B}["

    @Test(arguments: SurfaceDatabase.allCases)
    func `colour is for terminals, unless one asks for it`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        #expect(try !project.migrate("status").output.contains(Self.escape))
        #expect(try project.migrate("status", "--color", "always").output.contains(Self.escape))
        func terminal(_ arguments: [String], _ variables: [String: String] = [:]) throws -> String {
            let terminal = try MigrateProgram.startOnTerminal(
                arguments, in: project.folder.path,
                environment: ["MIGRATE_URL": project.url].merging(variables) { $1 })
            #expect(terminal.wait() == 0)
            return terminal.raw
        }
        #expect(try terminal(["status"]).contains(Self.escape))
        #expect(try !terminal(["status", "--color", "never"]).contains(Self.escape))
        #expect(try !terminal(["--color=never", "status"]).contains(Self.escape))
        #expect(try !terminal(["status"], ["NO_COLOR": "1"]).contains(Self.escape))
        #expect(try !terminal(["status"], ["TERM": "dumb"]).contains(Self.escape))
        // An empty NO_COLOR says nothing; an option says more than a variable.
        #expect(try terminal(["status"], ["NO_COLOR": ""]).contains(Self.escape))
        #expect(
            try terminal(["status", "--color", "always"], ["NO_COLOR": "1"]).contains(Self.escape))
        #expect(try !terminal(["status", "--json"]).contains(Self.escape))
    }

    @Test func `errors are coloured by the same rules`() throws {
        let folder = try TemporaryFolder()
        let plain = try MigrateProgram.run(["up"], in: folder.path)
        #expect(plain.errors.hasPrefix("error: "))
        for arguments in [["up", "--color", "always"], ["upp", "--color", "always"]] {
            let result = try MigrateProgram.run(arguments, in: folder.path)
            #expect(result.errors.hasPrefix("\u{1B}[31merror:\u{1B}[0m "))
        }
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `quiet prints errors, and the document that was asked for`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        for command in ["status", "plan", "up", "down", "doctor", "repair"] {
            for flag in ["--quiet", "-q"] {
                let result = try project.migrate(command, flag)
                result.expect(0)
                #expect(result.output == "" && result.errors == "")
            }
        }
        let document = try project.migrate("up", "--quiet", "--json")
        #expect(try document.json()["outcome"] as? String == "done")
        #expect(document.errors == "")
        try project.write("SELEC 1;", to: "002_b.up.sql")
        let failed = try project.migrate("up", "-q")
        failed.expect(6)
        failed.expectError("migrations/002_b.up.sql:1:1: error: ")
        #expect(failed.output == "")
    }

    @Test func `verbose tells of the connection, the migrations and the server's notices`() throws {
        let project = try SurfaceProject(
            .postgres,
            migrations: [
                "001_a.up.sql": """
                DO $$ BEGIN RAISE NOTICE 'by the way'; RAISE WARNING 'watch out'; END $$;
                """
            ])
        let dry = try project.migrate("up", "--dry-run")
        dry.expect(0)
        #expect(dry.errors == "warning: watch out\n")
        let verbose = try project.migrate("up", "-v")
        verbose.expect(0)
        let lines = verbose.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("connected to PostgreSQL ") == true)
        #expect(lines.first?.hasSuffix(", no encryption") == true)
        #expect(
            lines.dropFirst() == [
                "applying 001 a", "notice: by the way", "warning: watch out",
            ])
        #expect(verbose.output.contains("applied 1 migration"))
    }

    @Test func `verbose on SQLite`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        let result = try project.migrate("up", "--verbose")
        result.expect(0)
        #expect(result.errors.hasPrefix("opened \(project.url) with SQLite 3."))
        #expect(result.errors.hasSuffix("\napplying 001 a\n"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a reader that went away ends no run`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database,
            migrations: [
                "001_a.up.sql": "CREATE TABLE a (x integer);",
                "002_b.up.sql": "CREATE TABLE b (x integer);",
            ])
        let program = try MigrateProgram.product("migrate")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "'\(program)' up 2>&1 | true"]
        process.currentDirectoryURL = URL(fileURLWithPath: project.folder.path)
        process.environment = ["MIGRATE_URL": project.url]
        try process.run()
        process.waitUntilExit()
        // The shell waits for the last program of a pipe only.
        let deadline = ContinuousClock.now + .seconds(10)
        while try project.tables() != ["a", "b"], ContinuousClock.now < deadline {
            poll(nil, 0, 20)
        }
        #expect(try project.tables() == ["a", "b"])
        try project.migrate("status", "--exit-code").expect(0)
    }
}
