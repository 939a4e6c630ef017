import Database
import Foundation
import TestSupport
import Testing

/// docs/configuration.md says what the program does.
@Suite struct ConfigurationDocumentTests {
    @Test func `it names every key`() throws {
        let text = try Repository.read("docs/configuration.md")
        let folder = try TemporaryFolder()
        var keys: Set<String> = []
        for config in [
            "zzz: 1\n", "defaults: { zzz: 1 }\n", "environments: { a: { zzz: 1 } }\n",
            "environments: { a: { verify: { zzz: 1 } } }\n",
            "environments: { a: { promote_from: { zzz: 1 } } }\n",
            "environments: { a: { evidence: { zzz: 1 } } }\n",
            "environments: { a: { windows: { zzz: 1 } } }\n",
            "environments: { a: { windows: { freezes: [{ zzz: 1 }] } } }\n",
            "environments: { a: { snapshot: { zzz: 1 } } }\n",
            "environments: { a: { snapshot: { before: up, keep: { zzz: 1 } } } }\n",
        ] {
            try folder.write(config, to: "migrate.yaml")
            let result = try MigrateProgram.run(["status"], in: folder.path)
            let hint = result.errors.components(separatedBy: "hint: The keys here are ")
            keys.formUnion((hint.last ?? "").dropLast(2).components(separatedBy: ", "))
        }
        #expect(keys.count == 50)
        for key in keys { #expect(text.contains("`\(key)") || text.contains(" `\(key)"), "\(key)") }
        for variable in ["ENV", "CONFIG", "URL", "DIR", "HISTORY_TABLE", "ALSO_WRITE"] {
            #expect(text.contains("`MIGRATE_\(variable)`"))
        }
    }

    @Test func `its example is what its defaults say`() throws {
        let text = try Repository.read("docs/configuration.md")
        let blocks = text.components(separatedBy: "```")
        let example = try #require(blocks.first { $0.hasPrefix("yaml\n") }).dropFirst(5)
        let folder = try TemporaryFolder()
        try folder.write(String(example), to: "migrate.yaml")
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/001_a.up.sql")
        try MigrateProgram.run(["up"], in: folder.path).expect(0)
        #expect(folder.has("local.db"))
        let variables = [
            "PRODUCTION_DATABASE_URL": "postgres://app@db.example/app", "USER": "root",
        ]
        let refused = try MigrateProgram.run(
            ["--env", "production", "down"], in: folder.path, environment: variables)
        #expect(text.contains("$ migrate --env production down\n" + refused.errors))
        let missing = try MigrateProgram.run(["--env", "production", "status"], in: folder.path)
        #expect(text.contains("$ migrate --env production status\n" + missing.errors))
        let list = try MigrateProgram.run(
            ["environments", "--offline"], in: folder.path,
            environment: variables.merging(["PGUSER": "root"]) { $1 })
        #expect(text.contains("$ migrate environments --offline\n" + list.output))
    }

    @Test func `zero is without limit for lock_timeout on SQLite`() throws {
        let project = try SurfaceProject(.sqlite, migrations: ["001_a.up.sql": "SELECT 1;"])
        try project.folder.write(
            "environments: { local: { url: \"\(project.url)\", lock_timeout: 0s } }\n",
            to: "migrate.yaml")
        let other = try project.connect()
        try other.query("CREATE TABLE other (x integer)")
        try other.query("BEGIN IMMEDIATE")
        let run = try MigrateProgram.start(["up"], in: project.folder.path)
        // The lock file shows that its first write comes next, and that it does not fail at once is
        // to be seen only in time.
        try project.waitForRun()
        for _ in 0..<30 where project.folder.has("app.db-migrate-lock") { poll(nil, 0, 10) }
        #expect(project.folder.has("app.db-migrate-lock"))
        try other.query("COMMIT")
        run.wait().expect(0)
    }

    @Test func `zero is without limit for connect_timeout`() throws {
        let project = try SurfaceProject(.postgres, migrations: ["001_a.up.sql": "SELECT 1;"])
        try project.folder.write(
            "environments: { local: { url: \"\(project.url)\", connect_timeout: 0s } }\n",
            to: "migrate.yaml")
        try MigrateProgram.run(["up"], in: project.folder.path).expect(0)
    }
}
