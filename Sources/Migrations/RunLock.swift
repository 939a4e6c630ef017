internal import Database

/// How an attempt to take the lock ended.
package enum LockAttempt: Sendable {
    /// This run holds it.
    case acquired
    /// Another run does; who, where that can be found out.
    case held(by: String?)
}

/// A lock beside the database that does not live in it: SQLite's lock file.
package protocol ExternalLock: AnyObject {
    /// Tries once, without waiting.
    ///
    /// - Parameter holder: what a waiter is shown.
    /// - Returns: whether it was had.
    /// - Throws: `MigrationError` where the lock cannot be had at all.
    func tryAcquire(holder: String) throws(MigrationError) -> LockAttempt
    /// Lets it go; a further call does nothing.
    func release()
}

/// Which lock a run takes, so that no two work on one history at a time.
package enum LockChoice {
    /// A session-level advisory lock of the connection that runs the migrations: lock and work
    /// live and die together (PostgreSQL).
    case session
    /// A row with a heartbeat, for connections through a transaction pooler (PostgreSQL).
    case lease
    /// A lock outside the database (SQLite).
    case external(any ExternalLock)
    /// None: a database that no other process can see.
    case none
}

/// The lock of one run, whichever it is.
protocol RunLock: AnyObject {
    /// Tries once; when the lock is had, `read` reads the history, in the same round trip where
    /// that is possible.
    func attempt(
        _ read: (_ first: [Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt

    /// A step for inside a migration's transaction, right before its rows are written: it fails
    /// with `GuardFailure.marker` in its message unless the lock is still held and the file left
    /// our tables alone. Nil where the driver sees to that. `isLast` is false where further files
    /// run in the same transaction.
    func guardStep(tableIDs: [Int64], isLast: Bool) -> Step?

    /// True where settings must not outlive a transaction, for the next one may run on another
    /// server process.
    var sharesServerSession: Bool { get }

    /// Lets the lock go, and leaves the session as `reset` makes it, in one round trip.
    func release(_ reset: [Step])
}

/// What the guard says, in the text of an error that it provokes on purpose: there is no other way
/// to stop a batch on the server without a function of our own.
enum GuardFailure: String, CaseIterable {
    case lockLost = "migrate:lock_lost"
    case leaseLost = "migrate:lease_lost"
    case tablesTouched = "migrate:history_touched"

    init?(_ error: DatabaseError) {
        guard error.sqlState == "22P02",
            let match = Self.allCases.first(where: { error.message.contains($0.rawValue) })
        else { return nil }
        self = match
    }

    /// Modes of locks on our tables, in SQL, that no change of them takes.
    static let harmlessModes = "'AccessShareLock', 'RowShareLock', 'ShareUpdateExclusiveLock'"

    /// An expression that fails. The process id keeps the planner from evaluating it beforehand.
    var sql: String {
        "('\(rawValue)' || pg_catalog.substr(pg_catalog.pg_backend_pid()::text, 1, 0))::int4"
    }

    var code: MigrationError.Code { self == .leaseLost ? .lockHeld : .migrationFailed }

    var message: String {
        switch self {
        case .lockLost: "the migration gave up the run's lock"
        case .leaseLost: "the run's lease ran out, and another run may have begun"
        case .tablesTouched: "the migration changes the history or log table of the runner"
        }
    }

    var hint: String {
        switch self {
        case .lockLost:
            "It was rolled back. DISCARD ALL and pg_advisory_unlock_all() release the lock that "
                + "keeps two runs apart: take them out of the file."
        case .leaseLost:
            "The migration was rolled back. The lease is renewed every few seconds over a "
                + "connection of its own: look whether that one broke, then run it again."
        case .tablesTouched:
            "It was rolled back. Use 'migrate repair' or 'migrate baseline' to change what is "
                + "recorded."
        }
    }
}

/// No lock.
final class NoLock: RunLock {
    let sharesServerSession = false
    func attempt(
        _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt {
        _ = try read([])
        return .acquired
    }
    func guardStep(tableIDs: [Int64], isLast: Bool) -> Step? { nil }
    func release(_ reset: [Step]) {}
}

/// An `ExternalLock` as a run's lock.
final class OutsideLock: RunLock {
    private let lock: any ExternalLock
    private let holder: String
    let sharesServerSession = false

    init(_ lock: any ExternalLock, holder: String) {
        self.lock = lock
        self.holder = holder
    }

    func attempt(
        _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt {
        let attempt = try lock.tryAcquire(holder: holder)
        if case .acquired = attempt { _ = try read([]) }
        return attempt
    }

    func guardStep(tableIDs: [Int64], isLast: Bool) -> Step? { nil }
    func release(_ reset: [Step]) { lock.release() }
}
