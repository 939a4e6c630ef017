internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore` does with an SQLite file.
struct SQLiteRestoreRun {
    let app: App
    let project: Project
    let path: String
    let display: String
    /// What is asked under the lock of the file, before anything changes; what it throws stops the
    /// restore.
    var underLock: () throws -> Void = {}

    private var target: SQLiteTarget { SQLiteTarget(path) }

    /// Restores a snapshot.
    func run(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        try app.checkProtection(project, "replace all of its content")
        var restore = try SQLiteRestore(manifest, to: path, files: SQLiteFiles())
        restore.cancellation = app.cancellation
        restore.observer = app.snapshotObserver
        let limit = project.options.lockTimeout
        restore.busyTimeout = limit == .zero ? .seconds(24 * 3600) : limit
        try restore.preflight()
        let kept = target.exists ? target.keptPath(manifest.id) : nil
        try app.confirm(question(manifest, kept))
        let start = ContinuousClock.now
        let done = try holdingLock {
            try underLock()
            return try restore.run(repository.chunks)
        }
        app.terminal.progress?.end()
        return report(done, manifest, (ContinuousClock.now - start).wholeMilliseconds)
    }

    private func question(_ manifest: Manifest, _ kept: String?) -> String {
        let what = "snapshot \(manifest.id.text) of \(manifest.createdAt)"
        guard let kept else { return "create \(display) from \(what)?" }
        let age = Timestamp(manifest.createdAt).map { taken in
            describe(milliseconds: max(0, Timestamp.now.milliseconds - taken.milliseconds))
        }
        return "replace all of \(display) with \(what)? What was written since "
            + "\(age.map { "(\($0)) " } ?? "")is not in it, and is left behind in '\(kept)'."
    }

    private func report(
        _ done: RestoredDatabase, _ manifest: Manifest, _ milliseconds: Int64
    ) -> Outcome {
        if done.brokenReferences > 0 {
            app.terminal.warning(
                "\(count(done.brokenReferences, "row")) with a broken foreign key, as in the "
                    + "database that the snapshot was taken of; 'migrate verify' names them")
        }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(display)")
        app.terminal.result(
            "  \(count(done.tables, "table")), \(count(Int(done.rows), "row")), "
                + "\(describe(bytes: manifest.bytes)), as the snapshot says; "
                + describe(milliseconds: milliseconds))
        if let kept = done.kept {
            app.terminal.result("  what was there is kept in '\(kept)'")
            app.terminal.result(
                "  'migrate restore --forget \(manifest.id.text)' removes it")
        }
        return Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "database": .string(display),
                "kept_database": JSONValue(done.kept), "tables": .integer(Int64(done.tables)),
                "rows": .integer(done.rows), "duration_ms": .integer(milliseconds),
                "proof": .object([
                    "sha256": .string(done.contentDigest), "integrity_check": "ok",
                    "broken_foreign_keys": .integer(Int64(done.brokenReferences)),
                ]),
            ])
        ])
    }

    /// Removes what was kept of before a restore.
    func forget(_ id: SnapshotID) throws -> Outcome {
        try app.checkProtection(project, "remove what a restore has kept")
        let kept = target.keptPath(id)
        if target.isKept(id) {
            try app.confirm("remove '\(kept)', what was there before the restore?")
        }
        try holdingLock { try target.forget(id) }
        app.terminal.result("removed '\(kept)'")
        return Outcome(facts: [
            "database": .string(display), "removed": .array([.string(kept)]),
        ])
    }

    /// Removes what restores that were killed have left.
    func cleanUp() throws -> Outcome {
        let removed = try holdingLock { try target.cleanUp(SQLiteFiles()) }
        for path in removed { app.terminal.result("removed '\(path)'") }
        if removed.isEmpty { app.terminal.result("nothing to clean up") }
        let kept = try target.kept()
        for id in kept {
            app.terminal.result(
                "'\(target.keptPath(id))' stays until 'migrate restore --forget \(id.text)'")
        }
        return Outcome(
            word: removed.isEmpty ? "nothing_to_do" : "done",
            facts: [
                "database": .string(display), "removed": JSONValue(removed),
                "kept": JSONValue(kept.map { target.keptPath($0) }),
            ])
    }

    /// Holds the run's lock of the file, which need not be there.
    func holdingLock<Result>(_ body: () throws -> Result) throws -> Result {
        // The restore opens the file itself, under the lock.
        let connection = try SQLiteConnection(SQLiteURL(":memory:"), mode: .create)
        defer { connection.close() }
        let lock = try DatabaseFileLock(SQLiteFileLock(databasePath: path))
        let database = OpenDatabase(
            connection: connection, display: display, lock: .external(lock), exists: true,
            openAnother: nil, openBulk: nil, filePath: path)
        return try app.migrator(project, database).holdingLock(body).get()
    }
}
