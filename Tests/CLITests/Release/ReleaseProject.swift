import Database
import Foundation
import PostgresDriver
import SQLiteDriver
import TestSupport
import Testing

/// A project with the environments `staging` and `production`, each with a database of its own, and
/// a repository of snapshots.
final class ReleaseProject {
    let folder: TemporaryFolder
    let database: SurfaceDatabase
    private var servers: [String: TestDatabase] = [:]
    /// The addresses of the databases by environment.
    let urls: [String: String]

    /// Creates it; `rules` are lines of the environments.
    init(_ database: SurfaceDatabase, staging: String = "", production: String) throws {
        folder = try TemporaryFolder()
        self.database = database
        var urls: [String: String] = [:]
        for name in ["staging", "production"] {
            switch database {
            case .sqlite: urls[name] = "sqlite:" + folder.file(name + ".db")
            case .postgres:
                let server = try TestDatabase()
                servers[name] = server
                urls[name] = server.url.text
            }
        }
        self.urls = urls
        try folder.folder("migrations")
        try write("CREATE TABLE a (x integer);", to: "001_a.up.sql")
        try write("DROP TABLE a;", to: "001_a.down.sql")
        try configure(staging: staging, production: production)
    }

    /// Writes the configuration.
    func configure(staging: String = "", production: String) throws {
        func lines(_ text: String) -> String {
            text.split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        try folder.write(
            "environments:\n  staging:\n    url: \"${STAGING}\"\n\(lines(staging))"
                + "  production:\n    url: \"${PRODUCTION}\"\n\(lines(production))",
            to: "migrate.yaml")
    }

    /// Writes a migration file.
    func write(_ text: String, to name: String) throws {
        try folder.write(text, to: "migrations/" + name)
    }

    /// Runs the program for an environment.
    @discardableResult
    func migrate(_ environment: String, _ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(
            ["--env", environment] + arguments, in: folder.path,
            environment: [
                "STAGING": urls["staging"] ?? "", "PRODUCTION": urls["production"] ?? "",
            ])
    }

    /// Starts the program for an environment.
    func start(_ environment: String, _ arguments: String...) throws -> RunningProgram {
        try MigrateProgram.start(
            ["--env", environment] + arguments, in: folder.path,
            environment: [
                "STAGING": urls["staging"] ?? "", "PRODUCTION": urls["production"] ?? "",
            ])
    }

    /// Removes a migration file.
    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: folder.file("migrations/" + name))
    }

    /// Asks a database, each row as its values' texts joined by `|`.
    @discardableResult
    func rows(_ environment: String, _ sql: String) throws -> [String] {
        let connection: any Connection
        if let server = servers[environment] {
            connection = try server.connect()
        } else {
            connection = try SQLiteConnection(SQLiteURL(urls[environment] ?? ""), mode: .create)
        }
        defer { connection.close() }
        return try connection.query(sql).rows.map { row in
            row.values.map { $0.string ?? "null" }.joined(separator: "|")
        }
    }

    /// Action and outcome of each entry of the log.
    func log(_ environment: String) throws -> [String] {
        try rows(
            environment, "SELECT action || ' ' || outcome FROM schema_migrations_log ORDER BY seq")
    }

    /// The names of the snapshots of an environment, oldest first.
    func snapshots(_ environment: String = "production") throws -> [String] {
        guard folder.has("snapshots") else { return [] }
        let listed = try migrate(environment, "snapshot", "list", "--json").json()
        return (listed["snapshots"] as? [[String: Any]] ?? []).filter {
            $0["environment"] as? String == environment
        }.compactMap { $0["id"] as? String }
    }
}

extension ProgramResult {
    /// The answers in its document: `promotion no`.
    func gates() throws -> [String] {
        (try json()["gates"] as? [[String: Any]] ?? []).map {
            "\($0["gate"] ?? "") \($0["answer"] ?? "")"
        }
    }

    /// The reason that a gate gives.
    func reason(of gate: String) throws -> String? {
        (try json()["gates"] as? [[String: Any]] ?? []).first { $0["gate"] as? String == gate }?[
            "reason"] as? String
    }
}
