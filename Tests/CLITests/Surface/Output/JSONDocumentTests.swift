import Database
import Foundation
import TestSupport
import Testing

/// The shape of what each command prints with `--json`, on success and on failure.
@Suite struct JSONDocumentTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);", "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "-- migrate: lock-timeout 2s\nCREATE TABLE b (x integer);\n",
        "R__v.sql": "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT x FROM a;",
    ]

    /// Runs a command, and compares its document with the golden one.
    private func check(
        _ project: SurfaceProject, _ golden: String, _ arguments: [String], _ status: Int32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try MigrateProgram.run(
            arguments + ["--json"], in: project.folder.path,
            environment: ["MIGRATE_URL": project.url])
        result.expect(status, sourceLocation: sourceLocation)
        // The words are on standard error, where there is something to say.
        #expect(try result.errors.contains("error: ") == (result.json()["error"] != nil))
        try Golden.expect(
            result, golden, hiding: [project.url],
            sourceLocation: sourceLocation)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `up and down, status and plan`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try check(project, "status-pending-\(database)", ["status", "--exit-code"], 20)
        try check(project, "plan", ["plan"], 0)
        try check(project, "up-dry-run", ["up", "--dry-run"], 0)
        try check(project, "up", ["up"], 0)
        try check(project, "up-nothing", ["up"], 0)
        try check(project, "plan-nothing", ["plan"], 0)
        try check(project, "status", ["status"], 0)
        try check(project, "down-irreversible", ["down"], 9)
        try project.write("DROP TABLE b;", to: "002_b.down.sql")
        try check(project, "down-unconfirmed", ["down", "--all"], 9)
        try check(project, "redo", ["redo"], 0)
        try check(project, "down-dry-run", ["down", "--dry-run"], 0)
        try check(project, "down", ["down"], 0)
        try project.write("CREATE TABLE a (x text);", to: "001_a.up.sql")
        try check(project, "plan-mismatch", ["plan"], 8)
        try check(project, "up-mismatch", ["up"], 8)
        try check(project, "repair", ["repair"], 8)
        try check(project, "repair-done", ["repair", "--accept-checksum", "001"], 0)
        try check(project, "repair-failed", ["repair", "--mark-reverted", "7"], 2)
        try project.remove("001_a.up.sql")
        try project.remove("001_a.down.sql")
        try check(project, "redo-missing", ["redo"], 8)
        try project.write("SELECT 'oops", to: "003_c.up.sql")
        try check(project, "status-bad-file", ["status"], 3)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `migrations that fail`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: ["001_a.up.sql": "SELECT 1;"])
        try project.write("SELECT 1;\nSELEC 2;\n", to: "002_b.up.sql")
        try check(project, "up-failed-\(database)", ["up"], 6)
        try project.write(
            "-- migrate: no-transaction\nSELECT 1;\nSELEC 2;\n", to: "002_b.up.sql")
        try check(project, "up-part-way-\(database)", ["up"], 7)
        try check(project, "status-part-way", ["status"], 0)
        try check(project, "repair-part-way", ["repair"], 8)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a verify query that finds a row`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: ["001_a.up.sql": "SELECT 1;"])
        try project.write("SELECT 'wrong' AS what;", to: "001_a.verify.sql")
        try check(project, "up-unverified", ["up"], 10)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `baseline`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        if database == .sqlite { _ = try project.rows("CREATE TABLE a (x integer)") }
        try check(project, "baseline", ["baseline", "1"], 0)
        try check(project, "baseline-refused", ["baseline", "1"], 9)
        try check(project, "baseline-unknown", ["baseline", "9"], 2)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `adopt`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        let connection = try project.connect()
        defer { connection.close() }
        try connection.query(
            "CREATE TABLE goose_db_version (id integer, version_id bigint, is_applied boolean, "
                + "tstamp timestamp)")
        try connection.query(
            "INSERT INTO goose_db_version VALUES (1, 0, true, '2024-01-01 10:00:00'), "
                + "(2, 1, true, '2024-01-01 10:00:00'), (3, 3, true, '2024-01-01 10:00:00')")
        try check(project, "Adopt/adopt-missing", ["adopt"], 8)
        try check(project, "Adopt/adopt-dry-run-\(database)", ["adopt", "--dry-run"], 8)
        try connection.query("DELETE FROM goose_db_version WHERE version_id = 3")
        try check(project, "Adopt/adopt-\(database)", ["adopt"], 0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a lock that another run holds`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_sleep.up.sql": database.sleep(seconds: 60)])
        let run = try project.start("up")
        try project.waitForRun()
        let result = try project.migrate("up", "--json", "--lock-wait", "0s")
        run.send(SIGTERM)
        result.expect(5)
        let document = try result.json()
        let error = try #require(document["error"] as? [String: Any])
        let holder = try #require(error["holder"] as? String)
        #expect(holder.hasPrefix("pid \(run.pid) on "))
        try Golden.expect(result, "up-locked", hiding: [holder])
        run.wait().expect(130)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `doctor`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        func document(_ url: String) throws -> ProgramResult {
            try MigrateProgram.run(
                ["doctor", "--json"], in: project.folder.path, environment: ["MIGRATE_URL": url])
        }
        let well = try document(project.url)
        well.expect(0)
        let checks = try #require(try well.json()["checks"] as? [[String: Any]])
        let hidden = checks.filter { ["versions", "disk"].contains($0["check"] as? String ?? "") }
            .compactMap { $0["message"] as? String }
        try Golden.expect(well, "doctor-\(database)", hiding: hidden + [project.url])
        let url = database == .sqlite ? "sqlite:no/app.db" : "postgres://a@127.0.0.1:1/b"
        let ill = try document(url)
        ill.expect(4)
        try Golden.expect(ill, "doctor-failed-\(database)")
    }

    @Test func audit() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.migrate("up", "--to", "1").expect(0)
        let well = try project.migrate("audit", "--verify", "--json")
        well.expect(0)
        try Golden.expect(well, "audit", hiding: [project.url])
        try project.connect().query("UPDATE schema_migrations_log SET host = 'elsewhere'")
        let ill = try project.migrate("audit", "--verify", "--json", "--since", "2099-01-01")
        ill.expect(10)
        try Golden.expect(ill, "audit-changed", hiding: [project.url])
    }

    @Test func `init, new and environments`() throws {
        let folder = try TemporaryFolder()
        func check(_ golden: String, _ arguments: [String], _ status: Int32) throws {
            let result = try MigrateProgram.run(arguments + ["--json"], in: folder.path)
            result.expect(status)
            try Golden.expect(result, golden)
        }
        try check("environments-no-file", ["environments"], 3)
        try check("init", ["init"], 0)
        try check("init-exists", ["init"], 3)
        try check("new", ["new", "add orders"], 0)
        try check("new-no-name", ["new", "?"], 2)
        try check("environments", ["environments"], 0)
        try check("version", ["--version"], 0)
        try check("usage", ["up", "--count", "none"], 2)
        try check("usage-no-subcommand", ["upp"], 2)
        try folder.write("layout: [", to: "migrate.yaml")
        try check("status-bad-config", ["status"], 3)
    }

    /// The sections of docs/json-output.md by the commands in their headings; what has none is for
    /// all, under the empty name.
    private func documented() throws -> [String: String] {
        let text = try Repository.read("docs/json-output.md")
        var sections: [String: String] = [:]
        for section in text.components(separatedBy: "\n## ") {
            let heading = String(section.prefix { $0 != "\n" })
            let commands = heading.components(separatedBy: "`").enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
            for command in commands.isEmpty ? [""] : commands {
                sections[command, default: ""] += section
            }
        }
        return sections
    }

    private func expectDocumented(_ document: [String: Any], _ name: String) throws {
        let sections = try documented()
        let command = document["command"] as? String ?? "usage"
        let section = sections[command] ?? ""
        #expect(!section.isEmpty, "no section on \(command)")
        for key in Self.keys(document) {
            #expect(
                section.contains("`\(key)`") || sections[""]?.contains("`\(key)`") == true,
                "\(key) of \(name) is not in docs/json-output.md, under '\(command)'")
        }
    }

    @Test func `the document names every key that a command prints`() throws {
        let documents = try Golden.all()
        #expect(documents.count > 40)
        for (name, document) in documents { try expectDocumented(document, name) }
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `the document names the keys of verify`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_a.up.sql": "CREATE TABLE a (x integer);"])
        try project.migrate("up").expect(0)
        let well = try project.migrate("verify", "--json")
        well.expect(0)
        try expectDocumented(well.json(), "verify")
        try project.folder.folder("verify")
        try project.folder.write("SELECT 'wrong' AS what;", to: "verify/a.sql")
        let ill = try project.migrate("verify", "--deep", "--json")
        ill.expect(10)
        let document = try ill.json()
        #expect((document["findings"] as? [Any])?.count == 1)
        try expectDocumented(document, "verify that fails")
    }

    private static func keys(_ value: Any) -> Set<String> {
        if let members = value as? [String: Any] {
            return members.reduce(into: Set(members.keys)) { $0.formUnion(keys($1.value)) }
        }
        return (value as? [Any] ?? []).reduce(into: []) { $0.formUnion(keys($1)) }
    }
}
