internal import Database
internal import Migrations
internal import PostgresDriver
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore` does within a PostgreSQL database that stays: with `--in-place`, and with
/// `--only` for tables.
struct PostgresInPlaceRun {
    let app: App
    let project: Project
    /// `tables` are those of `--only`; nil for everything.
    let options: PostgresRestore.Options
    /// Whether a snapshot of what is replaced is taken first.
    let takesSnapshot: Bool

    /// Restores a snapshot.
    func run(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        try PostgresRestoreRun.refuseOtherSystem(manifest)
        try app.checkProtection(
            project, options.tables == nil ? "replace all of its content" : "replace its tables")
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        guard let connection = database.connection as? any BulkConnection,
            let openAnother = database.openBulk
        else { throw Failure(.internalError, "internal", "this connection streams no rows") }
        let session = Session(
            connection: connection, openAnother: openAnother, database: database,
            before: SnapshotBefore(
                app: app, project: project, database: database, repository: repository,
                jobs: options.jobs))
        return options.tables == nil
            ? try replaceAll(manifest, repository, session)
            : try replaceTables(manifest, repository, session)
    }

    private struct Session {
        let connection: any BulkConnection
        let openAnother: @Sendable () throws -> any BulkConnection
        let database: OpenDatabase
        let before: SnapshotBefore
        var display: String { database.display }
    }

    // MARK: - Everything

    private func replaceAll(
        _ manifest: Manifest, _ repository: Repository, _ session: Session
    ) throws -> Outcome {
        var restore = PostgresInPlaceRestore(
            session.connection, reconnect: session.openAnother, access: .live,
            reader: repository.chunks, options: options, cancellation: app.cancellation)
        let version = manifest.database.version
        // Under the lock: a migration that runs would keep what is looked at locked.
        let there = try app.migrator(project, session.database).holdingLock { () throws in
            try restore.preview(manifest.parts, serverVersion: version)
        }.get()
        try app.confirm(
            "replace all that is in \(session.display), \(there.description), with snapshot "
                + "\(manifest.id.text) of \(manifest.createdAt), "
                + "\(count(manifest.tables, "table")) with \(count(Int(manifest.rows), "row"))?"
                + wayBack + emptiness(manifest, options))
        let start = ContinuousClock.now
        restore.beforeReplacing = replacing(manifest, session)
        restore.onProgress = progress
        let done = try locked(session) {
            try restore.run(manifest.parts, serverVersion: version)
        }
        let milliseconds = (ContinuousClock.now - start).wholeMilliseconds
        tell(
            done.remarks, manifest, session, done.isProven,
            "\(count(done.tables, "table")), \(count(Int(done.rows), "row"))", milliseconds)
        return outcome(
            manifest, session, tables: done.tables, rows: done.rows, remarks: done.remarks,
            isProven: done.isProven, milliseconds)
    }

    // MARK: - Some tables

    private func replaceTables(
        _ manifest: Manifest, _ repository: Repository, _ session: Session
    ) throws -> Outcome {
        var restore = PostgresTablesRestore(
            session.connection, reconnect: session.openAnother, access: .live,
            reader: repository.chunks, options: options, cancellation: app.cancellation)
        let version = manifest.database.version
        let plan = try app.migrator(project, session.database).holdingLock { () throws in
            try restore.preview(manifest.parts, serverVersion: version)
        }.get()
        for remark in plan.remarks { app.terminal.note(remark.asOneLine) }
        try app.confirm(question(plan, manifest, session.display))
        let start = ContinuousClock.now
        restore.beforeReplacing = replacing(manifest, session)
        restore.onProgress = progress
        let done = try locked(session) {
            try restore.run(manifest.parts, serverVersion: version)
        }
        let milliseconds = (ContinuousClock.now - start).wholeMilliseconds
        let news = done.remarks.filter { !plan.remarks.contains($0) }
        tell(news, manifest, session, done.isProven, summary(done), milliseconds)
        var facts = outcome(
            manifest, session, tables: done.tables, rows: done.rows, remarks: done.remarks,
            isProven: done.isProven, milliseconds
        ).facts
        if case .object(var restored) = facts["restore"] {
            restored["created"] = JSONValue(done.created.map(\.text))
            restored["replaced"] = JSONValue(done.replaced.map(\.text))
            facts["restore"] = .object(restored)
        }
        return Outcome(facts: facts)
    }

    private func question(
        _ plan: PostgresTablesRestore.Report, _ manifest: Manifest, _ display: String
    ) -> String {
        var parts: [String] = []
        if !plan.replaced.isEmpty {
            parts.append(
                "replace the rows of \(list(plan.replaced)), \(plan.replacedRows.description),")
        }
        if !plan.created.isEmpty { parts.append("create \(list(plan.created))") }
        return "in \(display), " + parts.joined(separator: " and ")
            + " from snapshot \(manifest.id.text) of \(manifest.createdAt), "
            + "\(count(plan.tables, "table")) with \(count(Int(plan.rows), "row"))?"
            + (plan.replaced.isEmpty ? "" : wayBack) + emptiness(manifest, options)
    }

    private func summary(_ done: PostgresTablesRestore.Report) -> String {
        var parts: [String] = []
        if !done.created.isEmpty { parts.append("created \(list(done.created))") }
        if !done.replaced.isEmpty { parts.append("replaced the rows of \(list(done.replaced))") }
        return parts.joined(separator: ", ") + "; \(count(Int(done.rows), "row"))"
    }

    private func list(_ tables: [RestoredTable]) -> String {
        let some = tables.prefix(5).map(\.text).joined(separator: ", ")
        return tables.count > 5 ? "\(some) and \(tables.count - 5) more" : some
    }

    // MARK: - Both

    private var wayBack: String {
        takesSnapshot
            ? " A snapshot of what is there is taken first."
            : " Nothing of what is there is kept (--no-snapshot-before)."
    }

    private var progress: @Sendable (TakeProgress) -> Void {
        let report = app.terminal.progress?.bytesReporter
        return { report?($0.bytes, $0.totalBytes) }
    }

    private func replacing(_ manifest: Manifest, _ session: Session) -> () throws -> Void {
        let observer = app.snapshotObserver
        return {
            if takesSnapshot { try session.before.take(restoring: manifest.id) }
            observer.began("restoring", session.display)
        }
    }

    private func locked<Report>(
        _ session: Session, _ body: () throws -> Report
    ) throws -> Report {
        let done = try session.before.reporting {
            try app.migrator(project, session.database).holdingLock { () throws in
                try body()
            }.get()
        }
        app.terminal.progress?.end()
        return done
    }

    private func tell(
        _ remarks: [String], _ manifest: Manifest, _ session: Session, _ isProven: Bool,
        _ summary: String, _ milliseconds: Int64
    ) {
        for remark in remarks { app.terminal.warning(remark.asOneLine) }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(session.display), "
                + "in place")
        app.terminal.result(
            "  " + summary + (isProven ? ", read again and equal; " : ", not read again; ")
                + describe(milliseconds: milliseconds))
        SnapshotBefore.tell(session.before.id, app)
    }

    private func outcome(
        _ manifest: Manifest, _ session: Session, tables: Int, rows: Int64, remarks: [String],
        isProven: Bool, _ milliseconds: Int64
    ) -> Outcome {
        Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "database": .string(session.display),
                "kept_database": .null, "in_place": .bool(true),
                "snapshot_before": JSONValue(session.before.id?.text),
                "tables": .integer(Int64(tables)), "rows": .integer(rows),
                "remarks": JSONValue(remarks), "duration_ms": .integer(milliseconds),
                "proof": isProven
                    ? .object(["rows": "equal", "objects": "equal"])
                    : .object(["objects": "equal"]),
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
