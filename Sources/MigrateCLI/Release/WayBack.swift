internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// The ways back of a run that failed after it had committed something: named, or taken, as the
/// environment says.
struct WayBack {
    let app: App
    let project: Project
    /// The run's own id.
    let runID: String
    /// The snapshot of before the run; nil where none was taken.
    let snapshot: SnapshotID?
    /// What the run applied, in order.
    let applied: [FinishedMigration]
    /// True where a migration without a transaction stopped part-way.
    let isPartWay: Bool

    /// The failure with what was done about it, or what can be.
    ///
    /// An interrupted run is none that failed: whoever interrupted it decides.
    func taken(after failure: Failure, _ database: OpenDatabase) -> Failure {
        // Nothing was committed, so there is nothing to go back from.
        guard !applied.isEmpty || isPartWay else { return failure }
        // An environment without rules is a developer's own.
        guard project.isProtected || project.rules != ReleaseRules() else { return failure }
        guard failure.status != .interrupted else {
            return told(failure, "not_taken", commands(database))
        }
        switch project.rules.onFailure {
        case .stop: return told(failure, "not_taken", commands(database))
        case .down: return down(failure, database)
        case .restore: return restore(failure, database)
        }
    }

    private func told(
        _ failure: Failure, _ outcome: String, _ lines: [String],
        _ facts: [String: JSONValue] = [:]
    ) -> Failure {
        var failure = failure
        var members = facts
        members["policy"] = .string(project.rules.onFailure.rawValue)
        members["outcome"] = .string(outcome)
        failure.documentFacts["way_back"] = .object(members)
        failure.notes += lines
        return failure
    }

    // MARK: Stop

    /// The command of each way back, as it can be copied.
    private func commands(_ database: OpenDatabase) -> [String] {
        var rest = " --env \(project.environment)"
        if project.isProtected { rest += " --yes --reason '…'" }
        var lines: [String] = []
        let plan = try? app.migrator(project, database).downPlan(.lastRun)
        if !isPartWay, !applied.isEmpty, plan != nil {
            lines.append(
                "to revert what this run applied: migrate down --run\(rest)")
        }
        if let snapshot {
            lines.append(
                "to bring back the database of before: migrate restore \(snapshot.text)\(rest)")
        }
        return lines.isEmpty ? ["there is no way back but a new migration"] : lines
    }

    // MARK: Down

    private func down(_ failure: Failure, _ database: OpenDatabase) -> Failure {
        app.terminal.note("the release failed; reverting what this run applied")
        // What the rules want of a release, the way back from it does not owe.
        (app.beforeRun, app.commitChecks) = (nil, nil)
        // The session may be what failed.
        var other: OpenDatabase?
        defer { other?.connection.close() }
        if (try? database.connection.query("SELECT 1")) == nil {
            other = try? app.open(project, .change)
        }
        let database = other ?? database
        let migrator = app.migrator(project, database)
        do {
            let report = try migrator.down(.run(runID))
            let versions = report.reverted.map(\.version)
            var facts: [String: JSONValue] = ["reverted": JSONValue(versions)]
            do {
                try app.verifyAfter(project, database, report, files: [], &facts)
            } catch {
                let found = Program.failure(error, app)
                return told(
                    failure, "failed",
                    [
                        "reverted: \(versions.joined(separator: ", "))",
                        "after that: \(found.message)",
                    ] + commands(database), facts)
            }
            return told(
                failure, "done",
                ["reverted: \(versions.joined(separator: ", ")); the schema is as it was"], facts)
        } catch {
            return unsuccessful(failure, error, database)
        }
    }

    // MARK: Restore

    private func restore(_ failure: Failure, _ database: OpenDatabase) -> Failure {
        guard let snapshot else {
            return told(
                failure, "failed",
                ["there is no snapshot of before to restore"] + commands(database))
        }
        app.terminal.note("the release failed; restoring the snapshot of before it")
        // This session's lock and connection would be in the way of the swap.
        database.connection.close()
        app.options.yes = true
        app.options.reason = app.options.reason ?? "on_failure of run \(runID)"
        let start = ContinuousClock.now
        do {
            let outcome = try restored(snapshot)
            app.recordRestore(
                of: snapshot.text, project, hasAllTables: true,
                since: ContinuousClock.now - start)
            var facts: [String: JSONValue] = ["restored": .string(snapshot.text)]
            var lines = ["restored the snapshot of before, \(snapshot.text)"]
            if case .object(let members)? = outcome.facts["restore"],
                let kept = members["kept_database"]
            {
                facts["kept_database"] = kept
                if case .string(let name) = kept {
                    lines.append(
                        "what was written after \(snapshot.text.prefix(16)) is in '\(name)'")
                }
            }
            return told(failure, "done", lines, facts)
        } catch {
            guard let again = try? app.open(project, .change) else {
                return unsuccessful(failure, error, nil)
            }
            defer { again.connection.close() }
            return unsuccessful(failure, error, again)
        }
    }

    /// Refuses to take back what another run has done since, whoever holds the lock meanwhile.
    private func requireOwnRun() throws {
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        try app.migrator(project, database).requireLastRun(runID)
    }

    private func restored(_ snapshot: SnapshotID) throws -> Outcome {
        let repository = try Repository.open(app.repositoryPlace(named: nil))
        defer { repository.close() }
        let manifest = try repository.manifest(snapshot)
        switch project.url.dialect {
        case .postgres:
            return try PostgresRestoreRun(
                app: app, project: project,
                address: app.postgresServer(project.url, project),
                options: PostgresRestore.Options(
                    jobs: App.defaultJobs, missingRoles: .fail, isSchemaOnly: false, proves: true),
                underLock: requireOwnRun
            ).run(manifest, repository)
        case .sqlite:
            let url = try SQLiteURL(project.url.text).resolved(against: project.urlFolder)
            guard let path = url.path else {
                throw Failure(.refused, "refused", "a database in memory cannot be restored to")
            }
            return try SQLiteRestoreRun(
                app: app, project: project, path: path, display: url.display,
                underLock: requireOwnRun
            ).run(manifest, repository)
        }
    }

    /// A way back that failed stops, and says where things stand.
    private func unsuccessful(
        _ failure: Failure, _ error: any Error, _ database: OpenDatabase?
    ) -> Failure {
        let problem = Program.failure(error, app)
        return told(
            failure, "failed",
            ["the way back failed as well: \(problem.place)\(problem.message)"]
                + (problem.hint.map { [$0] } ?? []) + (database.map(commands) ?? []),
            ["error": problem.json])
    }
}
