internal import Database
internal import Migrations
internal import PostgresDriver
internal import ProjectConfig
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore` does with a PostgreSQL database.
struct PostgresRestoreRun {
    let app: App
    let project: Project
    let sessions: PostgresSessions
    let options: PostgresRestore.Options

    /// Restores a snapshot.
    func run(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        let target = try PostgresURL(project.url.text).database
        try app.checkProtection(project, "replace all of its content")
        try app.confirm(
            "replace all of \(sessions.display) with snapshot \(manifest.id.text) of "
                + "\(manifest.createdAt)? What was written since is not in it, and is left behind "
                + "in a database of another name.")
        app.terminal.startProgress()
        let (progress, sessions) = (app.terminal.progress?.bytes, sessions)
        let start = ContinuousClock.now
        let report = try PostgresRestore(
            connect: { try sessions.open($0) }, access: .live, reader: repository.chunks,
            options: options, cancellation: app.cancellation,
            onPhase: { progress?.begin("\($0.rawValue) of \(target)") },
            onProgress: { progress?.done($0.bytes, of: $0.totalBytes) }
        ).run(manifest.parts, serverVersion: manifest.database.version, target: target)
        app.terminal.progress?.end()
        return show(report, manifest, (ContinuousClock.now - start).wholeMilliseconds)
    }

    private func show(
        _ report: PostgresRestore.Report, _ manifest: Manifest, _ milliseconds: Int64
    ) -> Outcome {
        for remark in report.remarks { app.terminal.warning(remark.asOneLine) }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(sessions.display)")
        app.terminal.result(
            "  \(count(report.tables, "table")), \(count(Int(report.rows), "row")), "
                + "\(describe(bytes: manifest.bytes)), as the snapshot says; "
                + describe(milliseconds: milliseconds))
        if let kept = report.keptDatabase {
            app.terminal.result("  what was there is kept in the database '\(kept)'")
            app.terminal.result("  'migrate restore --forget \(report.id)' removes it")
        }
        return Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "database": .string(sessions.display),
                "kept_database": JSONValue(report.keptDatabase),
                "kept_id": JSONValue(report.keptDatabase.map { _ in report.id }),
                "tables": .integer(Int64(report.tables)), "rows": .integer(report.rows),
                "duration_ms": .integer(milliseconds),
                "proof": .object([
                    "rows": report.isProven ? "ok" : "not_compared",
                    "catalog": report.isProven ? "ok" : "not_compared",
                ]),
            ])
        ])
    }

    /// Removes what was kept of before a restore.
    func forget(_ id: String) throws -> Outcome {
        try app.checkProtection(project, "remove what a restore has kept")
        try app.confirm("drop the database that the restore '\(id.asOneLine)' has replaced?")
        let name = try PostgresRestoreCleanup.forget(id) { try sessions.open($0) }
        app.terminal.result("dropped the database '\(name)'")
        return Outcome(facts: [
            "database": .string(sessions.display), "removed": .array([.string(name)]),
        ])
    }

    /// Removes what restores that were killed have left.
    func cleanUp() throws -> Outcome {
        let report = try PostgresRestoreCleanup.run { try sessions.open($0) }
        for name in report.reopened {
            app.terminal.result("opened the database '\(name)', which a restore had closed")
        }
        for name in report.dropped { app.terminal.result("dropped the database '\(name)'") }
        for name in report.running {
            app.terminal.result("'\(name)' is of a restore that still runs")
        }
        let isIdle = report.dropped.isEmpty && report.reopened.isEmpty
        if isIdle { app.terminal.result("nothing to clean up") }
        return Outcome(
            word: isIdle ? "nothing_to_do" : "done",
            facts: [
                "database": .string(sessions.display), "removed": JSONValue(report.dropped),
                "reopened": JSONValue(report.reopened),
            ])
    }
}
