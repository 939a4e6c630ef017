import Database
import Migrations
import PostgresDriver
import SQLText
import SQLiteDriver
import TestSupport
import Testing

/// What `plan` says, and that it changes nothing.
@Suite struct PlanTests {
    /// Three migrations, of which the first is applied.
    private func begun(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        for number in 1...3 {
            try project.write(
                "\(number)_m", up: "CREATE TABLE t\(number) (i integer);",
                down: "DROP TABLE t\(number);", verify: "SELECT 1 FROM t\(number);")
        }
        try project.write("R__v.sql", "SELECT 1;")
        try project.up(UpRequest(to: "1"))
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `it names each migration with what will run, in order`(dialect: Dialect) throws {
        let project = try begun(dialect)
        try project.write("3_m", up: "-- migrate: no-transaction\nSELECT 1; SELECT 2;")
        let plan = try project.plan()
        #expect(plan.steps.map(\.version) == ["2", "3", "R__v"])
        #expect(plan.steps.map(\.action) == [.apply, .apply, .applyRepeatable])
        #expect(plan.steps.map(\.isTransactional) == [true, false, true])
        #expect(plan.steps.map { $0.script.sql.statements.count } == [1, 2, 1])
        #expect(plan.steps[0].verify?.file == "2_m.verify.sql")
        #expect(plan.steps[0].down?.file == "2_m.down.sql")
        #expect(plan.warnings.isEmpty)
    }

    @Test func `on SQLite, planning and status leave every byte of the file`() throws {
        let project = try begun(.sqlite)
        let before = try Files.read(project.file)
        let names = try Files.list(project.folder.path)
        let connection = try SQLiteConnection(
            SQLiteURL("sqlite:\(project.file)"), mode: .readOnlyWork)
        let migrator = Migrator(try project.context(connection))
        #expect(try migrator.plan(UpRequest()).steps.count == 3)
        #expect(try migrator.status().count == 4)
        #expect(try migrator.downPlan(.all).steps.count == 1)
        connection.close()
        #expect(try Files.read(project.file) == before)
        #expect(try Files.list(project.folder.path) == names)
    }

    @Test(arguments: [true, false])
    func `on PostgreSQL, planning and status need a read-only session only`(
        isBegun: Bool
    ) throws {
        let project =
            isBegun
            ? try begun(.postgres)
            : try Project(.postgres, ["1_a.up.sql": "CREATE TABLE a (i integer);"])
        let server = try #require(project.server)
        let url = try DatabaseURL(server.url.text + "?options=-cdefault_transaction_read_only%3Don")
        let connection = try PostgresConnection(PostgresOptions(url: url))
        let before = try project.sql("SELECT relname, relfilenode FROM pg_class ORDER BY oid")
        let migrator = Migrator(try project.context(connection))
        #expect(try migrator.plan(UpRequest()).steps.count == (isBegun ? 3 : 1))
        #expect(try migrator.status().count == (isBegun ? 4 : 1))
        #expect(
            try connection.query("SELECT txid_current_if_assigned() IS NULL").rows[0][0].boolean
                == true)
        #expect(
            try project.sql("SELECT relname, relfilenode FROM pg_class ORDER BY oid") == before)
    }

    @Test(arguments: Dialect.allCases)
    func `planning waits for no run that is under way`(dialect: Dialect) throws {
        let project = try begun(dialect)
        var seen: [[String]] = []
        try project.up { context in
            context.observer.began = { step, _, _ in
                if let plan = try? project.plan() { seen.append(plan.steps.map(\.version)) }
            }
        }
        #expect(seen == [["2", "3", "R__v"], ["3", "R__v"], ["R__v"]])
    }

    // MARK: The digest

    @Test(arguments: Dialect.allCases)
    func `the same files and history give the same digest to whoever asks`(
        dialect: Dialect
    ) throws {
        let project = try begun(dialect)
        let digest = try project.plan().digest
        #expect(digest.wholeMatch(of: /[0-9a-f]{64}/) != nil)
        #expect(try project.plan().digest == digest)
        let elsewhere = try project.migrator {
            $0.identity = Project.identity(host: "laptop", reason: "because")
        }
        #expect(try elsewhere.plan(UpRequest()).digest == digest)
    }

    @Test(
        arguments: Dialect.allCases,
        [
            ("2_m.up.sql", "-- words\nCREATE TABLE t2 (i integer);"),
            ("3_m.up.sql", "CREATE TABLE t3 (i bigint);"), ("2_m.verify.sql", "SELECT 2;"),
            ("2_m.down.sql", "DROP TABLE IF EXISTS t2;"), ("R__v.sql", "SELECT 2;"),
            ("4_new.up.sql", "SELECT 1;"), ("R__a.sql", "SELECT 1;"),
        ])
    func `any other file gives another digest`(
        dialect: Dialect, change: (name: String, text: String)
    ) throws {
        let project = try begun(dialect)
        let digest = try project.plan().digest
        try project.write(change.name, change.text)
        #expect(try project.plan().digest != digest)
    }

    @Test(arguments: Dialect.allCases)
    func `another request, environment, name or history gives another digest`(
        dialect: Dialect
    ) throws {
        let project = try begun(dialect)
        var digests = [try project.plan().digest]
        // Another way to say the same.
        #expect(try project.plan(UpRequest(count: 2)).digest == digests[0])
        digests.append(try project.plan(UpRequest(to: "2")).digest)
        let production = try project.migrator {
            $0.identity = Project.identity(environment: "production")
        }
        digests.append(try production.plan(UpRequest()).digest)
        try project.sql("UPDATE schema_migrations SET checksum = NULL")
        digests.append(try project.plan().digest)
        try project.sql("INSERT INTO schema_migrations (version) VALUES ('0')")
        try project.write("0_old", up: "SELECT 1;")
        digests.append(try project.plan().digest)
        for part in ["up", "down", "verify"] { try project.remove("3_m.\(part).sql") }
        try project.write(
            "3_renamed", up: "CREATE TABLE t3 (i integer);", down: "DROP TABLE t3;",
            verify: "SELECT 1 FROM t3;")
        digests.append(try project.plan().digest)
        #expect(Set(digests).count == digests.count)
    }

    @Test(arguments: Dialect.allCases)
    func `going on at another statement gives another digest`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: "-- migrate: no-transaction\nSELECT 1; SELECT 2; SELECT 3; SELECT * FROM nowhere;")
        _ = try failure { try project.up() }
        let digest = try project.plan().digest
        try project.repair(.statementsDone("1", 2))
        #expect(try project.plan().digest != digest)
    }

    @Test(arguments: Dialect.allCases)
    func `reverting and applying have different digests, and so has doing both`(
        dialect: Dialect
    ) throws {
        let project = try begun(dialect)
        try project.up()
        let one = try project.run { try $0.downPlan(.count(1)) }
        let two = try project.run { try $0.downPlan(.count(2)) }
        #expect(one.steps.map(\.action) == [.revert])
        #expect(two.steps.map(\.version) == ["3", "2"])
        #expect(one.digest != two.digest)
    }
}
