import Foundation
import TestSupport
import Testing

/// Option, then MIGRATE_ variable, then file, then default; and where relative paths start.
@Suite struct ConfigPrecedenceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["file", "variable", "option", "migrations"] {
            try folder.folder("db/\(name)")
            try folder.write("SELECT 1;", to: "db/\(name)/001_from_\(name).up.sql")
        }
    }

    private func status(
        _ arguments: [String] = [], _ environment: [String: String] = [:], in place: String? = nil
    ) throws -> [String: Any] {
        let result = try MigrateProgram.run(
            ["status", "--json"] + arguments, in: place ?? folder.file("db"),
            environment: environment)
        result.expect(0)
        return try result.json()
    }

    private func names(_ document: [String: Any]) -> [String] {
        let migrations = document["migrations"] as? [[String: Any]] ?? []
        return migrations.compactMap { $0["name"] as? String }
    }

    @Test func `the environment`() throws {
        let names = ["local", "file", "variable", "option"]
        let environments = names.map { "  \($0): { url: 'sqlite:\($0).db' }\n" }.joined()
        try folder.write("environments:\n" + environments, to: "db/migrate.yaml")
        #expect(try status()["environment"] as? String == "local")
        try folder.write(
            "default_environment: file\nenvironments:\n" + environments, to: "db/migrate.yaml")
        #expect(try status()["environment"] as? String == "file")
        let variable = ["MIGRATE_ENV": "variable"]
        #expect(try status([], variable)["environment"] as? String == "variable")
        #expect(
            try status(["--env", "option"], variable)["environment"] as? String == "option")
        // An empty variable is none.
        #expect(try status([], ["MIGRATE_ENV": ""])["environment"] as? String == "file")
    }

    @Test func `the configuration`() throws {
        for name in ["file", "variable", "option"] {
            let path = name == "file" ? "db/migrate.yaml" : "db/\(name).yaml"
            try folder.write(
                "environments:\n  local: { url: 'sqlite:\(name).db' }\n", to: path)
        }
        #expect(try status()["database"] as? String == "sqlite:file.db")
        let variable = ["MIGRATE_CONFIG": "variable.yaml"]
        #expect(try status([], variable)["database"] as? String == "sqlite:variable.db")
        #expect(
            try status(["--config", "option.yaml"], variable)["database"] as? String
                == "sqlite:option.db")
    }

    @Test func `the database`() throws {
        try folder.write(
            "environments:\n  local: { url: 'sqlite:file.db' }\n", to: "db/migrate.yaml")
        #expect(try status()["database"] as? String == "sqlite:file.db")
        let variable = ["MIGRATE_URL": "sqlite:variable.db"]
        #expect(try status([], variable)["database"] as? String == "sqlite:variable.db")
        #expect(
            try status(["--url", "sqlite:option.db"], variable)["database"] as? String
                == "sqlite:option.db")
    }

    @Test func `the folder of migrations`() throws {
        let environments = "environments:\n  local: { url: 'sqlite:app.db' }\n"
        try folder.write(environments, to: "db/migrate.yaml")
        #expect(try names(status()) == ["from_migrations"])
        try folder.write("migrations: file\n" + environments, to: "db/migrate.yaml")
        #expect(try names(status()) == ["from_file"])
        let variable = ["MIGRATE_DIR": "variable"]
        #expect(try names(status([], variable)) == ["from_variable"])
        #expect(try names(status(["--dir", "option"], variable)) == ["from_option"])
    }

    @Test func `options count before the subcommand and behind it, the nearer one wins`() throws {
        let url = ["MIGRATE_URL": "sqlite:app.db"]
        let place = folder.file("db")
        func run(_ arguments: String...) throws -> [String] {
            let result = try MigrateProgram.run(arguments, in: place, environment: url)
            result.expect(0)
            return try names(result.json())
        }
        #expect(try run("--dir", "option", "--json", "status") == ["from_option"])
        #expect(try run("--json", "status", "--dir", "option") == ["from_option"])
        #expect(try run("--dir", "file", "status", "--json", "--dir", "option") == ["from_option"])
    }

    @Test func `a file in a parent folder, and paths relative to it`() throws {
        try folder.write(
            """
            migrations: file
            environments:
              local: { url: 'sqlite:here.db' }
            """, to: "db/migrate.yaml")
        let deep = try folder.folder("db/src/deep")
        let result = try MigrateProgram.run(["up"], in: deep)
        result.expect(0)
        #expect(folder.has("db/here.db"))
        #expect(result.output.contains("from_file"))
        // What the command line names is relative to where it is typed.
        try MigrateProgram.run(
            ["up", "--url", "sqlite:there.db", "--dir", "../../option"], in: deep
        ).expect(0)
        #expect(folder.has("db/src/deep/there.db"))
        // A file that is named, from elsewhere.
        let named = try status(["--config", "db/migrate.yaml"], in: folder.path)
        #expect(named["database"] as? String == "sqlite:db/here.db")
        #expect(named["pending"] as? Int == 0)
    }

    @Test func `without a file, the command line is enough`() throws {
        let result = try MigrateProgram.run(
            ["up", "--url", "sqlite:app.db", "--dir", "option"], in: folder.file("db"))
        result.expect(0)
        #expect(folder.has("db/app.db"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a URL from a variable, a default and a password file`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try SurfaceProject(database, migrations: ["001_a.up.sql": "SELECT 1;"])
        try project.folder.write("ignored-by-trust\n", to: "secret")
        try project.folder.write(
            """
            environments:
              local:
                url: ${DATABASE:-sqlite:fallback.db}
                password_file: secret
            """, to: "migrate.yaml")
        try MigrateProgram.run(
            ["up"], in: project.folder.path, environment: ["DATABASE": project.url]
        ).expect(0)
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["001"])
        try MigrateProgram.run(["up"], in: project.folder.path).expect(0)
        #expect(project.folder.has("fallback.db"))
    }
}
