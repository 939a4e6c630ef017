internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

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
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Restore these tables alone (PostgreSQL).", valueName: "table"))
    var only: [String] = []

    @Flag(name: .long, help: "Leave the rows out (PostgreSQL).")
    var schemaOnly = false

    @Option(
        name: .long,
        help: ArgumentHelp("Connections that write at a time (PostgreSQL).", valueName: "n"))
    var jobs: Int?

    @Flag(name: .long, help: "Replace the contents in one transaction (PostgreSQL).")
    var inPlace = false

    @Option(
        name: .long,
        help: ArgumentHelp("fail, skip or create-nologin (PostgreSQL).", valueName: "what"))
    var missingRoles: String?

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
        if into != nil, options.url != nil {
            throw ValidationError("use one of --into and --url")
        }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var project = try app.project(&environment, url: into)
        if let wait = repository.lockWait { project.options.lockWait = wait.duration }
        switch project.url.dialect {
        case .sqlite: return try performSQLite(app, project)
        case .postgres: return try performPostgres(app, project)
        }
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
        return try restore.run(manifest(app, project, repository), repository)
    }

    private func performPostgres(_ app: App, _ project: Project) throws -> Outcome {
        let given = !only.isEmpty ? "--only" : inPlace ? "--in-place" : nil
        if let given {
            throw Failure(.refused, "refused", "this version has no '\(given)' yet")
        }
        guard let roles = MissingRoles(rawValue: missingRoles ?? "fail") else {
            throw Failure(
                .usage, "usage", "'--missing-roles' must be fail, skip or create-nologin")
        }
        let restore = try PostgresRestoreRun(
            app: app, project: project, sessions: app.postgresSessions(project.url, project),
            options: .init(
                jobs: jobs ?? PostgresSnapshotRun.defaultJobs, missingRoles: roles,
                isSchemaOnly: schemaOnly))
        if cleanup { return try restore.cleanUp() }
        if let forget { return try restore.forget(forget) }
        let repository = try app.openRepository(repository)
        defer { repository.close() }
        return try restore.run(manifest(app, project, repository), repository)
    }

    private func manifest(
        _ app: App, _ project: Project, _ repository: Repository
    ) throws -> Manifest {
        guard id != "latest" else { return try repository.latest(of: project.environment) }
        return try repository.manifest(app.snapshotID(id ?? ""))
    }

    private func refuseOptions() throws(Failure) {
        let given: [(String, Bool)] = [
            ("--only", !only.isEmpty), ("--schema-only", schemaOnly), ("--jobs", jobs != nil),
            ("--in-place", inPlace), ("--missing-roles", missingRoles != nil),
        ]
        guard let (option, _) = given.first(where: \.1) else { return }
        throw Failure(
            .usage, "usage", "'\(option)' makes no sense for an SQLite database",
            hint: "Its file is restored as a whole; --into sqlite:other.db puts it elsewhere.")
    }
}
