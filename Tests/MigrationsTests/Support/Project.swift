import Database
import Migrations
import PostgresDriver
import SQLiteDriver
import TestSupport
import Testing

/// A folder of migrations and an empty database of one system, for one test; both are removed with
/// the last reference.
///
/// Each run has a connection and a `Migrator` of its own, as each start of the program has.
final class Project {
    let dialect: Dialect
    let folder: TemporaryFolder
    /// The PostgreSQL database; nil on SQLite.
    let server: TestDatabase?
    private var looking: (any Connection)?
    private var openRuns: [any Connection] = []

    /// Creates both and writes the files.
    init(_ dialect: Dialect, _ files: [String: String] = [:]) throws {
        self.dialect = dialect
        folder = try TemporaryFolder()
        server = dialect == .postgres ? try TestDatabase() : nil
        try folder.folder("migrations")
        for (name, text) in files { try write(name, text) }
    }

    deinit {
        looking?.close()
        for run in openRuns { run.close() }
    }

    // MARK: Files

    /// The migrations' folder.
    var path: String { folder.file("migrations") }
    /// The SQLite file.
    var file: String { folder.file("test.db") }

    /// Writes a migration file, replacing one that is there.
    func write(_ name: String, _ text: String) throws {
        try folder.write(text, to: "migrations/\(name)")
    }

    /// Writes `version_name.up.sql`, and `.down.sql` where a text is given.
    func write(_ stem: String, up: String, down: String? = nil, verify: String? = nil) throws {
        try write("\(stem).up.sql", up)
        if let down { try write("\(stem).down.sql", down) }
        if let verify { try write("\(stem).verify.sql", verify) }
    }

    /// Deletes migration files.
    func remove(_ names: String...) throws {
        for name in names { try #require(unlinkFile(path + "/" + name), "\(name) is not there") }
    }

    // MARK: Runs

    /// Opens a connection as a run does; on PostgreSQL perhaps through a proxy.
    func connect(port: Int? = nil) throws -> any Connection {
        guard let server else {
            return try SQLiteConnection(
                SQLiteURL("sqlite:\(file)"), mode: .create, busyTimeout: .seconds(5))
        }
        let url = try port.map { try server.url(port: $0) } ?? server.url
        return try PostgresConnection(
            PostgresOptions(url: url, applicationName: Self.identity().lockHolder))
    }

    /// Opens a connection that stays open as long as this value.
    private func open() throws -> any Connection {
        let connection = try connect()
        openRuns.append(connection)
        return connection
    }

    /// What a run needs, with the lock that the program takes on this database.
    func context(_ connection: (any Connection)? = nil) throws -> RunContext {
        let connection = try connection ?? open()
        let lock: LockChoice =
            dialect == .postgres
            ? .session : .external(FileLock(try SQLiteFileLock(databasePath: file)))
        var context = RunContext(
            connection: connection, folder: path, identity: Self.identity(), lock: lock)
        if let server {
            let url = server.url
            context.openAnother = { () throws(DatabaseError) in
                try PostgresConnection(PostgresOptions(url: url))
            }
        }
        return context
    }

    /// A new `Migrator` on a new connection, which stays open as long as this value.
    func migrator(_ adjust: (inout RunContext) -> Void = { _ in }) throws -> Migrator {
        var context = try context()
        adjust(&context)
        return Migrator(context)
    }

    /// Runs `body` with a new `Migrator`, whose connection is closed in the end.
    func run<Result>(
        _ adjust: (inout RunContext) -> Void = { _ in }, _ body: (Migrator) throws -> Result
    ) throws -> Result {
        let connection = try connect()
        defer { connection.close() }
        var context = try context(connection)
        adjust(&context)
        return try body(Migrator(context))
    }

    /// `up` as a run of its own.
    @discardableResult
    func up(
        _ request: UpRequest = UpRequest(), isDryRun: Bool = false,
        _ adjust: (inout RunContext) -> Void = { _ in }
    ) throws -> RunReport {
        try run(adjust) { try $0.up(request, isDryRun: isDryRun) }
    }

    /// `down` as a run of its own.
    @discardableResult
    func down(
        _ request: DownRequest = .count(1), isDryRun: Bool = false,
        _ adjust: (inout RunContext) -> Void = { _ in }
    ) throws -> RunReport {
        try run(adjust) { try $0.down(request, isDryRun: isDryRun) }
    }

    /// The state of each migration by version.
    func states() throws -> [String: MigrationStatus.State] {
        Dictionary(
            uniqueKeysWithValues: try run { try $0.status() }.map { ($0.version, $0.state) })
    }

    /// `plan` as a run of its own.
    func plan(_ request: UpRequest = UpRequest()) throws -> Plan {
        try run { try $0.plan(request) }
    }

    /// `repair` as a run of its own.
    func repair(_ changes: Repair...) throws {
        try run { try $0.repair(changes) }
    }

    /// Who runs.
    static func identity(
        host: String = "build-7", environment: String = "test", reason: String? = nil
    ) -> RunIdentity {
        RunIdentity(
            user: "deploy", host: host, pid: 4711, toolVersion: "1.2.3", environment: environment,
            reason: reason)
    }

    // MARK: Looking

    /// The test's own connection.
    func own() throws -> any Connection {
        if let looking { return looking }
        let new = try connect()
        looking = new
        return new
    }

    /// Runs a statement on the test's own connection.
    @discardableResult
    func sql(_ text: String) throws -> [[String?]] {
        try own().query(text).rows.map { $0.values.map(\.string) }
    }

    /// The first value of a query's first row.
    func value(_ text: String) throws -> String? { try sql(text).first?.first ?? nil }

    /// The rows of a query by column; what is NULL is left out.
    func rows(_ text: String) throws -> [[String: String]] {
        let result = try own().query(text)
        return result.rows.map { row in
            var fields: [String: String] = [:]
            for (column, value) in zip(result.columns, row.values) {
                fields[column] = value.string
            }
            return fields
        }
    }

    /// The history's rows in order of version.
    func history() throws -> [[String: String]] {
        try rows("SELECT * FROM schema_migrations ORDER BY version")
    }

    /// The versions that the history holds as applied, in order.
    func applied() throws -> [String] {
        guard try tables(withOurs: true).contains("schema_migrations") else { return [] }
        return try history().filter { $0["state"] == "applied" }.compactMap { $0["version"] }
    }

    /// The log's rows, first one first.
    func log() throws -> [[String: String]] {
        let time =
            dialect == .postgres
            ? "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" : "at"
        return try rows("SELECT *, \(time) AS at_text FROM schema_migrations_log ORDER BY seq")
    }

    /// The names of the tables, in order; those of the runner only on demand.
    func tables(withOurs: Bool = false) throws -> [String] {
        let all = try sql(
            dialect == .postgres
                ? "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE "
                    + "relkind = 'r' AND nspname !~ '^(pg_|information_schema)' ORDER BY 1"
                : "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1"
        ).compactMap { $0[0] }
        return withOurs ? all : all.filter { !$0.hasPrefix("schema_migrations") }
    }
}

/// The lock file beside an SQLite database, as the program takes it.
final class FileLock: ExternalLock {
    private let lock: SQLiteFileLock

    init(_ lock: SQLiteFileLock) { self.lock = lock }

    func tryAcquire(holder: String) throws(MigrationError) -> LockAttempt {
        do {
            switch try lock.tryAcquire(holder: holder) {
            case .acquired: return .acquired
            case .heldBy(let line): return .held(by: line.map(RunIdentity.describe(lockHolder:)))
            }
        } catch {
            throw MigrationError(error)
        }
    }

    func release() { lock.release() }
}
