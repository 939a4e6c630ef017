package import Database

/// What stopped a run, as facts; MigrateCLI makes the words and the exit status.
package struct MigrationError: Error, Sendable {
    /// What kind of failure it is. The raw values stand in JSON as `error.code`.
    package enum Code: String, Sendable, CaseIterable {
        /// A migration file, or the set of them, does not hold together. Nothing ran.
        case invalidFiles = "invalid_files"
        /// A version or count given by the caller does not fit the files or the history.
        case invalidRequest = "invalid_request"
        /// An applied migration's file has other statements than those that ran.
        case checksumMismatch = "checksum_mismatch"
        /// A pending migration is older than one that is applied.
        case outOfOrder = "out_of_order"
        /// An applied migration has no file, and newer ones have.
        case missing = "missing"
        /// The database is newer than the files, and `--strict` was given.
        case future = "future"
        /// A migration stopped part-way and cannot go on by itself.
        case failedPartWay = "failed_part_way"
        /// The history table belongs to another tool.
        case foreignHistory = "foreign_history"
        /// Another run holds the lock.
        case lockHeld = "lock_held"
        /// A lock on a table was not granted in time, however often it was tried.
        case lockTimeout = "lock_timeout"
        /// A transaction pooler stands between us and the server.
        case transactionPooler = "transaction_pooler"
        /// A migration failed and was rolled back.
        case migrationFailed = "migration_failed"
        /// A migration without a transaction failed; what ran before is recorded.
        case stoppedPartWay = "stopped_part_way"
        /// A verify query returned rows, or a check before the commit found something.
        case verificationFailed = "verification_failed"
        /// A migration has no down script.
        case irreversible = "irreversible"
        /// The request is refused by a rule.
        case refused = "refused"
        /// The database belongs to another environment.
        case wrongDatabase = "wrong_database"
        /// The run was interrupted.
        case interrupted = "interrupted"
        /// The database failed outside a migration's own statements.
        case database = "database"
    }

    /// A migration that failed, and where.
    package struct Failed: Sendable {
        /// Version, or `R__name` of a repeatable migration.
        package var version: String
        /// The migration's name.
        package var name: String
        /// The file's path as it is shown; nil where no file is involved.
        package var file: String?
        /// From 1.
        package var line: Int?
        /// From 1, in characters.
        package var column: Int?
        /// The source line, for display with a caret under `column`.
        package var sourceLine: String?
        /// Which statement, from 1, and of how many.
        package var statement: Int?
        /// How many statements the file has.
        package var statementCount: Int?
        /// What the database said.
        package var databaseError: DatabaseError?

        /// Creates the facts of a failure.
        package init(
            version: String, name: String, file: String? = nil, line: Int? = nil,
            column: Int? = nil, sourceLine: String? = nil, statement: Int? = nil,
            statementCount: Int? = nil, databaseError: DatabaseError? = nil
        ) {
            self.version = version
            self.name = name
            self.file = file
            self.line = line
            self.column = column
            self.sourceLine = sourceLine
            self.statement = statement
            self.statementCount = statementCount
            self.databaseError = databaseError
        }
    }

    /// The kind of failure.
    package var code: Code
    /// Lower case, no full stop, no secret.
    package var message: String
    /// What to do about it: whole sentences or a command.
    package var hint: String?
    /// Place in a file, for failures that have one.
    package var failed: Failed?
    /// The versions that it is about.
    package var versions: [String]
    /// What the database said.
    package var cause: DatabaseError?
    /// What the run had done before it failed.
    package var report: RunReport?
    /// Who holds the lock, where that is known.
    package var holder: String?
    /// What the checks before the commit found.
    package var findings: [CheckFinding] = []

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, hint: String? = nil, failed: Failed? = nil,
        versions: [String] = [], cause: DatabaseError? = nil, holder: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.failed = failed
        self.versions = versions
        self.cause = cause
        self.holder = holder
    }

    /// Wraps a failure of the database that no migration's own statement caused.
    package init(_ error: DatabaseError) {
        let isLost = error.code == .connectionLost
        self.init(
            .database, isLost ? "the connection broke: \(error.message)" : error.message,
            hint: error.hint
                ?? (isLost
                    ? "Run 'migrate status' to see what is recorded, and then the command again."
                    : nil),
            cause: error)
    }
}
