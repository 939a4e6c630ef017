import Database
import Foundation
import TestSupport
import Testing

/// The sample schema, migrations-sample, on both databases.
@Suite struct SampleTests {
    private static let count = 17

    /// A copy of the sample, so that running it leaves nothing in the repository.
    private func sample(_ database: SurfaceDatabase) throws -> SurfaceProject {
        let project = try SurfaceProject(database)
        let manager = FileManager.default
        try manager.removeItem(atPath: project.folder.file("migrations"))
        for name in ["migrations", "verify", "migrate.yaml"] {
            try manager.copyItem(
                atPath: Repository.path + "/migrations-sample/" + name,
                toPath: project.folder.file(name))
        }
        return project
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `each down puts the schema back as it was`(_ database: SurfaceDatabase) throws {
        let project = try sample(database)
        var schemas = [try project.schema()]
        for number in 1...Self.count {
            try project.migrate("up", "--count", "1").expect(0)
            schemas.append(try project.schema())
            let last = try project.rows("SELECT max(version) FROM schema_migrations")
            if number < Self.count {
                #expect(last == [number < 10 ? "00\(number)" : "0\(number)"])
            }
        }
        #expect(Set(schemas).count > 12)
        for number in (0..<Self.count).reversed() {
            try project.migrate("down").expect(0)
            #expect(try project.schema() == schemas[number], "back at \(number)")
        }
        #expect(try project.tables() == [])
        let again = try project.migrate("up")
        again.expect(0)
        #expect(again.output.contains("R__daily_sales"))
        #expect(try project.schema() == schemas[Self.count])
        try project.migrate("redo", "--count", "9").expect(0)
        #expect(try project.schema() == schemas[Self.count])
    }

    /// What a shop has after a day, written through its triggers and functions.
    private func fill(_ project: SurfaceProject) throws {
        let connection = try project.connect()
        for sql in [
            "INSERT INTO users (id, email, name) VALUES (1, 'ann@example.org', 'Ann'), "
                + "(2, 'bob@example.org', 'Bob')",
            "INSERT INTO orders (id, user_id) VALUES (1, 1), (2, 2), (3, 1)",
            "INSERT INTO order_lines VALUES (1, 1, 'MUG-RED', 2, 1290), "
                + "(1, 2, 'POT-TEA', 1, 3450), (2, 1, 'TEA-ASSAM', 4, 890)",
            "UPDATE orders SET status = 'paid' WHERE id = 2",
        ] { try connection.query(sql) }
        switch project.database {
        case .postgres: try connection.query("SELECT move_stock('MUG-RED', 7)")
        case .sqlite:
            try connection.query("INSERT INTO stock_movements (sku, change) VALUES ('MUG-RED', 7)")
        }
    }

    private static let facts = [
        "SELECT id, email, name FROM users ORDER BY id",
        "SELECT id, user_id, status FROM orders ORDER BY id",
        "SELECT * FROM order_lines ORDER BY 1, 2",
        "SELECT sku, title, price_cents, tax_rate FROM products ORDER BY sku",
    ]

    @Test(arguments: SurfaceDatabase.allCases)
    func `rows outlive the way down and up`(_ database: SurfaceDatabase) throws {
        let project = try sample(database)
        try project.migrate("up").expect(0)
        try fill(project)
        let totals = "SELECT id, total_cents FROM orders ORDER BY id"
        #expect(try project.rows(totals) == ["1|6030", "2|3560", "3|0"])
        let before = try Self.facts.map(project.rows)
        let slugs = try project.rows("SELECT sku, slug FROM products ORDER BY sku")
        try project.migrate("down", "--to", "006").expect(0)
        #expect(try Self.facts.map(project.rows) == before)
        try project.migrate("up").expect(0)
        #expect(try Self.facts.map(project.rows) == before)
        #expect(try project.rows(totals) == ["1|6030", "2|3560", "3|0"])
        #expect(try project.rows("SELECT sku, slug FROM products ORDER BY sku") == slugs)
        #expect(
            try project.rows("SELECT order_count, revenue_cents FROM daily_sales") == ["2|9590"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `the verify queries find nothing, until something is wrong`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try sample(database)
        try project.migrate("up").expect(0)
        try fill(project)
        func findings() throws -> [String] {
            let folder = project.folder.file("verify")
            var rows: [String] = []
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
                for query in text.components(separatedBy: ";") where query.contains("SELECT") {
                    rows += try project.rows(query)
                }
            }
            return rows
        }
        #expect(try findings() == [])
        _ = try project.rows("UPDATE orders SET total_cents = 1 WHERE id = 1")
        _ = try project.rows("UPDATE stock SET on_hand = 8 WHERE sku = 'MUG-RED'")
        #expect(try findings().sorted() == ["1|1|6030", "MUG-RED|8|7"])
    }

    @Test(arguments: ["local", "dev", "staging", "production"])
    func `every environment of its migrate yaml`(_ environment: String) throws {
        let project = try sample(.postgres)
        let name = environment.uppercased() + "_DATABASE_URL"
        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(
                ["--env", environment] + arguments, in: project.folder.path,
                environment: [name: project.url])
        }
        let plan = try migrate("plan")
        plan.expect(0)
        #expect(plan.output.hasPrefix(environment + ": "))
        let up = try migrate("up")
        up.expect(0)
        #expect(up.output.contains("applied 18 migrations to "))
        try migrate("status", "--exit-code").expect(0)
        try migrate("doctor").expect(0)
        #expect(project.folder.has("shop.db") == (environment == "local"))
        if environment == "production" {
            try migrate("down", "--count", "3").expect(9)
            try migrate("down", "--count", "3", "--yes", "--reason", "a test").expect(0)
        } else {
            try migrate("down", "--count", "3").expect(0)
        }
        let list = try migrate("environments", "--json").json()
        let names = (list["environments"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        #expect(names == ["local", "dev", "staging", "production"])
    }
}

extension SurfaceProject {
    /// The schema as the database's own program dumps it, without our tables and without the
    /// repeatable view, which has no way down.
    func schema() throws -> String {
        switch database {
        case .sqlite:
            // By name: a table that was rebuilt stands behind the others.
            return try Tool.run(
                "sqlite3",
                [
                    folder.file("app.db"),
                    "SELECT type, name, tbl_name, sql FROM sqlite_schema "
                        + "WHERE tbl_name NOT LIKE 'schema_migrations%' "
                        + "AND name <> 'daily_sales' ORDER BY 1, 2",
                ])
        case .postgres:
            let dump = try Tool.run(
                "pg_dump",
                [
                    "--schema-only", "--exclude-table=schema_migrations*",
                    "--exclude-table=daily_sales", url,
                ])
            // Newer versions of pg_dump print a key that is another one each time.
            return dump.components(separatedBy: "\n").filter { !$0.contains("restrict ") }
                .joined(separator: "\n")
        }
    }
}

/// A program of the databases that tests compare with.
enum Tool {
    /// What it prints on standard output.
    static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name) failed")
        return String(decoding: data, as: UTF8.self)
    }
}
