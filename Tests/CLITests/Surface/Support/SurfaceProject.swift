import Database
import Foundation
import PostgresDriver
import SQLiteDriver
import TestSupport
import Testing

/// The two databases that what a user sees is tested on.
enum SurfaceDatabase: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case sqlite, postgres

    var testDescription: String { rawValue }
    /// SQL that takes about so long.
    func sleep(seconds: Double) -> String {
        switch self {
        case .postgres: "SELECT pg_sleep(\(seconds));"
        case .sqlite:
            // Counting has no clock: it goes on until somebody interrupts it.
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                + "SELECT count(*) FROM n WHERE i < 0;"
        }
    }
}

/// A folder with migrations and an empty database, for the program as a user runs it.
///
/// The database is named by MIGRATE_URL, unless a test takes that away.
final class SurfaceProject: Sendable {
    let folder: TemporaryFolder
    let database: SurfaceDatabase
    private let server: TestDatabase?
    /// The database's address.
    let url: String

    init(_ database: SurfaceDatabase, migrations: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        self.database = database
        switch database {
        case .sqlite:
            server = nil
            url = "sqlite:" + folder.file("app.db")
        case .postgres:
            let server = try TestDatabase()
            self.server = server
            url = server.url.text
        }
        try folder.folder("migrations")
        for (name, text) in migrations { try write(text, to: name) }
    }

    /// The name of the database on the server.
    var databaseName: String { server?.name ?? "" }

    /// Writes a migration file.
    func write(_ text: String, to name: String) throws {
        try folder.write(text, to: "migrations/" + name)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: folder.file("migrations/" + name))
    }

    /// Runs the program in the folder.
    @discardableResult
    func migrate(
        _ arguments: String..., environment: [String: String] = [:],
        fault: MigrateProgram.Fault? = nil
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            arguments, in: folder.path,
            environment: ["MIGRATE_URL": url].merging(environment) { $1 },
            fault: fault)
    }

    /// Starts the program in the folder.
    func start(_ arguments: String...) throws -> RunningProgram {
        try MigrateProgram.start(arguments, in: folder.path, environment: ["MIGRATE_URL": url])
    }

    /// Starts the program in the folder, on a terminal.
    func startOnTerminal(
        _ arguments: String..., environment: [String: String] = [:], columns: Int = 80
    ) throws -> TerminalProgram {
        try MigrateProgram.startOnTerminal(
            arguments, in: folder.path,
            environment: ["MIGRATE_URL": url].merging(environment) { $1 },
            columns: columns)
    }

    /// Asks the database, each row as its values' texts joined by `|`.
    func rows(_ sql: String) throws -> [String] {
        try connect().query(sql).rows.map { row in
            row.values.map { $0.string ?? "null" }.joined(separator: "|")
        }
    }

    /// A connection of the test's own.
    func connect() throws -> any Connection {
        if let server { return try server.connect() }
        return try SQLiteConnection(SQLiteURL(url), mode: .create)
    }

    /// The user's own tables.
    func tables() throws -> [String] {
        switch database {
        case .sqlite:
            try rows(
                "SELECT name FROM sqlite_schema WHERE type = 'table' "
                    + "AND name NOT LIKE 'schema_migrations%' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
            )
        case .postgres:
            try rows(
                "SELECT relname::text FROM pg_class WHERE relkind = 'r' "
                    + "AND relnamespace = 'public'::regnamespace "
                    + "AND relname NOT LIKE 'schema_migrations%' ORDER BY 1")
        }
    }
}

extension ProgramResult {
    /// Checks the exit status, and shows what was printed where it is another one.
    func expect(
        _ wanted: Int32, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let printed = "printed:\n\(output)\nand on standard error:\n\(errors)"
        #expect(status == wanted, "\(printed)", sourceLocation: sourceLocation)
    }

    /// Checks that standard error holds a text.
    func expectError(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let found = errors.contains(text)
        #expect(found, "'\(text)' is not in:\n\(errors)", sourceLocation: sourceLocation)
    }
}
