internal import Database
internal import SQLText

/// What one execution has: the plan's surroundings, the log's end and the report so far.
struct Execution {
    var chain: LogChain
    var report: RunReport
    let tableIDs: [Int64]
    let isDryRun: Bool
    /// The plan's last step.
    let lastStep: PlannedMigration?

    /// True for the step after which the run is over.
    func isLast(_ step: PlannedMigration) -> Bool {
        step.version == lastStep?.version && step.action == lastStep?.action
    }
}

extension Migrator {
    /// Carries out a plan under the lock.
    ///
    /// - Throws: with `report` set to what was done before the failure.
    func execute(
        _ plan: Plan, _ snapshot: HistorySnapshot, isDryRun: Bool, isOneTransaction: Bool? = nil
    ) throws(MigrationError) -> RunReport {
        var report = RunReport(runID: context.identity.runID, isDryRun: isDryRun)
        report.warnings = plan.warnings
        var execution = Execution(
            chain: LogChain(store: store, run: context.identity, tail: snapshot.logTail),
            report: report, tableIDs: snapshot.facts.tableIDs, isDryRun: isDryRun,
            lastStep: plan.steps.last)
        serverNoticesLostClients =
            snapshot.facts.noticesLostClients && connection.serverVersionNumber >= 140_000
        connection.protectedTables = [store.name.table, store.logTableName]
        defer { connection.protectedTables = [] }
        do {
            if isDryRun || isOneTransaction ?? context.settings.isOneTransaction {
                try runTogether(plan.steps, &execution)
            } else {
                for (index, step) in plan.steps.enumerated() {
                    try refuseIfInterrupted()
                    context.observer.began(step, index, plan.steps.count)
                    if step.isTransactional {
                        try runTransaction(step, &execution)
                    } else {
                        try runStatements(step, &execution)
                    }
                }
            }
        } catch {
            throw failed(error, &execution)
        }
        if !isDryRun {
            execution.report.totalApplied =
                snapshot.versioned.count - execution.report.reverted.count
                + execution.report.applied.count { Version($0.version) != nil }
        }
        return execution.report
    }

    func refuseIfInterrupted() throws(MigrationError) {
        if context.cancellation.isRequested {
            throw MigrationError(.interrupted, "interrupted")
        }
    }

    /// Rolls back what is open, writes the failure into the log and attaches the report.
    private func failed(
        _ error: MigrationError, _ execution: inout Execution
    ) -> MigrationError {
        var error = error
        if connection.transactionState == .open || connection.transactionState == .failed {
            _ = try? connection.query("ROLLBACK")
        }
        error.report = execution.report
        guard !execution.isDryRun, error.failed != nil || error.code == .interrupted,
            connection.transactionState == .idle
        else { return error }
        let entry = LogEntry(
            action: "run", outcome: error.code == .interrupted ? "interrupted" : "failure",
            version: error.failed?.version, name: error.failed?.name,
            error: error.failed?.databaseError?.message ?? error.message)
        let (step, tail) = execution.chain.append(entry)
        if (try? connection.run([step])) != nil { execution.chain.committed(tail) }
        return error
    }

    // MARK: Parts of a transaction

    /// Puts the session back to how it was when it was opened, so that nothing that a file set
    /// reaches the next one, and sets our timeouts. Sent before BEGIN.
    func prelude(_ step: PlannedMigration) -> [Step] {
        guard dialect == .postgres else { return [] }
        guard activeLock?.sharesServerSession != true else { return [] }
        return [
            Step("RESET SESSION AUTHORIZATION"), Step("RESET ROLE"), Step("RESET ALL"),
            Step("CLOSE ALL"), Step("UNLISTEN *"), Step("DEALLOCATE ALL"), Step("DISCARD TEMP"),
        ] + timeouts(step, isLocal: false) + (serverNoticesLostClients ? [checkForClient] : [])
    }

    /// A run that was killed must not keep its lock and its locks on tables for as long as its
    /// statement goes on. Source:
    /// https://www.postgresql.org/docs/15/runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL
    private var checkForClient: Step { Step("SET client_connection_check_interval = 1000") }

    /// Through a transaction pooler, settings live as long as the transaction.
    func opening(_ step: PlannedMigration) -> [Step] {
        guard dialect == .postgres else { return [Step("BEGIN IMMEDIATE")] }
        let isLocal = activeLock?.sharesServerSession == true
        return [Step("BEGIN")] + (isLocal ? timeouts(step, isLocal: true) : [])
    }

