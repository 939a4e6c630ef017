internal import Database
internal import Migrations
internal import PostgresDriver
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore --in-place` does with a PostgreSQL database.
struct PostgresInPlaceRun {
    let app: App
    let project: Project
    let options: PostgresRestore.Options
    /// Whether a snapshot of what is replaced is taken first.
    let takesSnapshot: Bool

    /// Restores a snapshot.
    func run(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        guard manifest.database.system == .postgresql else {
            throw Failure(
                .refused, "refused", "\(manifest.id.text) is a snapshot of an SQLite database",
                hint: "Restore it with --into sqlite:restored.db.")
        }
        try app.checkProtection(project, "replace all of its content")
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        guard let connection = database.connection as? any BulkConnection,
            let openAnother = database.openBulk
        else { throw Failure(.internalError, "internal", "this connection streams no rows") }
        var restore = PostgresInPlaceRestore(
            connection, reconnect: openAnother, access: .live, reader: repository.chunks,
            options: options, cancellation: app.cancellation)
        let there = try restore.preview(
            manifest.parts, serverVersion: manifest.database.version)
        try app.confirm(question(manifest, there, database.display))
        let start = ContinuousClock.now
        let before = SnapshotBefore(
            app: app, project: project, database: database, repository: repository,
            jobs: options.jobs)
        let observer = app.snapshotObserver
        restore.beforeReplacing = {
            if takesSnapshot { try before.take(restoring: manifest.id) }
            observer.began("restoring", database.display)
        }
        let report = app.terminal.progress?.bytesReporter
        restore.onProgress = { report?($0.bytes, $0.totalBytes) }
        let done = try before.reporting {
            try app.migrator(project, database).holdingLock {
                try restore.run(manifest.parts, serverVersion: manifest.database.version)
            }.get()
        }
        app.terminal.progress?.end()
        return outcome(
            of: done, manifest, before.id, database.display,
            (ContinuousClock.now - start).wholeMilliseconds)
    }

    private func question(
        _ manifest: Manifest, _ there: ReplacedRows, _ display: String
    ) -> String {
        "replace all that is in \(display), \(there.description), with snapshot "
            + "\(manifest.id.text) of \(manifest.createdAt), \(count(manifest.tables, "table")) with "
            + "\(count(Int(manifest.rows), "row"))?"
            + (takesSnapshot
                ? " A snapshot of what is there is taken first."
                : " Nothing of what is there is kept (--no-snapshot-before).")
            + emptiness(manifest, options)
    }

    private func outcome(
        of done: PostgresRestore.Report, _ manifest: Manifest, _ before: SnapshotID?,
        _ display: String, _ milliseconds: Int64
    ) -> Outcome {
        for remark in done.remarks { app.terminal.warning(remark.asOneLine) }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(display), in place")
        app.terminal.result(
            "  \(count(done.tables, "table")), \(count(Int(done.rows), "row"))"
                + (done.isProven ? ", read again and equal; " : ", not read again; ")
                + describe(milliseconds: milliseconds))
        SnapshotBefore.tell(before, app)
        return Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "database": .string(display),
                "kept_database": .null, "in_place": .bool(true),
                "snapshot_before": JSONValue(before?.text),
                "tables": .integer(Int64(done.tables)), "rows": .integer(done.rows),
                "remarks": JSONValue(done.remarks), "duration_ms": .integer(milliseconds),
                "proof": done.isProven
                    ? .object(["rows": "equal", "objects": "equal"]) : .object(["objects": "equal"])
                    ,
            ])
        ])
    }
}

extension ReplacedRows {
    /// `3 tables with about 100 rows`.
    var description: String {
        "\(count(tables, "table")) with \(isEstimate ? "about " : "")\(count(Int(rows), "row"))"
    }
}
