import Database
import Foundation
import TestSupport
import Testing

@Suite struct InitAndNewTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func migrate(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> ProgramResult {
        try MigrateProgram.run(arguments, in: folder.path, environment: environment)
    }

    /// All files below the folder with their texts.
    private func files() throws -> [String: String] {
        var files: [String: String] = [:]
        let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        for case let name as String in found {
            if let text = try? String(contentsOfFile: folder.file(name), encoding: .utf8) {
                files[name] = text
            }
        }
        return files
    }

    // MARK: init

    @Test func `what init writes works at once`() throws {
        let result = try migrate("init")
        result.expect(0)
        #expect(
            result.output == """
                wrote migrate.yaml
                wrote migrations/001_add_users_table.up.sql
                wrote migrations/001_add_users_table.down.sql
                next: migrate up

                """)
        try migrate("up").expect(0)
        #expect(folder.has("local.db"))
        let status = try migrate("status", "--exit-code")
        status.expect(0)
        #expect(status.output.hasPrefix("local: sqlite:local.db\n"))
        try migrate("redo").expect(0)
        try migrate("down").expect(0)
        // The example of every other environment can be read as well.
        let environments = try migrate("environments")
        environments.expect(0)
        #expect(environments.output.contains("production"))
    }

    @Test func `its first migration runs on PostgreSQL too`() throws {
        try migrate("init").expect(0)
        let database = try TestDatabase()
        let variables = ["DEV_DATABASE_URL": database.url.text]
        try migrate("up", "--env", "dev", environment: variables).expect(0)
        try migrate("down", "--env", "dev", environment: variables).expect(0)
    }

    @Test func `a second init changes nothing`() throws {
        try migrate("init").expect(0)
        let before = try files()
        let again = try migrate("init")
        again.expect(3)
        #expect(
            again.errors == """
                error: 'migrate.yaml' exists already
                hint: It is left as it is. 'migrate new NAME' writes another migration.

                """)
        #expect(try files() == before)
    }

    @Test func `a folder of somebody else's scripts gets no first migration`() throws {
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/V1__flyway.sql")
        try folder.write("hello", to: "README.md")
        let before = try files()
        let result = try migrate("init")
        result.expect(0)
        #expect(result.output.contains("'migrations' has migrations already"))
        var after = try files()
        #expect(after.removeValue(forKey: "migrate.yaml") != nil)
        #expect(after == before)
    }

    @Test func `another folder, and a configuration elsewhere`() throws {
        try migrate("init", "--dir", "db/it's here", "--config", "conf/app.yaml").expect(0)
        #expect(folder.has("conf/db/it's here/001_add_users_table.up.sql"))
        try migrate("up", "--config", "conf/app.yaml").expect(0)
        #expect(folder.has("conf/local.db"))
    }

    @Test func `where it cannot write, it leaves nothing behind`() throws {
        try folder.write("", to: "file")
        let inFile = try migrate("init", "--config", "file/migrate.yaml")
        inFile.expect(3)
        inFile.expectError("'file/migrate.yaml' cannot be written: not a directory\nhint: ")
        let noFolder = try migrate("init", "--dir", "file")
        noFolder.expect(3)
        noFolder.expectError("the migrations folder 'file' cannot be read: not a directory\nhint: ")
        #expect(try files() == ["file": ""])
    }

    // MARK: new

    @Test func `the first migration of a folder that is not there yet`() throws {
        let result = try migrate("new", "add_orders", "--dir", "db/migrations")
        result.expect(0)
        #expect(
            result.output == """
                wrote db/migrations/001_add_orders.up.sql
                wrote db/migrations/001_add_orders.down.sql

                """)
        #expect(
            try files() == [
                "db/migrations/001_add_orders.up.sql": "-- add_orders: what changes.\n",
                "db/migrations/001_add_orders.down.sql": "-- add_orders: how to undo it.\n",
            ])
    }

    @Test(arguments: [
        ("1_a", "2"), ("007_a", "008"), ("0099_a", "0100"), ("999_a", "1000"),
        // A folder that runs ahead of the clock still gets a newer version.
        ("99990101000000_a", "99990101000001"),
    ])
    func `the next number in the style of the folder`(_ last: String, _ next: String) throws {
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/\(last).up.sql")
        try migrate("new", "b").expect(0)
        #expect(folder.has("migrations/\(next)_b.up.sql"))
        #expect(folder.has("migrations/\(next)_b.down.sql"))
    }

    @Test func `a timestamp where the folder has timestamps`() throws {
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/20240131235959_a.up.sql")
        let result = try migrate("new", "b", "--json")
        result.expect(0)
        let version = try #require(result.json()["version"] as? String)
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyyMMddHHmmss"
        let time = try #require(format.date(from: version))
        #expect(abs(time.timeIntervalSinceNow) < 60)
        #expect(folder.has("migrations/\(version)_b.down.sql"))
    }

    @Test(arguments: [
        (["Add Orders Table!"], "add_orders_table"),
        (["add", "orders", "table"], "add_orders_table"),
        (["--", "-add--orders_"], "add_orders"), (["números ñ"], "números_ñ"), (["../up"], "up"),
    ])
    func `a name as a person types it`(_ words: [String], _ name: String) throws {
        let result = try MigrateProgram.run(["new"] + words, in: folder.path)
        result.expect(0)
        #expect(
            try Set(files().keys) == [
                "migrations/001_\(name).up.sql", "migrations/001_\(name).down.sql",
            ])
    }

    @Test func `a name of nothing`() throws {
        for name in ["", "...", "/"] {
            let result = try migrate("new", name)
            result.expect(2)
            result.expectError("'\(name)' holds no letter or digit to make a name of\nhint: ")
        }
        let none = try migrate("new")
        none.expect(2)
        none.expectError("error: missing expected argument '<name> ...'")
        #expect(try files() == [:])
    }

    @Test func `the folder of the configuration, whose variables do not matter`() throws {
        try folder.write(
            "migrations: db\nenvironments: { local: { url: \"${NOT_SET}\" } }\n", to: "migrate.yaml"
        )
        try migrate("new", "a").expect(0)
        #expect(folder.has("db/001_a.up.sql"))
        try migrate("new", "b", environment: ["MIGRATE_DIR": "other"]).expect(0)
        #expect(folder.has("other/001_b.up.sql"))
    }

    @Test func `a folder that does not hold together is told before anything is written`() throws {
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/oops.sql")
        let before = try files()
        let result = try migrate("new", "b")
        result.expect(3)
        result.expectError("migrations/oops.sql: error: the name does not say")
        #expect(try files() == before)
    }
}
