internal import Database
internal import Migrations
internal import PostgresDriver
internal import ProjectConfig
internal import SQLiteDriver

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What a command wants of the database.
enum Access {
    /// Only looks. A missing SQLite file is read as an empty database and not created.
    case look
    /// Only reads, under the run's lock; a missing database is an error.
    case read
    /// Changes what is there; a missing database is an error.
    case change
    /// As `change`, and creates the SQLite file.
    case create
}

/// An open database with all that a command needs to know of it. The switch over the dialect is
/// here and nowhere else.
struct OpenDatabase {
    let connection: any Connection
    /// Fit for showing.
    let display: String
    let lock: LockChoice
    /// False for an SQLite file that does not exist and was opened as an empty database in memory.
    let exists: Bool
    /// Opens another connection to the same database; nil on SQLite.
    let openAnother: (@Sendable () throws(DatabaseError) -> any Connection)?
    /// Opens a connection that streams rows; nil on SQLite.
    var openBulk: (@Sendable () throws -> any BulkConnection)?
    /// The SQLite file; nil otherwise.
    let filePath: String?

    /// An address in the form in which it may be shown.
    ///
    /// - Throws: `DatabaseError` where it cannot be read.
    static func display(_ url: DatabaseURL) throws(DatabaseError) -> String {
        switch url.dialect {
        case .postgres: try PostgresURL(url.text).redacted
        case .sqlite: try SQLiteURL(url.text).display
        }
    }
}

/// A server of PostgreSQL, by the address of one of its databases.
struct PostgresAddress: Sendable {
    /// The address, fit for showing.
    let display: String
    /// The database that it names.
    let database: String
    /// Connects to that database, or to another one of the server.
    let open: @Sendable (_ database: String?) throws(DatabaseError) -> PostgresConnection

    /// Whether the database is there.
    func exists() throws(DatabaseError) -> Bool {
        do throws(DatabaseError) {
            try open(nil).close()
            return true
        } catch {
            guard error.code == .databaseMissing else { throw error }
            return false
        }
    }
}

extension App {
    /// Opens the project's database.
    ///
    /// - Throws: `DatabaseError`, `Failure`.
    func open(_ project: Project, _ access: Access) throws -> OpenDatabase {
        let url = project.url
        switch url.dialect {
        case .postgres: return try openPostgres(url, project)
        case .sqlite: return try openSQLite(url, project, access)
        }
    }

    /// True for an SQLite file that is not there yet.
    func isMissingFile(_ project: Project) throws -> Bool {
        guard project.url.dialect == .sqlite else { return false }
        let parsed = try SQLiteURL(project.url.text).resolved(against: project.urlFolder)
        return parsed.path.map { !Files.exists($0) } ?? false
    }

    /// Reads a PostgreSQL address and the password that goes with it, and connects to nothing.
    ///
    /// - Throws: `DatabaseError`, `Failure`.
    func postgresServer(_ url: DatabaseURL, _ project: Project) throws -> PostgresAddress {
        let parsed = try PostgresURL(url.text)
        let plain = [parsed.host, parsed.user, parsed.database]
        if !parsed.secrets.isEmpty { terminal.redactor.add([url.text]) }
        terminal.redactor.add(parsed.secrets, publicParts: plain)
        let password = try Password.read(
            file: project.passwordFile, command: project.passwordCommand)
        terminal.redactor.add(password.map { [$0] } ?? [], publicParts: plain)
        let cancellation = self.cancellation
        let name = identity(project).lockHolder
        let timeout = project.options.connectTimeout
        return PostgresAddress(display: parsed.redacted, database: parsed.database) {
            database throws(DatabaseError) in
            try PostgresConnection(
                PostgresOptions(
                    url: url, password: password, database: database, connectTimeout: timeout,
                    applicationName: name, isCancelled: { cancellation.isRequested }))
        }
    }

    private func openPostgres(_ url: DatabaseURL, _ project: Project) throws -> OpenDatabase {
        let address = try postgresServer(url, project)
        let open = address.open
        let connection = try open(nil)
        connection.onNotice = { [terminal] notice in
            let text =
                notice.severity.lowercased() + ": " + notice.message
                + (notice.detail.map { " (\($0))" } ?? "")
            if notice.severity == "WARNING" { terminal.note(text) } else { terminal.detail(text) }
        }
        terminal.detail(
            "connected to PostgreSQL \(connection.serverVersion) at \(address.display), "
                + (connection.encryption ?? "no encryption"))
        return OpenDatabase(
            connection: connection, display: address.display,
            lock: project.options.lock == .lease ? .lease : .session, exists: true,
            openAnother: { () throws(DatabaseError) in try open(nil) },
            openBulk: { try open(nil) }, filePath: nil)
    }

    private func openSQLite(
        _ url: DatabaseURL, _ project: Project, _ access: Access
    ) throws -> OpenDatabase {
        let parsed = try SQLiteURL(url.text).resolved(against: project.urlFolder)
        let isMissing = parsed.path.map { !Files.exists($0) } ?? false
        // Also where nothing is locked: it refuses a folder that is not there.
        let fileLock = try parsed.path.map { path throws(DatabaseError) in
            try SQLiteFileLock(databasePath: path)
        }
        let connection: SQLiteConnection
        if isMissing && access == .look {
            connection = try SQLiteConnection(SQLiteURL(":memory:"), mode: .create)
        } else {
            let mode: SQLiteOpenMode =
                access == .look || access == .read
                ? .readOnlyWork : access == .create ? .create : .existing
            // As in PostgreSQL, and unlike in SQLite, zero is without limit.
            let limit = project.options.lockTimeout
            connection = try SQLiteConnection(
                parsed, mode: mode,
                busyTimeout: limit == .zero ? .milliseconds(Int64(Int32.max)) : limit)
        }
        var lock = LockChoice.none
        if let fileLock, access != .look { lock = .external(DatabaseFileLock(fileLock)) }
        terminal.detail("opened \(parsed.display) with SQLite \(connection.serverVersion)")
        return OpenDatabase(
            connection: connection, display: parsed.display, lock: lock, exists: !isMissing,
            openAnother: nil, openBulk: nil, filePath: parsed.path)
    }

    /// Who holds the run's lock of an SQLite file now; nil where it is free.
    func lockHolder(_ path: String) throws -> String? {
        guard case .heldBy(let line)? = try SQLiteFileLock(databasePath: path).look() else {
            return nil
        }
        return line.map(RunIdentity.describe(lockHolder:)) ?? "another run"
    }

    /// Who runs this.
    func identity(_ project: Project) -> RunIdentity {
        RunIdentity(
            user: Self.userName, host: Self.hostName, pid: getpid(),
            toolVersion: BuildInformation.version, environment: project.environment,
            reason: options.reason)
    }

    /// Who adds to a plan that names its authors: `name <mail>`.
    var planner: String { "\(Self.userName) <\(Self.userName)@\(Self.hostName)>" }

    private static var userName: String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else {
            return Terminal.variable("USER") ?? String(getuid())
        }
        return String(cString: name)
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The SQLite driver's lock file in the shape that the runner wants.
final class DatabaseFileLock: ExternalLock {
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
