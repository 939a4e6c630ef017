internal import Database
internal import Migrations
internal import ProjectConfig
internal import Releases

/// What follows the last commit of a run: it is verified, and watched; where that fails, the way back
/// is taken that the environment names.
extension Release {
    /// Verifies and watches what `report` says was done, or what an earlier run that was killed here
    /// has left to be verified and watched.
    ///
    /// - Throws: `Failure`, which tells of the way back.
    func end(
        _ report: RunReport, _ migrator: Migrator, _ database: OpenDatabase, isComplete: Bool,
        _ facts: inout [String: JSONValue]
    ) throws {
        guard let report = report.applied.isEmpty ? try unfinished(migrator) : report else {
            return
        }
        do {
            try app.verifyAfter(
                project, database, report, files: app.policyFiles, isComplete: isComplete, &facts)
            if let bake = project.rules.bake {
                try watch(bake, database)
                facts["baked"] = true
            }
        } catch {
            throw failed(error, report, database)
        }
        finish(&facts)
    }

    private func watch(
        _ settings: BakeSettings, _ database: OpenDatabase
    ) throws {
        do throws(Failure) {
            let rounds = try Bake(app: app, settings: settings, database: database).run()
            app.record(
                LogEntry(action: "bake", details: "\(count(rounds, "round")) of probes"), project,
                database)
        } catch {
            if error.status != .interrupted {
                app.record(
                    LogEntry(action: "bake", outcome: "failure", error: error.message), project,
                    database)
            }
            throw error
        }
    }

    /// The failure of a run, with the way back that was taken or can be.
    func failed(_ error: any Error, _ report: RunReport?, _ database: OpenDatabase) -> Failure {
        let failure = Program.failure(explained(error), app)
        let report = report ?? failure.report
        let back = WayBack(
            app: app, project: project, runID: report?.runID ?? "", snapshot: snapshot,
            applied: report?.applied ?? [], isPartWay: failure.status == .stoppedPartWay)
        return back.taken(after: failure, database)
    }

    /// The newest run, where it applied something that was not verified and watched to its end: it was
    /// killed there, or failed there and nobody went back.
    private func unfinished(_ migrator: Migrator) throws -> RunReport? {
        guard project.verify.after || project.rules.bake != nil,
            let last = try migrator.lastRun(), ["up", "repeatable"].contains(last.entry.action),
            last.entry.outcome == "success", let runID = last.runID
        else { return nil }
        func isOpen(_ action: String) throws -> Bool {
            let end = try migrator.lastSuccess(of: [action, "confirm"])
            return (end?.sequence ?? 0) < last.sequence
        }
        let isUnverified = try project.verify.after && isOpen("verify")
        guard try isUnverified || project.rules.bake != nil && isOpen("bake") else { return nil }
        var report = RunReport(runID: runID)
        report.applied = try migrator.history().rows.filter { $0.runID == runID }.map {
            FinishedMigration(
                version: $0.version, name: $0.name ?? "",
                durationMilliseconds: $0.durationMilliseconds ?? 0)
        }
        guard !report.applied.isEmpty else { return nil }
        app.terminal.note(
            "the last run was not \(isUnverified ? "verified" : "watched") to its end")
        recallSnapshot()
        return report
    }
}
