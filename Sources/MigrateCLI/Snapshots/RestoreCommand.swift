internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

extension MissingRoles: ExpressibleByArgument {}

/// `migrate restore`
struct RestoreCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", _superCommandName: RootCommand.name,
        abstract: "Bring a database back to a snapshot.",
        usage: "migrate restore <id>|latest [options]",
        discussion: """
            The snapshot is restored beside the database, checked, and put in its place at once; \
            what was there is kept under another name until --forget. A failure leaves the \
            database as it was.
            """)

    @Argument(help: "The snapshot; 'latest' is the environment's newest.")
    var id: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Database to create or replace, in the place of the environment's.", valueName: "url"))
    var into: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Restore this table only, with what it needs; can be repeated. Into a database that is "
                + "there: its rows are replaced, or it is created.", valueName: "table"))
    var only: [String] = []

    @Flag(name: .long, help: "Leave the rows out (PostgreSQL).")
    var schemaOnly = false

    @Option(
        name: .long,
        help: ArgumentHelp("Connections that write at a time (PostgreSQL).", valueName: "n"))
    var jobs: Int?

    @Flag(
        name: .long,
        help: "Do not read the restored rows and objects again to compare them (PostgreSQL).")
    var noProof = false

    @Option(
        name: .long,
        help: ArgumentHelp("fail, skip or create-nologin (PostgreSQL).", valueName: "what"))
    var missingRoles: MissingRoles?

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Replace the content of the database that is there, in one transaction: it takes no right "
                + "to create databases."))
    var inPlace = false

    @Flag(
        name: .long,
        help: "Replace in place without a snapshot of what is there (PostgreSQL).")
    var noSnapshotBefore = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Remove what was kept when this snapshot was restored.", valueName: "id"))
    var forget: String?

    @Flag(name: .long, help: "Remove what restores that were killed have left.")
    var cleanup = false

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        let chosen = [id != nil, forget != nil, cleanup].count { $0 }
        if chosen > 1 { throw ValidationError("use one of a snapshot, --forget and --cleanup") }
        if chosen == 0 { throw ValidationError("name a snapshot, or 'latest'") }
        if let jobs, !(1...64).contains(jobs) {
            throw ValidationError("'--jobs' must be a number from 1 to 64")
        }
        if noSnapshotBefore, !inPlace, only.isEmpty {
            throw ValidationError("'--no-snapshot-before' goes with '--in-place' or '--only'")
        }
        if !only.isEmpty, id == nil { throw ValidationError("'--only' goes with a snapshot") }
        if inPlace, id == nil { throw ValidationError("'--in-place' goes with a snapshot") }
        if into != nil, options.url != nil {
            throw ValidationError("use one of --into and --url")
        }
    }

    var isAudited: Bool { true }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var project = try app.project(&environment, url: into)
        if let wait = repository.lockWait { project.options.lockWait = wait.duration }
        try app.refuseOtherEnvironment(project)
        let start = ContinuousClock.now
        let outcome =
            switch project.url.dialect {
            case .sqlite: try performSQLite(app, project)
            case .postgres: try performPostgres(app, project)
            }
        if case .object(let restored)? = outcome.facts["restore"],
            case .string(let snapshot)? = restored["id"]
        {
            app.recordRestore(
                of: snapshot, project, hasAllTables: only.isEmpty,
                since: ContinuousClock.now - start)
        }
        return outcome
    }

    private func performPostgres(_ app: App, _ project: Project) throws -> Outcome {
        let address = try app.postgresServer(project.url, project)
        var options = PostgresRestore.Options(
            jobs: jobs ?? App.defaultJobs, missingRoles: missingRoles ?? .fail,
            isSchemaOnly: schemaOnly, proves: !noProof)
        var restore: PostgresRestoreRun {
            PostgresRestoreRun(app: app, project: project, address: address, options: options)
        }
        if cleanup { return try restore.cleanUp() }
        if let forget { return try restore.forget(forget) }
        let repository = try app.openRepository(repository)
        defer { repository.close() }
        let manifest = try manifest(app, project, repository)
        if !only.isEmpty {
            try PostgresRestoreRun.refuseOtherSystem(manifest)
            options.tables = try TableChoice(only).tables(of: manifest, repository.chunks)
        }
        let isThere = only.isEmpty ? false : try address.exists()
        guard inPlace || isThere else {
            return try restore.run(manifest, repository)
        }
        return try PostgresInPlaceRun(
            app: app, project: project, options: options, takesSnapshot: !noSnapshotBefore
        ).run(manifest, repository)
    }

    private func manifest(
        _ app: App, _ project: Project, _ repository: Repository
    ) throws -> Manifest {
        if id == "latest" {
            return try app.latestToRestore(
                of: project.environment, repository, needsRows: !schemaOnly)
        }
        return try repository.manifest(app.snapshotID(id ?? ""))
    }

    private func performSQLite(_ app: App, _ project: Project) throws -> Outcome {
        try refuseOptions()
        let url = try SQLiteURL(project.url.text).resolved(against: project.urlFolder)
        guard let path = url.path else {
            throw Failure(
                .refused, "refused", "a database in memory cannot be restored to",
                hint: "Name a file: --into sqlite:restored.db")
        }
        let restore = SQLiteRestoreRun(
            app: app, project: project, path: path, display: url.display)
        if cleanup { return try restore.cleanUp() }
        if let forget { return try restore.forget(app.snapshotID(forget)) }
        let repository = try app.openRepository(repository)
        defer { repository.close() }
        let manifest = try manifest(app, project, repository)
        guard !only.isEmpty else { return try restore.run(manifest, repository) }
        return try SQLiteTablesRun(
            run: restore, names: only, takesSnapshot: !noSnapshotBefore
        ).restore(manifest, repository)
    }

    private func refuseOptions() throws(Failure) {
        let given: [(String, Bool)] = [
            ("--schema-only", schemaOnly), ("--jobs", jobs != nil), ("--no-proof", noProof),
            ("--missing-roles", missingRoles != nil),
        ]
        guard let (option, _) = given.first(where: \.1) else { return }
        throw Failure(
            .usage, "usage", "'\(option)' makes no sense for an SQLite database",
            hint: "Its file is restored as a whole; --into sqlite:other.db puts it elsewhere.")
    }
}
