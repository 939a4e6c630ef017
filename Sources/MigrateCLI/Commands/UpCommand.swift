internal import Releases
internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig

extension UpRequest.Phases: ExpressibleByArgument {}

/// The options that `plan` and `up` share.
struct UpOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Go no further than this version.", valueName: "v"))
    var to: VersionArgument?

    @Option(name: .long, help: ArgumentHelp("Apply at most so many.", valueName: "n"))
    var count: Int?

    @Flag(name: .long, help: "Apply migrations that are older than the newest applied one as well.")
    var allowOutOfOrder = false

    @Flag(name: .long, help: "Fail (8) where the database is newer than the files.")
    var strict = false

    @Option(name: .long, help: "Which phase runs: expand, contract or all.")
    var phase: UpRequest.Phases = .expand

    @Flag(
        name: .long,
        help: "Run although the environment's 'windows' deny it; needs --reason, and is logged.")
    var overrideWindow = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("'--count' must be 1 or more") }
    }

    /// False where it may leave migrations out that are due.
    var isComplete: Bool { to == nil && count == nil }

    var request: UpRequest {
        var request = UpRequest()
        request.to = to?.version
        request.count = count
        request.allowsOutOfOrder = allowOutOfOrder
        request.isStrict = strict
        request.phases = phase
        return request
    }
}

/// `migrate up`
struct UpCommand: RunningCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", _superCommandName: RootCommand.name,
        abstract: "Apply pending migrations.",
        usage: "migrate up [options]",
        discussion: """
            Each migration is one transaction with its verify queries and its history row, unless \
            its file says '-- migrate: no-transaction'.
            """)

    @OptionGroup var request: UpOptions

    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for another run: 30s, 5m.", valueName: "duration"))
    var lockWait: DurationArgument?

    @Flag(name: .long, help: "Run everything in a transaction and roll it back.")
    var dryRun = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isAudited: Bool { !dryRun }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var project = try app.project(&environment)
        try app.checkURL(project)
        if !dryRun { try app.checkEvidence(project) }
        try app.prepareVerification(project, isComplete: request.isComplete)
        if let lockWait { project.options.lockWait = lockWait.duration }
        let release = try Release(app, project, overridesWindow: request.overrideWindow)
        do {
            return try run(app, project, release)
        } catch {
            let failure = Program.failure(error, app)
            if !dryRun {
                let report = failure.report
                release.tell(
                    failure.status == .refused ? .refusal : .failure,
                    (report?.applied ?? []).map { .init(version: $0.version, name: $0.name) },
                    runID: report?.runID, failure: failure)
            }
            throw failure
        }
    }

    private func run(_ app: App, _ project: Project, _ release: Release) throws -> Outcome {
        var running: Migrator?
        release.attach { running }
        let (database, migrator) = try open(app, project, release)
        defer { database.connection.close() }
        (running, release.database) = (migrator, database)
        if !dryRun { try askRules(project, release, migrator) }
        let report: RunReport
        do {
            report = try migrator.up(request.request, isDryRun: dryRun)
        } catch {
            throw dryRun ? error : release.failed(error, nil, database)
        }
        for warning in report.warnings { app.terminal.warning(warning) }
        print(report, database, app.terminal)
        var outcome = Outcome(
            word: report.applied.isEmpty ? "nothing_to_do" : dryRun ? "dry_run" : "done",
            facts: report.facts)
        outcome.facts["database"] = .string(database.display)
        if !dryRun {
            try release.end(
                report, migrator, database, isComplete: request.isComplete, &outcome.facts)
            if !report.applied.isEmpty {
                release.tell(.success, release.steps, runID: report.runID)
            }
        }
        return outcome
    }

    /// Asks the rules before the lock is waited for, so that a run that they refuse waits for nothing.
    private func askRules(_ project: Project, _ release: Release, _ migrator: Migrator) throws {
        // What is wrong with the plan itself, the run says, under the lock where that decides.
        guard !project.rules.isEmpty, let plan = try? migrator.plan(request.request), !plan.isEmpty,
            migrator.environmentProblem == nil
        else { return }
        try release.require(release.answers(plan, migrator))
    }

    /// A new SQLite file is created only once it is known that something will run in it; a
    /// rehearsal uses memory instead.
    private func open(
        _ app: App, _ project: Project, _ release: Release
    ) throws -> (database: OpenDatabase, migrator: Migrator) {
        guard try app.isMissingFile(project) else {
            let database = try app.open(project, .create)
            return (database, app.migrator(project, database))
        }
        let empty = try app.open(project, .look)
        let planner = app.migrator(project, empty)
        if dryRun {
            app.terminal.note("\(empty.display) is not there yet; rehearsing in memory")
            return (empty, planner)
        }
        guard !(try planner.plan(request.request)).isEmpty else { return (empty, planner) }
        try askRules(project, release, planner)
        empty.connection.close()
        let database = try app.open(project, .create)
        return (database, Migrator(app.context(project, database), filesOf: planner))
    }

    private func print(_ report: RunReport, _ database: OpenDatabase, _ terminal: Terminal) {
        guard !report.applied.isEmpty else {
            terminal.result("nothing to do")
            return
        }
        let total = report.applied.reduce(0) { $0 + $1.durationMilliseconds }
        let what = count(report.applied.count, "migration")
        terminal.result(
            dryRun
                ? "\(what) ran through and \(report.applied.count == 1 ? "was" : "were") rolled back"
                : "applied \(what) to \(database.display) in \(describe(milliseconds: total))")
    }
}
