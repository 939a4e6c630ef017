internal import Database
internal import SQLText

/// Running migrations inside a transaction: one each, or one for all.
extension Migrator {
    /// Runs one migration with its checks and its rows in one transaction, again after a lock
    /// timeout.
    func runTransaction(
        _ step: PlannedMigration, _ execution: inout Execution
    ) throws(MigrationError) {
        let session = try noteSession([step])
        var attempt = 0
        while true {
            do {
                try attemptTransaction(step, session, &execution)
                return
            } catch {
                rollBack(session)
                try pause(before: step, error, &attempt)
            }
        }
    }

    /// Best effort: where it fails, the connection is gone, and the transaction with it.
    private func rollBack(_ session: SQLiteSession?) {
        if connection.transactionState == .open || connection.transactionState == .failed {
            _ = try? connection.query("ROLLBACK")
        }
        _ = try? session?.restore(connection)
    }

    /// Pauses before another attempt, or throws: after a lock timeout or a deadlock the
    /// transaction is gone, so trying again is safe.
    private func pause(
        before step: PlannedMigration, _ error: MigrationError, _ attempt: inout Int
    ) throws(MigrationError) {
        let code = error.failed?.databaseError?.code
        guard code == .lockTimeout || code == .transactionRollback,
            attempt < context.settings.lockRetries
        else { throw error }
        attempt += 1
        let pause = Duration.milliseconds(250) * (1 << min(attempt - 1, 5))
        context.observer.retrying(step.version, attempt, context.settings.lockRetries, pause)
        if context.cancellation.wait(pause) {
            throw MigrationError(.interrupted, "interrupted", failed: error.failed)
        }
    }

    private func attemptTransaction(
        _ step: PlannedMigration, _ session: SQLiteSession?, _ execution: inout Execution
    ) throws(MigrationError) {
        let clock = ContinuousClock()
        let start = clock.now
        try prepareCommitChecks(step)
        let keys = try turnOffForeignKeys([step])
        defer { restoreForeignKeys(keys) }
        var batch = Batch(prelude(step) + opening(step))
        batch.append(file: step)
        // Where nothing has to be looked at before the commit, all of it is one round trip.
        let needsLook =
            dialect == .sqlite || step.verify != nil || context.commitChecks != nil
        if needsLook {
            batch.append(verify: step, isInTransaction: true)
            let results = try run(batch, step)
            try session?.restore(connection)
            try inspect(results, batch, step)
            try checkForeignKeys(keys, step)
            try runCommitChecks([step], &execution)
            batch = Batch([])
        }
        let duration =
            needsLook
            ? String((clock.now - start).wholeMilliseconds) : store.durationOfTransaction
        let (record, tail) = recordSteps(step, execution.chain, duration: duration)
        batch.append(own: beforeOurRows())
        batch.append(guard: activeLock?.guardStep(tableIDs: execution.tableIDs, isLast: true))
        batch.append(own: record)
        batch.append(commit: Step("COMMIT"))
        _ = try run(batch, step)
        execution.chain.committed(tail)
        finish(step, clock.now - start, &execution)
    }

    func finish(
        _ step: PlannedMigration, _ duration: Duration, _ execution: inout Execution
    ) {
        context.observer.finished(execution.report.add(step, duration), step)
    }

    /// Runs all migrations in one transaction, which a dry run rolls back.
    func runTogether(
        _ steps: [PlannedMigration], _ execution: inout Execution
    ) throws(MigrationError) {
        guard let first = steps.first else { return }
        let session = try noteSession(steps)
        var attempt = 0
        while true {
            var trial = execution
            do {
                try attemptTogether(steps, session, &trial)
                execution = trial
                return
            } catch {
                rollBack(session)
                let failing = steps.first { $0.version == error.failed?.version } ?? first
                do {
                    try pause(before: failing, error, &attempt)
                } catch {
                    execution.report.rolledBack = trial.report.applied + trial.report.reverted
                    throw error
                }
            }
        }
    }

