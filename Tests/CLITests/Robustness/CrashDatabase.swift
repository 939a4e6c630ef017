import Database
import Foundation
import TestSupport
import Testing

/// Which database a run is disturbed on.
enum CrashEngine: String, CaseIterable, CustomStringConvertible {
    case rollbackJournal = "SQLite with a rollback journal"
    case wal = "SQLite with a WAL"
    case postgres = "PostgreSQL"

    var description: String { rawValue }
    var dialect: Dialect { self == .postgres ? .postgres : .sqlite }
}

/// A database and a folder of migrations for runs that are disturbed.
final class CrashDatabase {
    let engine: CrashEngine
    let folder: TemporaryFolder
    let migrations: TracedMigrations
    /// What `--url` is given.
    let address: String
    private let server: TestDatabase?
    /// PostgreSQL only: making one for each look would be most of a sweep's time.
    private let watcher: (any Connection)?

    private let isOneTransaction: Bool

    /// Writes the files and makes an empty database. `lockTimeout`, `lockRetries` and
    /// `isOneTransaction` are configured for each run.
    init(
        _ engine: CrashEngine, files: [String: String]? = nil, lockTimeout: String = "5s",
        lockRetries: Int = 10, isOneTransaction: Bool = false
    ) throws {
        self.engine = engine
        folder = try TemporaryFolder()
        self.isOneTransaction = isOneTransaction
        migrations = TracedMigrations(engine.dialect, isOneTransaction: isOneTransaction)
        try folder.folder("migrations")
        if engine == .postgres {
            let database = try TestDatabase()
            server = database
            address = database.url.text
            watcher = try database.connect()
        } else {
            server = nil
            watcher = nil
            address = "sqlite:" + folder.file("app.db")
        }
        try write(files ?? migrations.files)
        try folder.write(
            """
            defaults:
              lock_timeout: \(lockTimeout)
              lock_retries: \(lockRetries)
              transaction: \(isOneTransaction ? "all" : "each")
            environments:
              local: { url: "sqlite:unused.db" }

            """, to: "migrate.yaml")
        try reset()
    }

    /// Writes files into the folder of migrations.
    func write(_ files: [String: String]) throws {
        for (name, text) in files { try folder.write(text, to: "migrations/\(name)") }
    }

    /// The database's file; SQLite only.
    var file: String { folder.file("app.db") }

    /// Empties the database.
    func reset() throws {
        if let watcher {
            try watcher.run([
                Step("SET client_min_messages = warning"), Step("DROP SCHEMA public CASCADE"),
                Step("CREATE SCHEMA public"),
            ])
            return
        }
        for name in ["app.db", "app.db-journal", "app.db-wal", "app.db-shm", "app.db-migrate-lock"]
        { unlink(folder.file(name)) }
        // Without a file the first run creates it, which is a step of its own.
        guard engine == .wal else { return }
        let connection = try open()
        try connection.query("PRAGMA journal_mode = WAL")
        connection.close()
    }

    /// Opens the database without the program.
    func open() throws -> any Connection {
        if let server { return try server.connect() }
        return try SQLiteTestDatabase.open(path: file)
    }

    /// Runs something on the database without the program.
    func run(_ statements: [String]) throws {
        if let watcher {
            try watcher.run(statements.map { Step($0) })
            return
        }
        let connection = try open()
        defer { connection.close() }
        try connection.run(statements.map { Step($0) })
    }

    /// Looks at the database. The look leaves an SQLite file as it is: what a crash left behind is
    /// for the next run of the program to mend.
    func state() throws -> DatabaseState {
        if let watcher { return try DatabaseState(of: watcher) }
        guard folder.has("app.db") else { return DatabaseState() }
        try folder.folder("look")
        for suffix in ["", "-journal", "-wal"] {
            let copy = folder.file("look/app.db\(suffix)")
            unlink(copy)
            guard folder.has("app.db\(suffix)") else { continue }
            try FileManager.default.copyItem(atPath: file + suffix, toPath: copy)
        }
        unlink(folder.file("look/app.db-shm"))
        let connection: any Connection = try SQLiteTestDatabase.open(
            path: folder.file("look/app.db"))
        defer { connection.close() }
        return try DatabaseState(of: connection)
    }

    /// Waits until the server has noticed that the program of a killed run is gone. Such a run's
    /// session lives, and keeps its locks, until the server next looks: within the statement that
    /// it runs, once a second.
    ///
    /// - Returns: false where it is still there after 15 s.
    func waitForKilledSession() throws -> Bool {
        guard let watcher else { return true }
        return try poll(for: .seconds(15)) {
            try watcher.query(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND application_name LIKE 'migrate %@%'"
            ).rowCount == 0
        }
    }

    /// Waits until a session of this database waits for a lock that fits the condition, over the
    /// columns of `pg_locks`.
    func waitForWaiter(_ condition: String) throws {
        let query =
            "SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database "
            + "WHERE datname = current_database()) AND \(condition)"
        #expect(
            try poll(for: .seconds(30)) { try watcher?.query(query).rowCount ?? 0 > 0 },
            "nobody waits for a lock with \(condition)")
    }

    /// The arguments of a command on this database.
    func arguments(_ command: [String]) -> [String] {
        command + ["--url", address, "--dir", folder.file("migrations"), "--json"]
    }

    /// Runs the program on this database, with `--json`.
    @discardableResult
    func migrate(
        _ command: [String], fault: MigrateProgram.Fault = .never
    ) throws -> ProgramResult {
        try MigrateProgram.run(arguments(command), in: folder.path, fault: fault)
    }

    /// Starts the program on this database, with `--json`.
    func start(_ command: [String], shell: String? = nil) throws -> RunningProgram {
        try MigrateProgram.start(arguments(command), in: folder.path, shell: shell)
    }

    /// Starts it, and waits until it has begun with a migration.
    func start(_ command: [String], until version: String) throws -> RunningProgram {
        let run = try start(command + ["--verbose"])
        #expect(poll(for: .seconds(30)) { run.errorsSoFar.contains("applying \(version)") })
        // The server's process, then, is at work: it says so itself.
        if let watcher {
            #expect(
                try poll(for: .seconds(30)) {
                    try watcher.query(
                        "SELECT FROM pg_stat_activity WHERE datname = current_database() "
                            + "AND wait_event = 'PgSleep'"
                    ).rowCount > 0
                })
        }
        return run
    }

    /// The oracle for this database's set of migrations, from a scratch database of its kind.
    func oracle() throws -> MigrationOracle {
        let scratch = try CrashDatabase(engine, isOneTransaction: isOneTransaction)
        let connection = try scratch.open()
        defer { connection.close() }
        return try MigrationOracle(migrations, on: connection)
    }
}

/// Asks again and again until `condition` is true.
///
/// - Returns: false where it was not within `limit`.
func poll(
    for limit: Duration, _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
        if try condition() { return true }
        if ContinuousClock.now > deadline { return false }
        usleep(10_000)
    }
}
