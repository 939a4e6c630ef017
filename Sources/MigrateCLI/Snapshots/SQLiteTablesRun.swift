internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore --only` does with an SQLite file.
struct SQLiteTablesRun {
    let run: SQLiteRestoreRun
    let names: [String]
    /// Whether a snapshot of what is replaced is taken first.
    let takesSnapshot: Bool

    private var app: App { run.app }

    /// Restores tables of a snapshot.
    func restore(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        try app.checkProtection(run.project, "replace its tables")
        let limit = run.project.options.lockTimeout
        let patience = limit == .zero ? Duration.seconds(24 * 3600) : limit
        let files = SQLiteFiles()
        let snapshot = try SQLiteSnapshotFile(
            manifest, of: repository, files: files, cancellation: app.cancellation,
            observer: app.snapshotObserver)
        app.terminal.progress?.end()
        let tables = try TableChoice(names).tables(
            of: SQLiteTablesRestore.tables(of: snapshot, files: files))
        var restore = SQLiteTablesRestore(tables, of: snapshot, to: run.path, files: files)
        restore.busyTimeout = patience
        restore.cancellation = app.cancellation
        let plan = try restore.preview()
        for remark in plan.remarks { app.terminal.note(remark.asOneLine) }
        try app.confirm(question(plan, manifest))
        let start = ContinuousClock.now
        let kept =
            try SQLiteTarget(run.path).exists ? files.open(run.path, busyTimeout: patience) : nil
        defer { kept?.close() }
        let before = kept.map { makeBefore($0, repository) }
        if takesSnapshot, let before {
            restore.beforeReplacing = { try before.take(restoring: manifest.id) }
        }
        let done = try run.holdingLock {
            guard let before else { return try restore.run() }
            return try before.reporting { try restore.run() }
        }
        app.terminal.progress?.end()
        return outcome(
            done, manifest, before?.id, (ContinuousClock.now - start).wholeMilliseconds)
    }

    /// On a connection of its own, which reads while the other one keeps writers away.
    private func makeBefore(
        _ connection: any FileConnection, _ repository: Repository
    ) -> SnapshotBefore {
        let database = OpenDatabase(
            connection: connection, display: run.display, lock: .none, exists: true,
            openAnother: nil, openBulk: nil, filePath: run.path)
        return SnapshotBefore(
            app: app, project: run.project, database: database, repository: repository)
    }

    private func question(_ plan: SQLiteTablesRestore.Report, _ manifest: Manifest) -> String {
        var parts: [String] = []
        if !plan.replaced.isEmpty {
            parts.append(
                "replace the \(count(Int(plan.replacedRows), "row")) of "
                    + plan.replaced.joined(separator: ", "))
        }
        if !plan.created.isEmpty {
            parts.append("create \(plan.created.joined(separator: ", "))")
        }
        let wayBack =
            takesSnapshot
            ? " A snapshot of what is there is taken first."
            : " Nothing of what is there is kept (--no-snapshot-before)."
        return "in \(run.display), " + parts.joined(separator: " and ")
            + " from snapshot \(manifest.id.text) of \(manifest.createdAt), "
            + "\(count(Int(plan.rows), "row"))?" + (plan.replaced.isEmpty ? "" : wayBack)
    }

    private func outcome(
        _ done: SQLiteTablesRestore.Report, _ manifest: Manifest, _ before: SnapshotID?,
        _ milliseconds: Int64
    ) -> Outcome {
        var parts: [String] = []
        if !done.created.isEmpty {
            parts.append("created \(done.created.joined(separator: ", "))")
        }
        if !done.replaced.isEmpty {
            parts.append("replaced the rows of \(done.replaced.joined(separator: ", "))")
        }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(run.display), in place"
        )
        app.terminal.result(
            "  \(parts.joined(separator: ", ")); \(count(Int(done.rows), "row")), "
                + "as in the snapshot; \(describe(milliseconds: milliseconds))")
        SnapshotBefore.tell(before, app)
        return Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "database": .string(run.display),
                "kept_database": .null, "in_place": .bool(true),
                "snapshot_before": JSONValue(before?.text),
                "tables": .integer(Int64(done.created.count + done.replaced.count)),
                "rows": .integer(done.rows), "created": JSONValue(done.created),
                "replaced": JSONValue(done.replaced), "remarks": JSONValue(done.remarks),
                "duration_ms": .integer(milliseconds), "proof": .object(["rows": "equal"]),
            ])
        ])
    }
}
