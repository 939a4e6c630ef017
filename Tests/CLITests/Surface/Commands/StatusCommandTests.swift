import Database
import Foundation
import TestSupport
import Testing

@Suite struct StatusCommandTests {
    /// A project in which every state of a migration is found.
    private func everyState(_ database: SurfaceDatabase) throws -> SurfaceProject {
        let other = database == .sqlite ? "postgres" : "sqlite"
        let project = try SurfaceProject(
            database,
            migrations: [
                "001_applied.up.sql": "SELECT 1;", "002_changed.up.sql": "SELECT 2;",
                "003_missing.up.sql": "SELECT 3;", "005_other.up.\(other).sql": "SELECT 5;",
                "006_comments.up.sql": "SELECT 6;",
                "007_part.up.sql": "-- migrate: no-transaction\nSELECT 1;\nSELECT * FROM nowhere;",
            ])
        try project.migrate("up").expect(7)
        try project.write("SELECT 22;", to: "002_changed.up.sql")
        try project.remove("003_missing.up.sql")
        try project.write("SELECT 4;", to: "004_late.up.sql")
        try project.write("SELECT 6; -- now with words", to: "006_comments.up.sql")
        try project.write("SELECT 8;", to: "008_pending.up.sql")
        try project.write("-- migrate: phase contract\nSELECT 9;", to: "009_contract.up.sql")
        try project.write("SELECT 'again';", to: "R__view.sql")
        try project.connect().query(
            "INSERT INTO schema_migrations (version, name) VALUES ('010', 'future')")
        return project
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `every state in words and in JSON`(_ database: SurfaceDatabase) throws {
        let project = try everyState(database)
        let result = try project.migrate("status")
        result.expect(0)
        let lines = result.output.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        let wanted = [
            ("001", "applied", "applied"), ("002", "changed", "checksum mismatch"),
            ("003", "missing", "missing"), ("004", "late", "out of order"),
            ("005", "other", "ignored"), ("006", "comments", "applied (comments differ)"),
            ("007", "part", "failed part-way (1 of 2)"), ("008", "pending", "out of order"),
            ("009", "contract", "pending (contract)"), ("010", "future", "future"),
            ("R__view", "view", "pending"),
        ]
        for (line, (version, name, state)) in zip(lines.dropFirst(2), wanted) {
            #expect(line.hasPrefix("\(version) \(name) \(state)"))
        }
        #expect(
            lines.suffix(2) == [
                "5 migrations pending", "5 migrations to look at: 'migrate repair' says what to do",
            ])
        let migrations = try project.migrate("status", "--json").json()["migrations"]
        let states = (migrations as? [[String: Any]])?.compactMap { $0["state"] as? String }
        #expect(
            states == [
                "applied", "checksum_mismatch", "missing", "out_of_order", "ignored", "applied",
                "failed_part_way", "out_of_order", "pending", "future", "pending",
            ])
        let found = try project.migrate("repair")
        found.expect(8)
        for version in ["002: checksum mismatch", "003: missing", "004: out of order"] {
            #expect(found.output.contains(version + ". One of these:\n    "))
        }
    }

    @Test(arguments: SurfaceDatabase.allCases, [40, 60, 80])
    func `the table fits the terminal`(_ database: SurfaceDatabase, _ columns: Int) throws {
        let project = try SurfaceProject(
            database,
            migrations: [
                "20261125142451_add_a_table_with_a_name_that_no_terminal_holds.up.sql": "SELECT 1;",
                "20261125142452_b.up.sql": "SELECT 2;",
            ])
        try project.migrate("up").expect(0)
        let terminal = try project.startOnTerminal("status", columns: columns)
        #expect(terminal.wait() == 0)
        let table = terminal.screen.dropFirst().prefix(3)
        #expect(table.allSatisfy { $0.count <= columns }, "\(terminal.screen)")
        #expect(table.contains { $0.contains("20261125142451  add_a_table") })
        #expect(table.contains { $0.contains("applied") })
        #expect(terminal.raw.contains("…"))
        // In a pipe nothing is cut.
        let whole = try project.migrate("status").output
        #expect(whole.contains("add_a_table_with_a_name_that_no_terminal_holds"))
        #expect(!whole.contains("…"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `looking changes nothing and creates nothing`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: ["001_a.up.sql": "SELECT 1;"])
        for command in ["status", "plan", "doctor", "repair"] {
            try project.migrate(command).expect(0)
        }
        #expect(try project.migrate("up", "--dry-run").status == 0)
        switch database {
        case .sqlite:
            let names = try FileManager.default.contentsOfDirectory(atPath: project.folder.path)
            #expect(names == ["migrations"])
        case .postgres:
            #expect(try project.rows("SELECT relname FROM pg_class WHERE relname ~ 'migrat'") == [])
        }
    }

    @Test func `a file that is not there yet, and an empty folder`() throws {
        let project = try SurfaceProject(.sqlite)
        let result = try project.migrate("status")
        result.expect(0)
        #expect(
            result.output == """
                local: \(project.url) (not there yet; 'migrate up' creates it)
                no migrations; 'migrate new NAME' writes one

                """)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `plan says what up would do`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database,
            migrations: [
                "001_a.up.sql": "SELECT 1; SELECT 2;", "001_a.down.sql": "SELECT 1;",
                "002_b.up.sql": "-- migrate: no-transaction\nSELECT 1;", "R__v.sql": "SELECT 3;",
            ])
        let result = try project.migrate("plan")
        result.expect(0)
        let lines = result.output.split(separator: "\n")
        #expect(
            lines[1...4].joined(separator: "\n") == """
                VERSION  NAME  STATEMENTS  TRANSACTION  DOWN
                001      a     2           own          yes
                002      b     1           none         none
                R__v     v     1           own
                """)
        #expect(lines.last?.hasPrefix("digest ") == true)
        let some = try project.migrate("plan", "--to", "1")
        #expect(!some.output.contains("\n002 "))
        #expect(try project.migrate("plan").output == result.output)
        try project.migrate("up").expect(0)
        #expect(try project.migrate("plan").output == "nothing to do\n")
    }
}
