internal import Database
internal import SQLText

/// What a file finds in its session, and what it leaves behind there.
extension Migrator {
    /// Puts the session back to how it was when it was opened, so that nothing that a file set
    /// reaches the next one, and sets our timeouts (PostgreSQL; see `SQLiteSession`).
    ///
    /// Unless it runs inside the transaction of all migrations, it is a transaction of its own:
    /// without one, a BEGIN behind it in the same message would make it the beginning of the
    /// migration's, and `SET TRANSACTION` in the file would come too late.
    func prelude(_ step: PlannedMigration, isInTransaction: Bool = false) -> [Step] {
        guard dialect == .postgres else { return [] }
        if activeLock?.sharesServerSession == true {
            return isInTransaction ? sessionReset + timeouts(step, isLocal: true) : []
        }
        let steps =
            sessionReset + timeouts(step, isLocal: false)
            + (serverNoticesLostClients ? [checkForClient] : [])
        return isInTransaction ? steps : [Step("BEGIN")] + steps + [Step("COMMIT")]
    }

    /// The session as it was opened: also sent with the end of the run, for whoever works on the
    /// connection after it.
    var sessionReset: [Step] {
        guard dialect == .postgres else { return [] }
        return [
            Step("RESET SESSION AUTHORIZATION"), Step("RESET ROLE"), Step("RESET ALL"),
            Step("CLOSE ALL"), Step("UNLISTEN *"), Step("DEALLOCATE ALL"), Step("DISCARD TEMP"),
        ]
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

    /// Our rows are written by the role that the run connected as, whichever a file leaves behind,
    /// and in the encoding that we speak. For the rest of the transaction only: a file without a
    /// transaction goes on as the role that it chose.
    func beforeOurRows() -> [Step] {
        guard dialect == .postgres else { return [] }
        guard activeLock?.sharesServerSession != true else {
            // Behind a pooler the next user of the server's session is somebody else.
            return sessionReset
        }
        return ["session_authorization", "role", "client_encoding"].map {
            Step("SET LOCAL \($0) TO DEFAULT")
        }
    }

    /// Begins a transaction that writes rows of ours and nothing else.
    var beginOwn: Step { Step(dialect == .postgres ? "BEGIN" : "BEGIN IMMEDIATE") }

    /// A transaction that writes rows of ours and nothing else.
    func ownTransaction(_ rows: [Step]) -> [Step] {
        [beginOwn] + beforeOurRows() + rows + [Step("COMMIT")]
    }

    /// Sets again what the part of a file that is done had set for the rest of it.
    func repeatSettings(_ step: PlannedMigration) throws(MigrationError) {
        var batch = Batch([])
        for index in 0..<min(step.statementsDone, step.script.sql.statements.count)
        where step.script.kinds[index].setsSession {
            let statement = step.script.sql.statements[index]
            batch.append(step.script.step(statement), statement: index)
        }
        guard !batch.steps.isEmpty else { return }
        _ = try run(batch, step, tellsProgress: false)
    }
}
