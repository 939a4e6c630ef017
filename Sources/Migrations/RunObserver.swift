package import Database

/// What a run tells while it goes on. Closures are called on the run's own thread.
package struct RunObserver {
    /// A migration begins: which one of how many, and its number of statements.
    package var began: (_ step: PlannedMigration, _ index: Int, _ count: Int) -> Void = { _, _, _ in
    }
    /// A statement of the current migration is done: n of m.
    package var statementDone: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    /// A migration is finished and committed (or, in a dry run, ran through).
    package var finished: (_ migration: FinishedMigration, _ step: PlannedMigration) -> Void = {
        _, _ in
    }
    /// Another run holds the lock; called once, and again when the holder changes.
    package var waiting: (_ holder: String?) -> Void = { _ in }
    /// A lock was not granted in time and the migration is tried again after a pause.
    package var retrying:
        (_ version: String, _ attempt: Int, _ of: Int, _ pause: Duration) -> Void =
            { _, _, _, _ in }

    /// Observes nothing.
    package init() {}
}

/// How a run behaves; the defaults are the documented ones.
package struct RunSettings: Sendable {
    /// `lock_timeout` of each migration.
    package var lockTimeout = Duration.seconds(5)
    /// `statement_timeout`; none unless set.
    package var statementTimeout: Duration?
    /// How long to wait for another run.
    package var lockWait = Duration.seconds(60)
    /// How often a migration is tried again after a lock timeout.
    package var lockRetries = 5
    /// How long a lease (`LockChoice.lease`) lives after the last sign of life of its holder.
    package var leaseLifetime = Duration.seconds(30)
    /// One transaction for the whole run.
    package var isOneTransaction = false

    /// The defaults.
    package init() {}
}

/// All that a run needs; MigrateCLI puts it together.
package struct RunContext {
    /// The connection that everything runs on.
    package var connection: any Connection
    /// The folder of migrations.
    package var folder: String
    /// Whose files it has; nil where it tells.
    package var layout: Layout?
    /// The value of a variable of the process, for files with places to fill in; nil where it is not set.
    package var variable: @Sendable (String) -> String? = { _ in nil }
    /// Where the history is.
    package var historyTable = HistoryTableName.standard
    /// The tool whose table is kept current with ours, dbmate or golang-migrate; nil for none.
    package var alsoWrite: HistoryTool?
    /// Who runs.
    package var identity: RunIdentity
    /// Which lock.
    package var lock: LockChoice
    /// How.
    package var settings = RunSettings()
    /// Whether it was asked to stop.
    package var cancellation = Cancellation()
    /// Who is told.
    package var observer = RunObserver()
    /// What is known of whose database it is.
    package var claim = EnvironmentClaim.none
    /// Checks inside each migration's transaction, before its commit.
    package var commitChecks: CommitChecks?
    /// Has the last word, under the lock, before the first statement of an `up` that is no rehearsal;
    /// where it throws, nothing runs.
    package var beforeRun: ((Plan) throws(MigrationError) -> RunPreamble)?
    /// Opens a second connection to the same database, for the lease's heartbeat and for telling
    /// a transaction pooler.
    package var openAnother: (@Sendable () throws(DatabaseError) -> any Connection)?

    /// Creates a context with the defaults.
    package init(
        connection: any Connection, folder: String, identity: RunIdentity, lock: LockChoice
    ) {
        self.connection = connection
        self.folder = folder
        self.identity = identity
        self.lock = lock
    }
}
