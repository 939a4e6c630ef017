internal import Database
internal import Migrations
internal import PostgresDriver
internal import SnapshotFormat
internal import Snapshots

/// What `migrate restore` does with a PostgreSQL database.
struct PostgresRestoreRun {
    let app: App
    let project: Project
    let address: PostgresAddress
    let options: PostgresRestore.Options
    /// What is asked under the lock of the target, before anything changes; what it throws stops the
    /// restore.
    var underLock: () throws -> Void = {}

    private var connect: @Sendable (_ database: String) throws -> any BulkConnection {
        let open = address.open
        return { try open($0) }
    }

    /// Restores a snapshot.
    func run(_ manifest: Manifest, _ repository: Repository) throws -> Outcome {
        try Self.refuseOtherSystem(manifest)
        try app.checkProtection(project, "replace all of its content")
        let exists = try address.exists()
        try app.confirm(question(manifest, exists))
        guard exists else { return try restore(manifest, repository, hold: nil) }
        let database = try app.open(project, .read)
        defer { database.connection.close() }
        // Hours may pass in which this session has nothing to do.
        try database.connection.query(
            """
            SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
            WHERE name = 'idle_session_timeout'
            """)
        let migrator = app.migrator(project, database)
        return try migrator.holdingLock { () throws in
            try underLock()
            return try restore(manifest, repository, hold: hold(migrator, database.connection))
        }.get()
    }

    /// The lock of the target's runs, held until nobody can connect to it any more.
    private func hold(_ migrator: Migrator, _ connection: any Connection) throws -> TargetHold {
        let process = try connection.query("SELECT pg_catalog.pg_backend_pid()").rows[0][0].integer
        return TargetHold(
            processID: process ?? 0,
            check: {
                do throws(MigrationError) {
                    try migrator.checkLock()
                } catch {
                    throw SnapshotError(
                        .restoreFailed, error.message, hint: error.hint, database: error.cause)
                }
            },
            release: {
                migrator.releaseLock()
                connection.close()
            })
    }

    private func restore(
        _ manifest: Manifest, _ repository: Repository, hold: TargetHold?
    ) throws -> Outcome {
        let start = ContinuousClock.now
        let observer = app.snapshotObserver
        observer.began("restoring", address.display)
        let report = app.terminal.progress?.bytesReporter
        let restore = PostgresRestore(
            connect: connect, access: .live, reader: repository.chunks, options: options,
            cancellation: app.cancellation,
            onProgress: { report?($0.bytes, $0.totalBytes) })
        let done = try restore.run(
            manifest.parts, serverVersion: manifest.database.version, target: address.database,
            hold: hold)
        app.terminal.progress?.end()
        return outcome(of: done, manifest, (ContinuousClock.now - start).wholeMilliseconds)
    }

    /// Refuses a snapshot of another system.
    static func refuseOtherSystem(_ manifest: Manifest) throws(Failure) {
        guard manifest.database.system != .postgresql else { return }
        throw Failure(
            .refused, "refused", "\(manifest.id.text) is a snapshot of an SQLite database",
            hint: "Restore it with --into sqlite:restored.db.")
    }

    private func question(_ manifest: Manifest, _ exists: Bool) -> String {
        let tables = options.tables.map { " (\($0.sorted().map(\.text).joined(separator: ", ")))" }
        let what = "snapshot \(manifest.id.text) of \(manifest.createdAt)\(tables ?? "")"
        let rows = emptiness(manifest, options)
        guard exists else { return "create \(address.display) from \(what)?\(rows)" }
        let age = Timestamp(manifest.createdAt).map { taken in
            describe(milliseconds: max(0, Timestamp.now.milliseconds - taken.milliseconds))
        }
        return "replace all of \(address.display) with \(what)? What was written since "
            + "\(age.map { "(\($0)) " } ?? "")is not in it, and is left behind in a database "
            + "'\(address.database)_before_…'. Its sessions are ended.\(rows)"
    }

    private func outcome(
        of done: PostgresRestore.Report, _ manifest: Manifest, _ milliseconds: Int64
    ) -> Outcome {
        for remark in done.remarks { app.terminal.warning(remark.asOneLine) }
        app.terminal.result(
            "restored \(app.terminal.styled(manifest.id.text, .bold)) into \(address.display)")
        app.terminal.result(
            "  \(count(done.tables, "table")), \(count(Int(done.rows), "row"))"
                + (done.isProven ? ", read again and equal; " : ", not read again; ")
                + describe(milliseconds: milliseconds))
        if let kept = done.keptDatabase {
            app.terminal.result("  what was there is kept in the database '\(kept)'")
            app.terminal.result("  'migrate restore --forget \(done.id)' removes it")
        }
        return Outcome(facts: [
            "restore": .object([
                "id": .string(manifest.id.text), "restore_id": .string(done.id),
                "database": .string(address.display),
                "kept_database": JSONValue(done.keptDatabase),
                "tables": .integer(Int64(done.tables)), "rows": .integer(done.rows),
                "remarks": JSONValue(done.remarks), "duration_ms": .integer(milliseconds),
                "proof": done.isProven
                    ? .object(["rows": "equal", "objects": "equal"]) : .null,
            ])
        ])
    }

    /// Drops what was kept of before a restore.
    func forget(_ id: String) throws -> Outcome {
        try app.checkProtection(project, "remove what a restore has kept")
        try app.confirm("drop the database that the restore '\(id.asOneLine)' replaced?")
        let kept = try PostgresRestoreCleanup.forget(id, connect: connect)
        app.terminal.result("removed '\(kept)'")
        return Outcome(facts: [
            "database": .string(address.display), "removed": .array([.string(kept)]),
        ])
    }

    /// Removes what restores that were killed have left.
    func cleanUp() throws -> Outcome {
        let report = try PostgresRestoreCleanup.run(target: address.database, connect: connect)
        for name in report.dropped { app.terminal.result("removed '\(name)'") }
        for name in report.roles { app.terminal.result("removed the role '\(name)'") }
        for name in report.reopened { app.terminal.result("'\(name)' takes connections again") }
        for name in report.running {
            app.terminal.result("'\(name)' belongs to a restore that still runs")
        }
        let isEmpty = report.dropped.isEmpty && report.roles.isEmpty
        if isEmpty { app.terminal.result("nothing to clean up") }
        return Outcome(
            word: isEmpty ? "nothing_to_do" : "done",
            facts: [
                "database": .string(address.display), "removed": JSONValue(report.dropped),
                "reopened": JSONValue(report.reopened), "running": JSONValue(report.running),
                "removed_roles": JSONValue(report.roles),
            ])
    }
}

/// Says so where a restore brings no rows.
func emptiness(_ manifest: Manifest, _ options: PostgresRestore.Options) -> String {
    guard manifest.holdsRows else {
        return
            " THE SNAPSHOT HOLDS NO ROWS: it was taken with --schema-only, and every table will be "
            + "empty."
    }
    return options.isSchemaOnly ? " Every table will be empty (--schema-only)." : ""
}
