import Foundation
import TestSupport
import Testing

/// Each exit status of docs/exit-status.md, through a situation that a user may be in.
@Suite struct ExitStatusTests {
    private static let firstTable = ["001_a.up.sql": "CREATE TABLE a (x integer);"]

    @Test(arguments: SurfaceDatabase.allCases)
    func `0: done, and nothing to do`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        let first = try project.migrate("up")
        first.expect(0)
        #expect(first.output.contains("+ 001 a"))
        #expect(try project.tables() == ["a"])
        let second = try project.migrate("up")
        second.expect(0)
        #expect(second.output == "nothing to do\n")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `1: the database refuses what nobody foresaw`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.migrate("up").expect(0)
        switch database {
        case .sqlite:
            _ = try project.rows(
                "CREATE TRIGGER no BEFORE INSERT ON schema_migrations "
                    + "BEGIN SELECT raise(ABORT, 'not today'); END")
        case .postgres:
            _ = try project.rows(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
                    + "'BEGIN RAISE EXCEPTION ''not today''; END'")
            _ = try project.rows(
                "CREATE TRIGGER no BEFORE INSERT ON schema_migrations "
                    + "FOR EACH ROW EXECUTE FUNCTION no()")
        }
        try project.write("CREATE TABLE b (x integer);", to: "002_b.up.sql")
        let result = try project.migrate("repair", "--mark-applied", "002")
        result.expect(1)
        result.expectError("error: not today")
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["001"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `2: usage`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.migrate("up", "--count", "none").expect(2)
        let beyond = try project.migrate("up", "--to", "7")
        beyond.expect(2)
        beyond.expectError("there is no migration 7 in 'migrations'\nhint: The only one is 001.")
        #expect(try project.tables() == [])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `3: files that do not hold together; nothing ran`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.write("CREATE TABLE b (x text DEFAULT 'oops);", to: "002_b.up.sql")
        let result = try project.migrate("up")
        result.expect(3)
        result.expectError("migrations/002_b.up.sql:1:32: error: ")
        #expect(try project.tables() == [])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `4: cannot connect`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        let nobody = try SilentServer(listens: false)
        let url =
            database == .sqlite
            ? "sqlite:no/such/folder/app.db" : "postgres://a@127.0.0.1:\(nobody.port)/b"
        for command in ["up", "down", "redo", "status", "plan", "doctor", "repair"] {
            let result = try project.migrate(command, environment: ["MIGRATE_URL": url])
            result.expect(4)
        }
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `5: another run holds the lock`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_sleep.up.sql": database.sleep(seconds: 60)])
        let first = try project.start("up")
        try project.waitForRun()
        let second = try project.migrate("up", "--lock-wait", "0s")
        second.expect(5)
        second.expectError("error: another run holds the lock: pid \(first.pid) on ")
        first.send(SIGINT)
        first.wait().expect(130)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `6: a migration failed, and is gone`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.write(
            "CREATE TABLE b (x integer);\nINSERT INTO nowhere VALUES (1);\n", to: "002_b.up.sql")
        let result = try project.migrate("up")
        result.expect(6)
        // SQLite does not say where in a statement a table is that it does not know.
        let column = database == .sqlite ? 1 : 13
        result.expectError("migrations/002_b.up.sql:2:\(column): error: ")
        let caret = String(repeating: " ", count: 4 + column - 1) + "^"
        result.expectError("    INSERT INTO nowhere VALUES (1);\n\(caret)\n")
        result.expectError("before that: 1 migration applied; this stays")
        #expect(try project.tables() == ["a"])
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["001"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `7: a migration without transaction stopped part-way`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try SurfaceProject(database)
        try project.write(
            """
            -- migrate: no-transaction
            CREATE TABLE a (x integer);
            CREATE TABLE a (x integer);
            """, to: "001_a.up.sql")
        let result = try project.migrate("up")
        result.expect(7)
        result.expectError("hint: 1 of 2 statements of 001 are done and recorded.")
        #expect(try project.tables() == ["a"])
        let status = try project.migrate("status")
        #expect(status.output.contains("failed part-way (1 of 2)"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `8: history and files disagree`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.migrate("up").expect(0)
        try project.write("CREATE TABLE a (x integer, y integer);", to: "001_a.up.sql")
        let changed = try project.migrate("up")
        changed.expect(8)
        changed.expectError("error: 001 was changed after being applied")
        changed.expectError("migrate repair --accept-checksum 001")
        try project.migrate("repair").expect(8)
        try project.migrate("doctor").expect(8)
        // Looking is not failing.
        try project.migrate("status").expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `9: refused`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.migrate("up").expect(0)
        let result = try project.migrate("down")
        result.expect(9)
        result.expectError("error: 001 has no down script\nhint: Nothing was reverted.")
        #expect(try project.tables() == ["a"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `10: a verify query found a row`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        try project.write("SELECT 'left over' AS problem;", to: "001_a.verify.sql")
        let result = try project.migrate("up")
        result.expect(10)
        result.expectError("left over")
        #expect(try project.tables() == [])
    }

    @Test func `12: the disk is full before anything ran`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.firstTable)
        let result = try project.migrate(
            "up", fault: .init(.failure(ENOSPC), at: 1, of: ["pwrite"]))
        #expect(result.faultHappened)
        result.expect(12)
        #expect(try project.tables() == [])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `20: status --exit-code sees pending migrations`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.firstTable)
        let pending = try project.migrate("status", "--exit-code")
        pending.expect(20)
        #expect(pending.output.contains("1 migration pending"))
        #expect(pending.errors == "")
        try project.migrate("status").expect(0)
        try project.migrate("up").expect(0)
        try project.migrate("status", "--exit-code").expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases, [SIGINT, SIGTERM])
    func `130: interrupted, and as it was before`(
        _ database: SurfaceDatabase, _ signal: Int32
    ) throws {
        let project = try SurfaceProject(
            database,
            migrations: [
                "001_a.up.sql": "CREATE TABLE a (x integer);\n" + database.sleep(seconds: 60)
            ])
        let run = try project.start("up", "--json")
        try project.waitForRun()
        run.send(signal)
        let result = run.wait()
        result.expect(130)
        result.expectError("error: interrupted\n")
        // On SQLite the lock shows before the first statement begins.
        if database == .postgres {
            result.expectError(
                "error: interrupted\n    " + database.sleep(seconds: 60) + "\n    ^\n"
                    + "hint: 001 was rolled back: the database is as it was before it.\n")
        }
        let document = try result.json()
        #expect(document["exit_status"] as? Int == 130)
        #expect(document["outcome"] as? String == "failed")
        #expect(try project.tables() == [])
        // The lock went with it.
        try project.migrate("down", "--all", "--yes").expect(0)
    }

    @Test func `the document and the command say the same`() throws {
        let folder = try TemporaryFolder()
        let printed = try MigrateProgram.run(["help", "exit-status"], in: folder.path)
        printed.expect(0)
        var table: [String] = []
        let lines = try Repository.read("docs/exit-status.md").split(separator: "\n")
        for line in lines where line.first == "|" {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let number = Int(cells[0]) else { continue }
            table.append(
                String(repeating: " ", count: 3 - cells[0].count) + "\(number)  \(cells[1])")
        }
        #expect(table.count == 16)
        #expect(printed.output == table.joined(separator: "\n") + "\n")
    }
}

extension SurfaceProject {
    /// Waits until a run holds the lock of the project's database.
    func waitForRun() throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            switch database {
            case .sqlite:
                if folder.has("app.db-migrate-lock") { return }
            case .postgres:
                let running = try rows(
                    "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'migrate %@%' "
                        + "AND datname = current_database() AND wait_event = 'PgSleep'")
                if !running.isEmpty { return }
            }
            poll(nil, 0, 10)
        }
        Issue.record("no run began within ten seconds")
    }
}
