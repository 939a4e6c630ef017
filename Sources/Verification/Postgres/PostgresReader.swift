internal import Database

/// Runs queries that read, and leaves nothing behind: each batch is a read-only transaction of its
/// own that is rolled back, or, inside a migration's transaction, a read-only savepoint that is.
///
/// Whatever a migration left set in the session (role, `search_path`, anything else) is set back
/// for the batch and comes back after it. Built-in queries run with nothing but pg_catalog on the
/// path, so that no object of the database stands in for the server's own.
struct PostgresReader {
    /// What a batch wants of the server.
    struct Manner {
        /// False where the rows themselves must be read: an index could lie.
        var usesIndexes = true
        /// One view of the data for the whole batch; amcheck cannot work with that.
        var isRepeatableRead = true
        /// True for the user's queries, which run as the session was opened.
        var isUsersOwn = false

        static let catalog = Manner()
        static let rows = Manner(usesIndexes: false)
        static let indexes = Manner(isRepeatableRead: false)
        static let usersOwn = Manner(isUsersOwn: true)
    }

    let connection: any Connection
    /// True inside a migration's transaction.
    let isInTransaction: Bool
    let limits: QueryLimits

    var version: Int { connection.serverVersionNumber }

    private static let savepoint = "migrate_verification"

    // MARK: Asking

    /// Runs the steps in one round trip.
    ///
    /// - Throws: the first failure; the batch is rolled back all the same.
    func answer(
        _ steps: [Step], _ manner: Manner = .catalog
    ) throws(DatabaseError) -> [StepResult] {
        let opening = opening(manner)
        do {
            let results = try connection.run(opening + steps + closing)
            return Array(results[opening.count..<opening.count + steps.count])
        } catch {
            rollBack()
            throw error.error
        }
    }

    /// Runs steps of which each may fail by itself: all in one round trip, and one by one where one
    /// failed.
    ///
    /// - Throws: what ends the whole verification (`endsVerification`).
    func answers(
        _ steps: [Step], _ manner: Manner = .catalog
    ) throws(DatabaseError) -> [Result<StepResult, DatabaseError>] {
        guard !steps.isEmpty else { return [] }
        do {
            return try answer(steps, manner).map { .success($0) }
        } catch {
            guard !endsVerification(error) else { throw error }
            guard steps.count > 1 else { return [.failure(error)] }
        }
        var results: [Result<StepResult, DatabaseError>] = []
        for step in steps { results.append(try answerOne(step, manner)) }
        return results
    }

    /// Runs one step that may take long or fail, after others that set something for it.
    ///
    /// - Throws: what ends the whole verification (`endsVerification`).
    func answerOne(
        _ step: Step, after settings: [Step] = [], _ manner: Manner = .catalog
    ) throws(DatabaseError) -> Result<StepResult, DatabaseError> {
        do {
            return .success(try answer(settings + [step], manner)[settings.count])
        } catch {
            guard !endsVerification(error) else { throw error }
            return .failure(error)
        }
    }

    /// True for a failure after which no other query would tell more: an interrupt, a lost
    /// connection; inside a migration also what makes the migration start again.
    func endsVerification(_ error: DatabaseError) -> Bool {
        switch error.code {
        case .cancelled, .connectionLost: true
        case .lockTimeout, .transactionRollback: isInTransaction
        default: false
        }
    }

    // MARK: Around the steps

    /// The steps before a batch. The last of them takes the snapshot, after which a transaction
    /// cannot be made writable any more.
    func opening(_ manner: Manner) -> [Step] {
        var steps: [Step]
        if isInTransaction {
            steps = [
                Step("SAVEPOINT \(Self.savepoint)"), Step("SET LOCAL transaction_read_only = on"),
            ]
        } else {
            let level = manner.isRepeatableRead ? "REPEATABLE READ" : "READ COMMITTED"
            steps = [Step("BEGIN ISOLATION LEVEL \(level) READ ONLY")]
        }
        steps += [Step("RESET SESSION AUTHORIZATION"), Step("RESET ROLE"), Step("RESET ALL")]
        // Rows that a policy hides would be good by default; with this they are a failure.
        steps.append(Step("SET LOCAL row_security = off"))
        if !manner.isUsersOwn { steps.append(Step("SET LOCAL search_path = pg_catalog, pg_temp")) }
        if !manner.usesIndexes {
            steps += ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"].map {
                Step("SET LOCAL \($0) = off")
            }
            // A constraint that is believed is no proof of itself.
            steps.append(Step("SET LOCAL constraint_exclusion = off"))
        }
        if let timeout = limits.lockTimeout {
            steps.append(Step("SET LOCAL lock_timeout = \(timeout.milliseconds)"))
        }
        if let timeout = limits.statementTimeout {
            steps.append(Step("SET LOCAL statement_timeout = \(timeout.milliseconds)"))
        }
        return steps + [Step("SELECT 1")]
    }

    private var closing: [Step] {
        isInTransaction
            ? [
                Step("ROLLBACK TO SAVEPOINT \(Self.savepoint)"),
                Step("RELEASE SAVEPOINT \(Self.savepoint)"),
            ] : [Step("ROLLBACK")]
    }

    /// Ends a batch that failed.
    private func rollBack() {
        switch connection.transactionState {
        case .open, .failed: _ = try? connection.run(closing)
        case .idle, .unknown: return
        }
    }
}
