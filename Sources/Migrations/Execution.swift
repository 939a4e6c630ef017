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
        _ plan: Plan, _ snapshot: HistorySnapshot, isDryRun: Bool, isOneTransaction: Bool? = nil,
        note: String? = nil
    ) throws(MigrationError) -> RunReport {
        try checkAlsoWritten(snapshot.rows)
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
            throw failed(error, &execution, note)
        }
        if !isDryRun {
            let versions = Set(snapshot.applied.map(\.version))
                .subtracting(execution.report.reverted.map(\.version))
                .union(execution.report.applied.map(\.version))
            execution.report.totalApplied = versions.count { Version($0) != nil }
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
        _ error: MigrationError, _ execution: inout Execution, _ note: String?
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
            error: error.failed?.databaseError?.message ?? error.message, details: note)
        let (step, tail) = execution.chain.append(entry)
        if (try? connection.run(ownTransaction([step]))) != nil {
            execution.chain.committed(tail)
        } else if connection.transactionState != .idle {
            _ = try? connection.query("ROLLBACK")
        }
        return error
    }

    /// The steps that record a finished migration, and the log's end once they are committed.
    func recordSteps(
        _ step: PlannedMigration, _ chain: LogChain, duration: String
    ) -> (steps: [Step], tail: LogTail) {
        let total = step.script.sql.statements.count
        var steps: [Step] = []
        if step.isRevert {
            steps.append(store.delete(step.version))
            steps += alsoWritten?.reverted(step.version) ?? []
            // What a repeatable migration made may be gone with it: it runs again with the next up.
            steps.append(store.forgetRepeatables())
        } else {
            let row = HistoryRow(
                version: step.version, name: step.name, checksum: step.script.checksum,
                contentDigest: step.script.contentDigest, appliedBy: context.identity.appliedBy,
                runID: context.identity.runID, toolVersion: context.identity.toolVersion,
                state: .applied, statementsDone: total, statementsTotal: total,
                statementStarted: nil, hasDownScript: step.down != nil)
            let downSQL = step.down?.nativeText
            steps.append(
                store.upsert(
                    row, downSQL: downSQL, downChecksum: step.down?.checksum, duration: duration))
            steps += alsoWritten?.applied(step.version) ?? []
        }
        let (log, tail) = chain.append(
            LogEntry(
                action: step.isRevert
                    ? "down" : step.action == .applyRepeatable ? "repeatable" : "up",
                outcome: "success", version: step.version, name: step.name,
                details: "checksum \(step.script.checksum)"))
        return (steps + [log], tail)
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
