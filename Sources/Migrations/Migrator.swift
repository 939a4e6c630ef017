internal import Database

/// Migrations of one folder on one database: the engine's front door.
///
/// Not thread-safe: one thread uses it, as it uses its connection. Each method is one run in the
/// sense of the history's `run_id`.
package final class Migrator {
    let context: RunContext
    var store: HistoryStore
    /// The lock, while a run holds it.
    var activeLock: (any RunLock)?
    /// Whether the server can be told to look whether this program still lives.
    var serverNoticesLostClients = false
    /// The old tool's table that is written with ours, where a run has found it.
    var alsoWritten: AlsoWrittenTable?
    private var cache: SourceCache?
    /// The environment that the database is stamped with, as the last look at it has found it.
    package internal(set) var stamp: String?
    var connection: any Connection { context.connection }
    var dialect: Dialect { context.connection.dialect }

    /// Creates one; nothing is read yet.
    package init(_ context: RunContext) {
        self.context = context
        store = HistoryStore(name: context.historyTable, dialect: context.connection.dialect)
    }

    /// Creates one that works with the files as another has read them, for a run that was planned
    /// before its database was there.
    package convenience init(_ context: RunContext, filesOf other: Migrator) {
        self.init(context)
        cache = other.cache
    }

    /// The id of the run that a method of this value is.
    package var runID: String { context.identity.runID }

    // MARK: Looking

    /// The state of every migration.
    ///
    /// - Throws: `.invalidFiles`, `.foreignHistory`, `.database`.
    package func status() throws(MigrationError) -> [MigrationStatus] {
        let cache = try sources()
        let history = try look().rows
        return StatusRules.statuses(
            try cache.facts(history), try cache.repeatableFacts(), history)
    }

    /// The history's rows, for commands that show or mend them.
    package func history() throws(MigrationError) -> HistorySnapshot { try look() }

    /// What `up` would do now. Changes nothing and takes no lock.
    package func plan(_ request: UpRequest) throws(MigrationError) -> Plan {
        let cache = try sources()
        let history = try look().rows
        return try upPlan(cache, history, request)
    }

    /// Facts and history, without a lock.
    func look() throws(MigrationError) -> HistorySnapshot {
        let snapshot = try interruptible { () throws(MigrationError) in
            try store.read(connection, withLog: false).snapshot
        }
        stamp = snapshot.stamp
        return snapshot
    }

    /// The look with which a run that changes something begins.
    ///
    /// - Throws: `.wrongDatabase`, and what `look` throws.
    func lookToChange() throws(MigrationError) -> HistorySnapshot {
        let snapshot = try look()
        try refuseOtherEnvironment(snapshot)
        return snapshot
    }

    /// Runs what may be left at any point: reading, or a transaction that is rolled back where it
    /// fails. A request to stop cancels its statement; it may be one that waits for another session.
    @discardableResult
    func interruptible<Result>(
        _ work: () throws(MigrationError) -> Result
    ) throws(MigrationError) -> Result {
        do {
            return try context.cancellation.interruptible(connection.interrupter, work)
        } catch {
            guard error.cause?.code == .cancelled, context.cancellation.isRequested else {
                throw error
            }
            throw MigrationError(.interrupted, "interrupted", cause: error.cause)
        }
    }

    /// The files, listed once; what was read of them stays read for as long as this value lives.
    func sources() throws(MigrationError) -> SourceCache {
        if let cache { return cache }
        let new = SourceCache(
            folder: try MigrationFolder.discover(
                context.folder, dialect: dialect, layout: context.layout),
            dialect: dialect, variable: context.variable)
        cache = new
        return new
    }

    func upPlan(
        _ cache: SourceCache, _ history: [HistoryRow], _ request: UpRequest
    ) throws(MigrationError) -> Plan {
        try UpPlanner(
            cache: cache, history: history, request: request,
            environment: context.identity.environment
        ).plan()
    }

    // MARK: Running

    /// Applies what is pending; in a dry run everything runs in one transaction that is rolled
    /// back.
    ///
    /// - Throws: what planning and running throw; `report` of the error says what was done before.
    package func up(
        _ request: UpRequest, isDryRun: Bool = false
    ) throws(MigrationError) -> RunReport {
        let cache = try sources()
        let first = try lookToChange()
        let foreseen = try foreseen { () throws(MigrationError) in
            try upPlan(cache, first.rows, request)
        }
        if let foreseen {
            guard !foreseen.isEmpty else { return report(foreseen, first) }
            try refuseUntransactional(foreseen, isDryRun: isDryRun)
        }
        return try withLock(first, isDryRun: isDryRun) { snapshot throws(MigrationError) in
            let plan = try self.upPlan(cache, snapshot.rows, request)
            guard !plan.isEmpty else { return self.report(plan, snapshot) }
            try self.refuseUntransactional(plan, isDryRun: isDryRun)
            var snapshot = snapshot
            let note = isDryRun ? nil : try self.runPreamble(plan, &snapshot)
            return try self.execute(plan, snapshot, isDryRun: isDryRun, note: note)
        }
    }

    /// Reverts.
    ///
    /// - Throws: `.irreversible`, `.invalidRequest`, and what running throws.
    package func down(
        _ request: DownRequest, isDryRun: Bool = false
    ) throws(MigrationError) -> RunReport {
        let cache = try sources()
        let first = try lookToChange()
        let foreseen = try foreseen { () throws(MigrationError) in
            try downPlan(cache, first, request)
        }
        if let foreseen {
            guard !foreseen.isEmpty else {
                return RunReport(
                    runID: context.identity.runID, isDryRun: isDryRun, totalApplied: 0)
            }
            try refuseUntransactional(foreseen, isDryRun: isDryRun)
        }
        return try withLock(first, isDryRun: isDryRun) { snapshot throws(MigrationError) in
            let plan = try self.downPlan(cache, snapshot, request)
            return try self.execute(plan, snapshot, isDryRun: isDryRun)
        }
    }

    /// What `down` would do now.
    package func downPlan(_ request: DownRequest) throws(MigrationError) -> Plan {
        try downPlan(try sources(), try history(), request)
    }

    /// Reverts the newest `count` and applies them again, in one transaction where all of them
    /// are transactional.
    package func redo(count: Int) throws(MigrationError) -> RunReport {
        let cache = try sources()
        let first = try lookToChange()
        let foreseen = try foreseen { () throws(MigrationError) in
            try redoPlan(cache, first, count)
        }
        guard foreseen == nil || !first.rows.allSatisfy(\.isRepeatable) else {
            return RunReport(runID: context.identity.runID, totalApplied: 0)
        }
        return try withLock(first) { snapshot throws(MigrationError) in
            let plan = try self.redoPlan(cache, snapshot, count)
            return try self.execute(
                plan, snapshot, isDryRun: false,
                isOneTransaction: plan.steps.allSatisfy(\.isTransactional))
        }
    }

    /// A plan from a look without the lock; nil where a migration is part-way, or a script that was
    /// to be stored with it is not there: another run may be in the middle of it, and only the lock
    /// tells.
    private func foreseen(
        _ plan: () throws(MigrationError) -> Plan
    ) throws(MigrationError) -> Plan? {
        do {
            return try plan()
        } catch {
            guard error.code == .failedPartWay || error.code == .irreversible else { throw error }
            return nil
        }
    }

    private func downPlanner(_ cache: SourceCache, _ snapshot: HistorySnapshot) -> DownPlanner {
        DownPlanner(
            cache: cache, history: snapshot.rows, environment: context.identity.environment,
            dialect: dialect)
    }

    private func downPlan(
        _ cache: SourceCache, _ snapshot: HistorySnapshot, _ request: DownRequest
    ) throws(MigrationError) -> Plan {
        var planner = downPlanner(cache, snapshot)
        if request == .lastRun { planner.earlierRuns = try runsBeforeOneTakenBack(snapshot.rows) }
        let rows = try planner.rows(request)
        let wanted = try planner.needsStoredScript(rows)
        return try planner.plan(
            rows, stored: wanted.isEmpty ? [:] : store.downScripts(connection, versions: wanted))
    }

    private func redoPlan(
        _ cache: SourceCache, _ snapshot: HistorySnapshot, _ count: Int
    ) throws(MigrationError) -> Plan {
        let reverts = try downPlan(cache, snapshot, .count(count))
        var again: [PlannedMigration] = []
        for revert in reverts.steps.reversed() {
            guard let version = Version(revert.version),
                let migration = cache.migrations[version], let up = migration.up
            else {
                throw MigrationError(
                    .missing, "\(revert.version) has no file to apply again",
                    hint: "Use 'migrate down' to revert it.", versions: [revert.version])
            }
            var step = PlannedMigration(
                version: revert.version, name: migration.name, action: .apply,
                script: try cache.script(of: up, allowsEmpty: false))
            if let verify = migration.verify {
                step.verify = try cache.verifyScript(of: verify)
            }
            if let down = migration.down {
                step.down = try cache.script(of: down, allowsEmpty: true)
            }
            again.append(step)
        }
        // What a repeatable migration made may have gone with the revert.
        for repeatable in cache.folder.repeatables {
            again.append(
                PlannedMigration(
                    version: repeatable.key, name: repeatable.name, action: .applyRepeatable,
                    script: try cache.script(of: repeatable.file, allowsEmpty: false)))
        }
        return Plan(
            steps: reverts.steps + again, warnings: reverts.warnings,
            environment: context.identity.environment, history: snapshot.rows)
    }

    private func refuseUntransactional(
        _ plan: Plan, isDryRun: Bool
    ) throws(MigrationError) {
        guard isDryRun || context.settings.isOneTransaction,
            let step = plan.steps.first(where: { !$0.isTransactional })
        else { return }
        throw MigrationError(
            .refused,
            "\(step.version) runs without a transaction, so it cannot be part of "
                + (isDryRun ? "a dry run" : "one transaction for the whole run"),
            hint: isDryRun
                ? "Rehearse up to the one before it with --to, or use 'migrate plan'."
                : "Set 'transaction: each', or apply up to the one before it with --to first.",
            versions: [step.version])
    }

    private func report(_ plan: Plan, _ snapshot: HistorySnapshot) -> RunReport {
        var report = RunReport(runID: context.identity.runID)
        report.warnings = plan.warnings
        report.totalApplied = snapshot.applied.count
        return report
    }
}