    private func attemptTogether(
        _ steps: [PlannedMigration], _ session: SQLiteSession?, _ execution: inout Execution
    ) throws(MigrationError) {
        guard let last = steps.last else { return }
        let clock = ContinuousClock()
        try prepareCommitChecks(last)
        let keys = try turnOffForeignKeys(steps)
        defer { restoreForeignKeys(keys) }
        var records: [Step] = []
        var finished: [(FinishedMigration, PlannedMigration)] = []
        for (index, step) in steps.enumerated() {
            try refuseIfInterrupted()
            let start = clock.now
            context.observer.began(step, index, steps.count)
            var batch = Batch(
                index == 0
                    ? prelude(step) + opening(step) : prelude(step, isInTransaction: true))
            batch.append(file: step)
            batch.append(verify: step, isInTransaction: true)
            // Our rows follow all files, so any change of our tables until then is a file's.
            let isLast = index == steps.count - 1
            batch.append(own: beforeOurRows())
            batch.append(
                guard: activeLock?.guardStep(tableIDs: execution.tableIDs, isLast: isLast))
            let results = try run(batch, step)
            try session?.restore(connection)
            try inspect(results, batch, step)
            try checkForeignKeys(keys, step)
            // In a rehearsal each step stands for a commit of its own.
            if execution.isDryRun && !context.settings.isOneTransaction {
                try runCommitChecks([step], &execution)
            } else if index == steps.count - 1 {
                try runCommitChecks(steps, &execution)
            }
            let duration = clock.now - start
            let (record, tail) = recordSteps(
                step, execution.chain, duration: String(duration.wholeMilliseconds))
            records += record
            execution.chain.committed(tail)
            finished.append((execution.report.add(step, duration), step))
        }
        if execution.isDryRun {
            try connection.runOwn([Step("ROLLBACK")])
        } else {
            var batch = Batch(records)
            batch.append(commit: Step("COMMIT"))
            _ = try run(batch, last)
        }
        for (migration, step) in finished { context.observer.finished(migration, step) }
    }

    // MARK: A batch

    /// Sends a batch, interruptible, and turns its failure into the migration's. `tellsProgress` is
    /// false where a statement counts as done only once that is recorded.
    func run(
        _ batch: Batch, _ step: PlannedMigration, tellsProgress: Bool = true
    ) throws(MigrationError) -> [StepResult] {
        let total = step.script.sql.statements.count
        do {
            return try context.cancellation.interruptible(connection.interrupter) {
                () throws(StepFailure) in
                try connection.run(batch.steps) { index in
                    if tellsProgress, case .file(let statement) = batch.origins[index] {
                        self.context.observer.statementDone(statement + 1, total)
                    }
                }
            }
        } catch {
            throw failure(error.error, batch.origins[error.stepIndex], step)
        }
    }

    /// The migration error for a failed step of a batch.
    func failure(
        _ error: DatabaseError, _ origin: Batch.Origin, _ step: PlannedMigration
    ) -> MigrationError {
        let failed: MigrationError.Failed
        switch origin {
        case .file(let statement):
            failed = place(error, step, step.script, statement: statement)
        case .verify(let statement):
            failed = place(error, step, step.verify ?? step.script, statement: statement)
        case .guardStep, .own, .commit:
            failed = place(error, step, step.script, statement: nil)
        }
        if error.code == .cancelled, context.cancellation.isRequested {
            return MigrationError(
                .interrupted, "interrupted",
                hint: step.isTransactional
                    ? "\(step.version) was rolled back: the database is as it was before it."
                    : "What ran of \(step.version) is recorded; the next run goes on after it.",
                failed: failed, cause: error)
        }
        if error.code == .connectionLost {
            return MigrationError(
                .database, "the connection broke during \(step.version): \(error.message)",
                hint: Self.hintInDoubt(step), failed: failed, cause: error)
        }
        // SQLite cannot take back what it has written of a commit that then fails (a disk that
        // reports its error only when asked to sync): whoever opens the file next decides.
        if error.code == .storage, endsTransaction(origin, step) {
            return MigrationError(
                .database, "\(step.version) could not be committed: \(error.message)",
                hint: (error.hint.map { $0 + " " } ?? "") + Self.hintInDoubt(step),
                failed: failed, cause: error)
        }
        if error.code == .lockTimeout {
            return MigrationError(
                .lockTimeout,
                "\(step.version) could not get a lock in time",
                hint: "Something holds the table: look for long transactions in "
                    + "pg_stat_activity, or run it when it is quieter. 'lock_timeout' and "
                    + "'lock_retries' say how long and how often it is tried.",
                failed: failed, cause: error)
        }
        if case .guardStep = origin, let problem = GuardFailure(error) {
            var failed = failed
            failed.databaseError = nil
            return MigrationError(
                problem.code, problem.message, hint: problem.hint, failed: failed)
        }
        if error.code == .protectedTable {
            var failed = failed
            failed.databaseError = nil
            return MigrationError(
                .migrationFailed, GuardFailure.tablesTouched.message,
                hint: GuardFailure.tablesTouched.hint, failed: failed)
        }
        return MigrationError(
            .migrationFailed, error.message, hint: error.hint, failed: failed, cause: error)
    }

