import Database
import Foundation
import PostgresDriver
import SQLiteDriver
import TestSupport
import Testing

/// A project on disk with a database of its own, and the built program to run in it.
final class VerifiedProject: Sendable {
    let dialect: Dialect
    let folder: TemporaryFolder
    let postgres: TestDatabase?

    /// Creates it with `verify` and further lines in its environment's configuration.
    init(_ dialect: Dialect, verify: String? = nil, _ lines: String...) throws {
        self.dialect = dialect
        folder = try TemporaryFolder()
        postgres = dialect == .postgres ? try TestDatabase() : nil
        try folder.folder("migrations")
        try folder.folder("verify")
        let rest = (verify.map { ["verify: { \($0) }"] } ?? []) + lines
        try folder.write(
            """
            environments:
              local:
                url: \(postgres?.url.text ?? "sqlite:app.db")
            \(rest.map { "    " + $0 + "\n" }.joined())
            """, to: "migrate.yaml")
    }

    var url: String { postgres?.url.text ?? "sqlite:\(folder.file("app.db"))" }

    /// Writes `migrations/NAME.up.sql` and, if given, its down file.
    func migration(_ name: String, _ up: String, down: String? = nil) throws {
        try folder.write(up, to: "migrations/\(name).up.sql")
        if let down { try folder.write(down, to: "migrations/\(name).down.sql") }
    }

    /// Writes `verify/NAME.sql`.
    func verifyFile(_ name: String, _ sql: String) throws {
        try folder.write(sql, to: "verify/\(name).sql")
    }

    /// Runs the program in the project's folder.
    @discardableResult
    func run(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(arguments, in: folder.path)
    }

    /// Opens the database.
    func connect() throws -> any Connection {
        if let postgres { return try postgres.connect() }
        return try SQLiteConnection(try SQLiteURL(url), mode: .create)
    }

    /// Runs statements on the database.
    func execute(_ statements: String...) throws {
        let connection = try connect()
        for statement in statements { try connection.run([Step(statement)]) }
        connection.close()
    }

    /// Runs statements while foreign keys are not enforced.
    func executeUnenforced(_ statements: String...) throws {
        let connection = try connect()
        try connection.query(
            dialect == .postgres
                ? "SET session_replication_role = replica" : "PRAGMA foreign_keys = OFF")
        for statement in statements { try connection.run([Step(statement)]) }
        connection.close()
    }

    /// The first value that a query answers with, as text.
    func value(_ sql: String) throws -> String? {
        let connection = try connect()
        defer { connection.close() }
        return try connection.query(sql).rows.first?[0].string
    }

    /// The versions that are recorded as applied.
    var applied: [String] {
        get throws {
            let connection = try connect()
            defer { connection.close() }
            return try connection.query(
                "SELECT version FROM schema_migrations WHERE state = 'applied' ORDER BY version"
            ).rows.compactMap { $0[0].string }
        }
    }
}

extension ProgramResult {
    /// The findings of the JSON document.
    var findings: [[String: Any]] {
        get throws { try #require(json()["findings"] as? [[String: Any]]) }
    }

    /// The names of the checks that found something, in order.
    var foundChecks: [String] {
        get throws { try findings.compactMap { $0["check"] as? String } }
    }

    /// Those of them that found an error.
    var foundErrors: [String] {
        get throws {
            try findings.filter { $0["severity"] as? String == "error" }
                .compactMap { $0["check"] as? String }
        }
    }

    /// The versions in a list of the JSON document.
    func versions(_ key: String) throws -> [String] {
        try #require(json()[key] as? [[String: Any]]).compactMap { $0["version"] as? String }
    }
}
