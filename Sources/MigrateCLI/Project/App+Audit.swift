internal import Database
internal import Migrations
internal import ProjectConfig
internal import Verification

/// What commands that run no migration write into the log. The log follows what was done: where it
/// cannot be written, that is said, and what was done stays done.
extension App {
    /// Writes entries while the run's lock is held.
    func recordUnderLock(_ entries: [LogEntry], _ project: Project, _ database: OpenDatabase) {
        do {
            // An SQLite file that is only read is open for nothing else.
            let writer = database.filePath == nil ? database : try open(project, .change)
            defer { if database.filePath != nil { writer.connection.close() } }
            try migrator(project, writer).appendUnderLock(entries)
        } catch {
            tellUnrecorded(error)
        }
    }

    /// Refuses a database that belongs to another environment. One that cannot be looked at says
    /// nothing: a restore is for such databases too.
    func refuseOtherEnvironment(_ project: Project) throws {
        guard let database = try? open(project, .look) else { return }
        defer { database.connection.close() }
        do {
            try migrator(project, database).checkEnvironment()
        } catch {
            if error.code == .wrongDatabase { throw error }
        }
    }

    /// Writes into the restored database that it was restored, and whose it is now.
    func recordRestore(
        of snapshot: String, _ project: Project, hasAllTables: Bool, since elapsed: Duration
    ) {
        do {
            let database = try open(project, .change)
            defer { database.connection.close() }
            let migrator = migrator(project, database)
            let entry = LogEntry(
                action: "restore",
                details: "snapshot \(snapshot)" + (hasAllTables ? "" : ", some tables"))
            try migrator.endRestoredLeases(since: elapsed)
            _ = try migrator.holdingLock { () throws(MigrationError) in
                try migrator.appendUnderLock([entry], stamps: hasAllTables)
            }.get()
        } catch {
            tellUnrecorded(error)
        }
    }

    /// Writes a refusal into the log of the project's database, where that is the right one and has
    /// a log.
    func recordRefusal(of command: String, _ failure: Failure) {
        let elsewhere = [
            "wrong_database", "confirmation_needed", "not_confirmed", "transaction_pooler",
            "foreign_history",
        ]
        guard failure.status == .refused, !elsewhere.contains(failure.code), var project = current
        else { return }
        project.options.lockWait = min(project.options.lockWait, .seconds(2))
        // Nor is it waited for long: what was refused was not done either way.
        if project.options.connectTimeout == .zero || project.options.connectTimeout > .seconds(3) {
            project.options.connectTimeout = .seconds(3)
        }
        do {
            let database = try open(project, .change)
            defer { database.connection.close() }
            try migrator(project, database).append([
                LogEntry(
                    action: "refusal", outcome: "refused", error: failure.message,
                    details: "\(command): \(failure.code)")
            ])
        } catch {
            terminal.detail(
                "the refusal is not in the log: \(Program.failure(error, self).message)")
        }
    }

    /// Writes an entry of what followed a run.
    func record(_ entry: LogEntry, _ project: Project, _ database: OpenDatabase) {
        do {
            try migrator(project, database).append([entry])
        } catch {
            tellUnrecorded(error)
        }
    }

    /// Writes what a verification after a run has found; another environment may be waiting for one
    /// that passed.
    func recordVerification(
        _ report: VerificationReport, _ project: Project, _ database: OpenDatabase
    ) {
        let errors = report.errors.count
        record(
            LogEntry(
                action: "verify", outcome: errors == 0 ? "success" : "failure",
                error: errors == 0 ? nil : count(errors, "error")), project, database)
    }

    /// Writes that a verification has passed where the last one in the log did not; a database whose
    /// last one passed is left alone.
    func recordPassed(
        _ report: VerificationReport, _ project: Project, _ database: OpenDatabase
    ) {
        guard report.errors.isEmpty,
            let last = try? migrator(project, database).lastVerification(),
            last.entry.outcome != "success"
        else { return }
        do {
            let writer = try open(project, .change)
            defer { writer.connection.close() }
            try migrator(project, writer).append([LogEntry(action: "verify")])
        } catch {
            tellUnrecorded(error)
        }
    }

    private func tellUnrecorded(_ error: any Error) {
        let failure = Program.failure(error, self)
        terminal.note("this is not in the log of the database: \(failure.message)")
    }
}
