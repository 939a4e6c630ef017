/// What a database or its client library said when something failed, as facts.
///
/// `message` never holds a bound value, a password or a whole URL. The words for a person are made
/// in MigrateCLI.
package struct DatabaseError: Error, Sendable, Hashable {
    /// What kind of failure it is, as far as a caller acts on it.
    package enum Code: String, Sendable, Hashable {
        /// No connection could be made: no server, no file, refused, wrong password, timeout.
        case cannotConnect = "cannot_connect"
        /// The server answers but has no such database, or there is no such SQLite file.
        case databaseMissing = "database_missing"
        /// An established connection broke; whether the last statement took effect is unknown.
        case connectionLost = "connection_lost"
        /// The URL cannot be read or names an unsupported database.
        case invalidURL = "invalid_url"
        /// The statement was cancelled by `Interrupter.interrupt()` or by an administrator.
        case cancelled = "cancelled"
        /// A lock was not granted in time: SQLSTATE 55P03, SQLITE_BUSY.
        case lockTimeout = "lock_timeout"
        /// `statement_timeout` ran out (SQLSTATE 57014 without an interrupt of ours).
        case statementTimeout = "statement_timeout"
        /// Deadlock or serialisation failure: SQLSTATE class 40.
        case transactionRollback = "transaction_rollback"
        /// The text is not valid SQL for this database.
        case syntax = "syntax"
        /// A table, column, function or other object does not exist.
        case undefinedObject = "undefined_object"
        /// A privilege is missing.
        case insufficientPrivilege = "insufficient_privilege"
        /// A constraint was violated.
        case constraint = "constraint"
        /// The disk is full or an I/O operation failed.
        case storage = "storage"
        /// The database file is damaged or is none.
        case corrupt = "corrupt"
        /// The statement would write one of `Connection.protectedTables`.
        case protectedTable = "protected_table"
        /// The database is read-only.
        case readOnly = "read_only"
        /// Anything else that the database refused.
        case other = "other"
    }

    /// The kind of failure.
    package var code: Code
    /// The database's own primary message, in its own words.
    package var message: String
    /// The server's DETAIL.
    package var detail: String?
    /// The server's HINT, or the driver's own.
    package var hint: String?
    /// The server's CONTEXT: the call stack of functions in which it happened.
    package var context: String?
    /// Five characters on PostgreSQL; nil on SQLite.
    package var sqlState: String?
    /// SQLite's extended result code; nil on PostgreSQL.
    package var extendedCode: Int?
    /// Where in the statement's text it happened: an offset in UTF-8 bytes, from 0.
    package var offset: Int?
    /// The object that the server names: schema, table, column, constraint, whichever it gives.
    package var objects: [String: String]

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, detail: String? = nil, hint: String? = nil,
        context: String? = nil, sqlState: String? = nil, extendedCode: Int? = nil,
        offset: Int? = nil, objects: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.sqlState = sqlState
        self.extendedCode = extendedCode
        self.offset = offset
        self.objects = objects
    }
}

/// The failure of one step of a batch: which step, and why. The steps before it took effect inside
/// the batch's transaction, if it has one; those after it did not run.
package struct StepFailure: Error, Sendable {
    /// Index of the step in the batch, from 0.
    package var stepIndex: Int
    /// What the database said.
    package var error: DatabaseError

    /// Creates a failure.
    package init(stepIndex: Int, error: DatabaseError) {
        self.stepIndex = stepIndex
        self.error = error
    }
}
