/// The two database systems.
package enum Dialect: String, Sendable, CaseIterable {
    /// PostgreSQL.
    case postgres
    /// SQLite.
    case sqlite
}

/// One statement of a batch, with all that the driver needs to run it.
package struct Step: Sendable {
    /// One statement, without a terminating semicolon being required.
    package var sql: String
    /// Values for `$1`, `$2` … (PostgreSQL) or `?1`, `?2` … (SQLite).
    package var parameters: [DatabaseValue]
    /// The data of a `COPY … FROM stdin`, as it stands in the file, without the closing `\.` line.
    package var copyData: [UInt8]?
    /// At most so many rows are kept in the result; the others are counted and dropped.
    package var rowLimit: Int
    /// True for a statement that must be the only one of its message to the server, such as
    /// `CREATE INDEX CONCURRENTLY`, `VACUUM`, or a `CALL` that commits.
    package var runsAlone: Bool
    /// True for a statement of the user's file, which must not touch `protectedTables`.
    package var isFromFile: Bool

    /// Creates a step.
    package init(
        _ sql: String, _ parameters: [DatabaseValue] = [], copyData: [UInt8]? = nil,
        rowLimit: Int = .max, runsAlone: Bool = false, isFromFile: Bool = false
    ) {
        self.sql = sql
        self.parameters = parameters
        self.copyData = copyData
        self.rowLimit = rowLimit
        self.runsAlone = runsAlone
        self.isFromFile = isFromFile
    }
}

/// What a step answered.
package struct StepResult: Sendable {
    /// Column names; empty for a statement that returns no rows.
    package var columns: [String]
    /// The rows that were kept, at most the step's `rowLimit`.
    package var rows: [Row]
    /// How many rows the statement returned, kept or not.
    package var rowCount: Int
    /// How many rows it changed; nil where the database does not say.
    package var affectedRows: Int?

    /// Creates a result.
    package init(
        columns: [String] = [], rows: [Row] = [], rowCount: Int = 0, affectedRows: Int? = nil
    ) {
        self.columns = columns
        self.rows = rows
        self.rowCount = rowCount
        self.affectedRows = affectedRows
    }
}

/// Whether a connection is inside a transaction, as the database sees it.
package enum TransactionState: Sendable {
    /// No transaction is open.
    case idle
    /// A transaction is open.
    case open
    /// A transaction is open and has failed; only ROLLBACK is accepted (PostgreSQL).
    case failed
    /// The connection is broken.
    case unknown
}

/// Something that the database wanted said: a NOTICE or WARNING of the server.
package struct DatabaseNotice: Sendable {
    /// `NOTICE`, `WARNING`, `INFO`, `LOG` or `DEBUG`.
    package var severity: String
    /// The text.
    package var message: String
    /// DETAIL and HINT, where given.
    package var detail: String?

    /// Creates a notice.
    package init(severity: String, message: String, detail: String? = nil) {
        self.severity = severity
        self.message = message
        self.detail = detail
    }
}

/// Cancels what a connection is running, from any thread.
package protocol Interrupter: Sendable {
    /// Asks the database to cancel the running statement; does nothing where none runs or the
    /// connection is closed. The statement then fails with `.cancelled`. Thread-safe.
    func interrupt()
}

/// One open connection to one database: synchronous, owned by one thread at a time.
///
/// All logic that touches a database is plain synchronous code over this protocol. A connection is
/// not `Sendable`; only its `interrupter` may be used from another thread.
package protocol Connection: AnyObject {
    /// Which system it is.
    var dialect: Dialect { get }
    /// The server's (or library's) version as it prints it, `15.18` or `3.40.1`.
    var serverVersion: String { get }
    /// The same as a number: 150018 for PostgreSQL 15.18, 3040001 for SQLite 3.40.1.
    var serverVersionNumber: Int { get }
    /// Cancels from another thread.
    var interrupter: any Interrupter { get }
    /// The database's own view of the transaction.
    var transactionState: TransactionState { get }
    /// The process that the server said at connect time serves this connection; nil on SQLite.
    /// Where `pg_backend_pid()` says otherwise, a pooler stands in between.
    var announcedProcessID: Int64? { get }
    /// Tables of the main database that steps with `isFromFile` may read and never write, alter or
    /// drop. SQLite refuses such a statement before it runs (`.protectedTable`); PostgreSQL has no
    /// such means, and the runner checks before the commit.
    var protectedTables: Set<String> { get set }
    /// Called with each notice, on the thread that runs the statement.
    var onNotice: ((DatabaseNotice) -> Void)? { get set }

    /// Runs the steps in order and stops at the first that fails; none after it runs.
    ///
    /// On PostgreSQL the steps are sent without waiting between them, so that a batch costs one
    /// round trip; steps with `copyData` or `runsAlone` are sent by themselves. Nothing is added:
    /// a batch that wants a transaction holds `BEGIN` and `COMMIT` as steps, and after a failure
    /// inside one the caller sends `ROLLBACK`.
    ///
    /// - Parameters:
    ///   - steps: what to run, in order.
    ///   - onProgress: called after each finished step with its index.
    /// - Returns: a result for each step, in their order.
    /// - Throws: `StepFailure` with the failed step.
    func run(_ steps: [Step], onProgress: (Int) -> Void) throws(StepFailure) -> [StepResult]

    /// Closes it; a further call does nothing. Also done by deinit.
    func close()
}

extension Connection {
    /// Runs the steps without reporting progress.
    @discardableResult
    package func run(_ steps: [Step]) throws(StepFailure) -> [StepResult] {
        try run(steps, onProgress: { _ in })
    }

    /// Runs one statement.
    @discardableResult
    package func query(
        _ sql: String, _ parameters: [DatabaseValue] = []
    ) throws(DatabaseError) -> StepResult {
        do {
            return try run([Step(sql, parameters)], onProgress: { _ in })[0]
        } catch {
            throw error.error
        }
    }
}
