import CSQLite
package import Database

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What opening an SQLite database may do.
package enum SQLiteOpenMode: Sendable {
    /// The file must exist: `.databaseMissing` if it does not. Never creates one.
    case existing
    /// Creates the file where there is none; the folder must exist.
    case create
    /// As `existing`, and every statement that would write is refused (`PRAGMA query_only`). The
    /// file itself is opened for writing where its permissions allow, as the recovery after a crash
    /// and a WAL database need it.
    case readOnlyWork
}

/// A connection to one SQLite database.
///
/// Foreign keys are enforced (`PRAGMA foreign_keys=ON`), unlike SQLite's own default, and a rollback
/// journal is kept from one commit to the next (`keepJournalFile`); every other setting is the
/// library's.
/// Used by one thread at a time, except for `interrupter`.
package final class SQLiteConnection: Connection {
    private var handle: SQLiteHandle?
    private let sqliteInterrupter: SQLiteInterrupter
    /// The file's path; nil for a database in memory.
    let databasePath: String?

    /// `.sqlite`.
    package let dialect = Dialect.sqlite
    /// None: the library runs in this process.
    package let announcedProcessID: Int64? = nil
    /// Enforced while a statement is compiled, before any of it runs.
    package var protectedTables: Set<String> = [] {
        didSet { handle?.guardTables(protectedTables) }
    }
    /// Never called: SQLite has no notices.
    package var onNotice: ((DatabaseNotice) -> Void)?

    /// Opens a database, and reads its header to see that it is one.
    ///
    /// An empty file is a new database. A database that another connection has locked for the
    /// moment is opened all the same; the first statement then waits.
    ///
    /// A statement waits `busyTimeout` for another connection's lock and then fails with
    /// `.lockTimeout`.
    ///
    /// - Throws: `.databaseMissing`, `.cannotConnect`, `.corrupt`, `.readOnly`, `.invalidURL`.
    package init(
        _ url: SQLiteURL, mode: SQLiteOpenMode, busyTimeout: Duration = .seconds(5)
    ) throws(DatabaseError) {
        let createsFile = mode == .create && !url.forbidsCreation
        if let path = url.path {
            try SQLiteFile.check(path, mayCreate: createsFile)
        }
        let opened: SQLiteHandle
        do {
            opened = try SQLiteHandle(
                filename: url.filename, createsFile: createsFile || url.path == nil,
                busyTimeout: busyTimeout)
        } catch {
            throw SQLiteFile.openError(error, url)
        }
        sqliteInterrupter = opened.interrupter
        databasePath = url.path
        handle = consume opened
        if mode != .readOnlyWork { try refuseReadOnly(url) }
        try readHeader()
        try query("PRAGMA foreign_keys=ON")
        if mode == .readOnlyWork {
            try query("PRAGMA query_only=ON")
        } else if url.path != nil {
            keepJournalFile()
        }
    }

    deinit { close() }

    /// The library's version, `3.40.1`.
    package var serverVersion: String { String(cString: sqlite3_libversion()) }

    /// The library's version as a number, 3040001 for 3.40.1.
    package var serverVersionNumber: Int { Int(sqlite3_libversion_number()) }

    /// Interrupts the statement that runs, or its wait for a lock.
    package var interrupter: any Interrupter { sqliteInterrupter }

    /// From `sqlite3_get_autocommit`: a failed statement may or may not have ended the transaction
    /// (`ON CONFLICT ROLLBACK`, a full disk), and only this tells. Never `.failed`.
    package var transactionState: TransactionState {
        guard handle != nil else { return .unknown }
        return handle?.isInTransaction == true ? .open : .idle
    }

    /// Runs the steps in order and stops at the first that fails.
    ///
    /// - Throws: `StepFailure`; its error's `offset` counts bytes in the step's own text.
    package func run(
        _ steps: [Step], onProgress: (Int) -> Void
    ) throws(StepFailure) -> [StepResult] {
        sqliteInterrupter.begin()
        defer { sqliteInterrupter.end() }
        var results: [StepResult] = []
        results.reserveCapacity(steps.count)
        for (index, step) in steps.enumerated() {
            do throws(DatabaseError) {
                results.append(try run(step))
            } catch {
                throw StepFailure(stepIndex: index, error: error)
            }
            onProgress(index)
        }
        return results
    }

    /// Closes the database; an open transaction is rolled back.
    package func close() {
        removeJournalFile()
        handle = nil
    }

    // MARK: Copies

    /// True once the work that may be interrupted was.
    var isInterrupted: Bool { sqliteInterrupter.isInterrupted }

    /// Runs work that an interrupt ends, and in which no statement is run on this connection.
    func whileInterruptible(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
        sqliteInterrupter.begin()
        defer { sqliteInterrupter.end() }
        do throws(DatabaseError) {
            try body()
        } catch {
            throw isInterrupted && error.code == .lockTimeout ? Self.interrupted : error
        }
    }

    /// Lends the handle.
    func withHandle(
        _ body: (borrowing SQLiteHandle) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        guard try handle?.lend(body) != nil else {
            throw DatabaseError(.connectionLost, "the connection is closed")
        }
    }

    // MARK: The journal

    /// A run of many commits spares the file system a file made, grown and deleted for each: a
    /// fifth of the time of small migrations. As safe as deleting it, with every sync that SQLite
    /// makes by default: "the header of the journal is overwritten with zeros", which "will prevent
    /// other database connections from rolling the journal back". Only this connection is meant; a
    /// database in another mode, or locked at the moment, is left as it is.
    ///
    /// Source: https://www.sqlite.org/pragma.html#pragma_journal_mode
    private func keepJournalFile() {
        let busyTimeout = sqliteInterrupter.busyTimeout
        sqliteInterrupter.busyTimeout = .zero
        defer { sqliteInterrupter.busyTimeout = busyTimeout }
        guard journalMode == "delete" else { return }
        _ = try? query("PRAGMA journal_mode=PERSIST")
    }

    /// Deletes the journal that is left; a killed process leaves it, its header zero or hot.
    private func removeJournalFile() {
        guard handle != nil else { return }
        sqliteInterrupter.busyTimeout = .zero
        if transactionState == .open { _ = try? query("ROLLBACK") }
        if journalMode == "persist" { _ = try? query("PRAGMA journal_mode=DELETE") }
    }

    private var journalMode: String? {
        try? query("PRAGMA main.journal_mode").rows.first?[0].string
    }

    private func run(_ step: Step) throws(DatabaseError) -> StepResult {
        guard step.copyData == nil else {
            throw DatabaseError(
                .other, "'COPY … FROM stdin' is PostgreSQL's, SQLite has no such statement",
                hint: "Write INSERT statements in the file for SQLite.")
        }
        // A request between two steps of a batch stops the batch, though no statement was running.
        guard !sqliteInterrupter.isInterrupted else { throw Self.interrupted }
        do throws(DatabaseError) {
            guard let result = try handle?.run(step) else {
                throw DatabaseError(.connectionLost, "the connection is closed")
            }
            return result
        } catch {
            if handle?.tableGuard.didRefuse == true {
                throw DatabaseError(
                    .protectedTable, "the statement would change a table that is not the file's",
                    extendedCode: error.extendedCode)
            }
            // The wait for a lock was cut short, or one of the statements that ALTER TABLE runs within
            // itself, which SQLite reports as a plain error of the whole.
            let isCut =
                sqliteInterrupter.isInterrupted
                && (error.code == .lockTimeout || error.extendedCode == Int(SQLITE_ERROR))
            throw isCut ? Self.interrupted : error
        }
    }

    static let interrupted = DatabaseError(
        .cancelled, "interrupted", extendedCode: Int(SQLITE_INTERRUPT))

    private func refuseReadOnly(_ url: SQLiteURL) throws(DatabaseError) {
        guard let path = url.path, handle?.isReadOnly == true else { return }
        throw DatabaseError(
            .readOnly, "the database '\(path)' is read-only",
            hint: url.isReadOnly
                ? "The URL asks for it: remove 'mode=ro' or 'immutable'."
                : "Give this user permission to write the file, and check its file system.")
    }

    /// SQLite opens a file lazily, so that a file of another kind shows only when it is read.
    private func readHeader() throws(DatabaseError) {
        let busyTimeout = sqliteInterrupter.busyTimeout
        sqliteInterrupter.busyTimeout = .zero
        defer { sqliteInterrupter.busyTimeout = busyTimeout }
        do {
            try query("PRAGMA schema_version")
        } catch {
            guard error.code != .lockTimeout else { return }
            throw error
        }
    }
}
