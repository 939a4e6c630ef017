import Foundation
import TestSupport
import Testing

/// The line that a long run shows on a terminal.
@Suite struct ProgressLineTests {
    /// The texts that the last line of the terminal had, one after the other.
    private func progress(_ raw: String) -> [String] {
        raw.components(separatedBy: "\r\u{1B}[K").dropFirst().map { piece in
            String(piece.prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" })
        }
    }

    @Test func `it tells migration, statement and time, and is gone in the end`() throws {
        let project = try SurfaceProject(
            .postgres,
            migrations: [
                "001_a.up.sql": "SELECT 'quick';",
                "002_slow_one.up.sql":
                    "CREATE TABLE b (x integer);\nSELECT pg_sleep(2.2);\nSELECT 3;\n",
            ])
        let terminal = try project.startOnTerminal("up", columns: 100)
        #expect(terminal.wait() == 0)
        let shown = Set(progress(terminal.raw))
        #expect(shown.contains("applying 002 slow_one (2 of 2): statement 2 of 3, 1 s"))
        #expect(shown.contains("applying 002 slow_one (2 of 2): statement 2 of 3, 2 s"))
        #expect(!shown.contains { $0.contains("001") })
        let screen = terminal.screen.filter { !$0.isEmpty }
        #expect(screen.count == 3)
        #expect(screen[0].hasPrefix("  + 001 a  "))
        #expect(screen[1].hasPrefix("  + 002 slow_one  2."))
        #expect(screen[2].hasPrefix("applied 2 migrations to "))
    }

    @Test func `it makes way for what the server says, and for an error`() throws {
        let project = try SurfaceProject(
            .postgres,
            migrations: [
                "001_a_name_that_is_longer_than_this_terminal_is_wide.up.sql": """
                DO $$ BEGIN
                    PERFORM pg_sleep(1.3); RAISE WARNING 'half of it'; PERFORM pg_sleep(0.3);
                END $$;
                SELECT * FROM nowhere;
                """
            ])
        let terminal = try project.startOnTerminal("up", columns: 50)
        #expect(terminal.wait() == 6)
        let shown = progress(terminal.raw)
        #expect(
            shown.contains { $0.hasPrefix("applying 001 a_name") && $0.contains("…: statement 1") })
        #expect(shown.allSatisfy { !$0.hasPrefix("applying") || $0.count < 50 })
        #expect(
            terminal.screen.filter { !$0.isEmpty } == [
                "warning: half of it",
                "migrations/001_a_name_that_is_longer_than_this_terminal_is_wide.up.sql:4:15: error: "
                    + "relation \"nowhere\" does not exist",
                "    SELECT * FROM nowhere;", "                  ^", "  SQLSTATE 42P01",
            ])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `it goes when the run is interrupted`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_sleep.up.sql": database.sleep(seconds: 60)])
        let terminal = try project.startOnTerminal("up")
        #expect(
            terminal.waits { $0.last == "applying 001 sleep (1 of 1): statement 1 of 1, 1 s" })
        terminal.send(SIGINT)
        #expect(terminal.wait() == 130)
        let screen = terminal.screen.filter { !$0.isEmpty }
        #expect(screen.first?.contains("error: interrupted") == true, "\(screen)")
        #expect(!screen.contains { $0.contains("applying") })
    }

    @Test func `it does not show in a pipe, when quiet, or on a dumb terminal`() throws {
        let project = try SurfaceProject(
            .postgres, migrations: ["001_a.up.sql": "SELECT pg_sleep(1.5);"])
        try project.write("SELECT 1;", to: "001_a.down.sql")
        let piped = try project.start("up")
        let result = piped.wait()
        result.expect(0)
        #expect(result.errors == "")
        for (arguments, variables) in [(["redo", "-q"], [:]), (["redo"], ["TERM": "dumb"])] {
            let terminal = try MigrateProgram.startOnTerminal(
                arguments, in: project.folder.path,
                environment: ["MIGRATE_URL": project.url].merging(variables) { $1 })
            #expect(terminal.wait() == 0)
            #expect(progress(terminal.raw).isEmpty)
        }
    }
}