    /// What to do where nobody knows whether the last transaction was committed.
    private static func hintInDoubt(_ step: PlannedMigration) -> String {
        step.isTransactional
            ? "Run 'migrate status': the migration and its record are committed together, so it is "
                + "either applied or as if it had never begun."
            : "Run 'migrate \(step.isRevert ? "down" : "up")' again: each finished statement of "
                + "\(step.version) is recorded, and it goes on after the last one."
    }

    private func endsTransaction(_ origin: Batch.Origin, _ step: PlannedMigration) -> Bool {
        switch origin {
        case .commit: return true
        case .file(let statement):
            if case .ends = step.script.kinds[statement] { return true }
            return false
        case .own, .verify, .guardStep: return false
        }
    }

    // MARK: Looking before the commit

    /// Each verify query must have returned no row, unless its file allows them.
    func inspect(
        _ results: [StepResult], _ batch: Batch, _ step: PlannedMigration
    ) throws(MigrationError) {
        guard step.verify?.directives.allowsRows != true else { return }
        for (index, origin) in batch.origins.enumerated() {
            guard case .verify(let statement) = origin, results[index].rowCount > 0,
                let verify = step.verify
            else { continue }
            let result = results[index]
            let shown = result.rows.prefix(3).map { row in
                zip(result.columns, row.values).map { "\($0)=\($1.string ?? "NULL")" }
                    .joined(separator: " ")
            }
            throw MigrationError(
                .verificationFailed,
                "the verify query returned \(result.rowCount) "
                    + "row\(result.rowCount == 1 ? "" : "s"): \(shown.joined(separator: "; "))"
                    + (result.rowCount > 3 ? "; …" : ""),
                hint: step.isTransactional
                    ? "\(step.version) was rolled back."
                    : "\(step.version) runs without a transaction, so what it did stays.",
                failed: place(nil, step, verify, statement: statement))
        }
    }
}

extension RunReport {
    /// Adds a finished migration.
    fileprivate mutating func add(
        _ step: PlannedMigration, _ duration: Duration
    ) -> FinishedMigration {
        let finished = FinishedMigration(
            version: step.version, name: step.name,
            durationMilliseconds: duration.wholeMilliseconds)
        if step.isRevert { reverted.append(finished) } else { applied.append(finished) }
        return finished
    }
}

/// Steps for one round trip, and where each comes from.
struct Batch {
    /// Where a step comes from.
    enum Origin {
        case own
        case file(statement: Int)
        case verify(statement: Int)
        case guardStep
        case commit
    }

    private(set) var steps: [Step]
    private(set) var origins: [Origin]

    init(_ own: [Step]) {
        steps = own
        origins = own.map { _ in .own }
    }

    mutating func append(own: [Step]) {
        steps += own
        origins += own.map { _ in .own }
    }

    mutating func append(file step: PlannedMigration) {
        for (sql, statement) in step.script.fileSteps() {
            append(sql, origin: .file(statement: statement))
        }
    }

    /// The verify queries, in brackets that keep them from writing anything and take back what they
    /// set.
    mutating func append(verify step: PlannedMigration, isInTransaction: Bool) {
        guard let verify = step.verify else { return }
        let (opening, closing): ([String], [String])
        switch (verify.sql.dialect, isInTransaction) {
        case (.sqlite, _):
            (opening, closing) = (["PRAGMA query_only = ON"], ["PRAGMA query_only = OFF"])
        case (.postgres, false):
            (opening, closing) = (["BEGIN READ ONLY"], ["ROLLBACK"])
        case (.postgres, true):
            // Reading only ends with the savepoint that it began in.
            opening = ["SAVEPOINT migrate_verify", "SET TRANSACTION READ ONLY"]
            closing = ["ROLLBACK TO migrate_verify", "RELEASE migrate_verify"]
        }
        append(own: opening.map { Step($0) })
        for (sql, statement) in verify.fileSteps(rowLimit: 10) {
            append(sql, origin: .verify(statement: statement))
        }
        append(own: closing.map { Step($0) })
    }

    mutating func append(guard step: Step?) {
        if let step { append(step, origin: .guardStep) }
    }

    mutating func append(commit step: Step) { append(step, origin: .commit) }

    mutating func append(_ step: Step, origin: Origin) {
        steps.append(step)
        origins.append(origin)
    }
}