    private func timeouts(_ step: PlannedMigration, isLocal: Bool) -> [Step] {
        let scope = isLocal ? "LOCAL " : ""
        let lock = step.script.directives.lockTimeout ?? context.settings.lockTimeout
        var steps = [Step("SET \(scope)lock_timeout = \(lock.wholeMilliseconds)")]
        if let limit = step.script.directives.statementTimeout ?? context.settings.statementTimeout
        {
            steps.append(Step("SET \(scope)statement_timeout = \(limit.wholeMilliseconds)"))
        }
        return steps
    }

    /// A file may leave another role or a shut-down `search_path` behind; our rows are written by
    /// the role that the run connected as.
    func beforeOurRows() -> [Step] {
        guard dialect == .postgres else { return [] }
        let reset = [Step("RESET SESSION AUTHORIZATION"), Step("RESET ROLE")]
        return activeLock?.sharesServerSession == true ? reset + [Step("RESET ALL")] : reset
    }

    /// The steps that record a finished migration, and the log's end once they are committed.
    func recordSteps(
        _ step: PlannedMigration, _ chain: LogChain, duration: String
    ) -> (steps: [Step], tail: LogTail) {
        let total = step.script.sql.statements.count
        var steps: [Step] = []
        if step.isRevert {
            steps.append(store.delete(step.version))
            // What a repeatable migration made may be gone with it: it runs again with the next up.
            steps.append(store.forgetRepeatables())
        } else {
            let row = HistoryRow(
                version: step.version, name: step.name, checksum: step.script.checksum,
                contentDigest: step.script.contentDigest, appliedBy: context.identity.appliedBy,
                runID: context.identity.runID, toolVersion: context.identity.toolVersion,
                state: .applied, statementsDone: total, statementsTotal: total,
                statementStarted: nil, hasDownScript: step.down != nil)
            let downSQL = step.down.map { String(decoding: $0.sql.bytes, as: UTF8.self) }
            steps.append(
                store.upsert(
                    row, downSQL: downSQL, downChecksum: step.down?.checksum, duration: duration))
        }
        let (log, tail) = chain.append(
            LogEntry(
                action: step.isRevert
                    ? "down" : step.action == .applyRepeatable ? "repeatable" : "up",
                outcome: "success", version: step.version, name: step.name,
                details: "checksum \(step.script.checksum)"))
        return (steps + [log], tail)
    }

    /// The facts of a failed statement, with its place in the file.
    func place(
        _ error: DatabaseError?, _ step: PlannedMigration, _ script: Script, statement: Int?
    ) -> MigrationError.Failed {
        var failed = MigrationError.Failed(
            version: step.version, name: step.name, file: script.file, databaseError: error)
        guard let statement else { return failed }
        let range = script.sql.statements[statement].range
        let offset = min(range.lowerBound + (error?.offset ?? 0), range.upperBound)
        let position = script.sql.position(at: offset)
        failed.line = position.line
        failed.column = position.column
        failed.sourceLine = script.sql.line(at: offset)
        failed.statement = statement + 1
        failed.statementCount = script.sql.statements.count
        return failed
    }
}

extension Script {
    /// The statements as steps, with the index of the statement behind each.
    func fileSteps(rowLimit: Int = 0) -> [(step: Step, statement: Int)] {
        sql.statements.enumerated().compactMap { index, statement in
            // Inside a transaction it does nothing; the runner has done what it asks for.
            if kinds[index] == .foreignKeysPragma && !directives.noTransaction { return nil }
            return (step(statement, rowLimit: rowLimit), index)
        }
    }

    /// One statement as a step.
    func step(_ statement: SQLStatement, rowLimit: Int = 0, runsAlone: Bool = false) -> Step {
        Step(
            sql.text(of: statement), copyData: statement.copyData.map { Array(sql.bytes[$0]) },
            rowLimit: rowLimit, runsAlone: runsAlone, isFromFile: true)
    }
}

extension HistoryRow {
    /// A row that a run is about to write; the database fills in the time.
    init(
        version: String, name: String?, checksum: String?, contentDigest: String?,
        appliedBy: String?, runID: String?, toolVersion: String?, state: State,
        statementsDone: Int?, statementsTotal: Int?, statementStarted: Int?, hasDownScript: Bool
    ) {
        self.init(
            version: version, name: name, checksum: checksum, contentDigest: contentDigest,
            appliedAt: nil, appliedBy: appliedBy, durationMilliseconds: nil, runID: runID,
            toolVersion: toolVersion, state: state, statementsDone: statementsDone,
            statementsTotal: statementsTotal, statementStarted: statementStarted,
            hasDownScript: hasDownScript)
    }
}
