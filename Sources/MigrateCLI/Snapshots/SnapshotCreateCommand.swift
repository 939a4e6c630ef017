internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// `migrate snapshot create`
struct SnapshotCreateCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", _superCommandName: SnapshotCommand.name,
        abstract: "Take a snapshot of the database.",
        usage: "migrate snapshot create [options]",
        discussion: """
            A consistent copy, while others go on reading and writing. The repository is made \
            where there is none. No migration runs meanwhile.
            """)

    @Flag(name: .long, help: "Leave the rows out (PostgreSQL).")
    var schemaOnly = false

    @Option(
        name: .long,
        help: ArgumentHelp("Connections that read at a time (PostgreSQL).", valueName: "n"))
    var jobs: Int?

    @Option(name: .long, help: ArgumentHelp("Words to find it by.", valueName: "text"))
    var label: String?

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        if let jobs, !(1...64).contains(jobs) {
            throw ValidationError("'--jobs' must be a number from 1 to 64")
        }
        if let label, label.utf8.count > 1024 {
            throw ValidationError("'--label' must not be longer than 1024 bytes")
        }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var project = try app.project(&environment)
        if let wait = repository.lockWait { project.options.lockWait = wait.duration }
        let place = try app.repositoryPlace(repository)
        let codec = try app.codec()
        if project.url.dialect == .sqlite { try refuseOptions() }
        let database = try app.open(project, .read)
        defer { database.connection.close() }
        let start = ContinuousClock.now
        let migrator = app.migrator(project, database)
        try migrator.checkEnvironment()
        let taken = try migrator.holdingLock { () throws in
            let repository = try Repository.openOrCreate(
                place, codec: codec ?? .zstd, patience: app.patience(repository))
            defer { repository.close() }
            let title = SnapshotTitle(
                environment: project.environment, label: label,
                toolVersion: BuildInformation.version)
            let taken = try take(app, database, repository, title, codec)
            let entry = LogEntry(
                action: "snapshot", details: "snapshot \(taken.manifest.id.text)")
            app.recordUnderLock([entry], project, database)
            return taken
        }.get()
        app.terminal.progress?.end()
        return report(taken, (ContinuousClock.now - start).wholeMilliseconds, app, database)
    }

    private func take(
        _ app: App, _ database: OpenDatabase, _ repository: Repository, _ title: SnapshotTitle,
        _ codec: Codec?
    ) throws -> TakenSnapshot {
        guard let connection = database.connection as? any FileConnection else {
            return try takePostgres(app, database, repository, title, codec)
        }
        var snapshot = SQLiteSnapshot(connection, files: SQLiteFiles(), name: database.display)
        snapshot.cancellation = app.cancellation
        snapshot.observer = app.snapshotObserver
        return try snapshot.take(into: repository, title, codec: codec)
    }

    private func takePostgres(
        _ app: App, _ database: OpenDatabase, _ repository: Repository, _ title: SnapshotTitle,
        _ codec: Codec?
    ) throws -> TakenSnapshot {
        try PostgresSnapshotRun(
            app: app, database: database, jobs: jobs ?? App.defaultJobs, isSchemaOnly: schemaOnly
        ).take(into: repository, title, codec)
    }

    private func refuseOptions() throws(Failure) {
        let given = schemaOnly ? "--schema-only" : jobs != nil ? "--jobs" : nil
        guard let given else { return }
        throw Failure(
            .usage, "usage", "'\(given)' makes no sense for an SQLite database",
            hint: "Its file is copied as a whole.")
    }

    private func report(
        _ taken: TakenSnapshot, _ milliseconds: Int64, _ app: App, _ database: OpenDatabase
    ) -> Outcome {
        let manifest = taken.manifest
        if taken.isClockBehind {
            app.terminal.warning(
                "the clock is behind that of an earlier snapshot, and this one is dated after it")
        }
        for exclusion in manifest.exclusions {
            app.terminal.note("left out: \(exclusion.asOneLine)")
        }
        app.terminal.result(
            "took \(app.terminal.styled(manifest.id.text, .bold)) of \(database.display)")
        app.terminal.result(
            "  \(count(taken.tables, "table")), \(count(Int(manifest.rows), "row")), "
                + "\(describe(bytes: manifest.bytes)); \(describe(bytes: taken.newBytes)) new in "
                + "the repository; \(describe(milliseconds: milliseconds))")
        return Outcome(facts: [
            "database": .string(database.display),
            "snapshot": .object([
                "id": .string(manifest.id.text), "tables": .integer(Int64(taken.tables)),
                "rows": .integer(manifest.rows), "bytes": .integer(manifest.bytes),
                "stored_bytes": .integer(manifest.storedBytes),
                "new_bytes": .integer(taken.newBytes), "duration_ms": .integer(milliseconds),
            ]),
        ])
    }
}
