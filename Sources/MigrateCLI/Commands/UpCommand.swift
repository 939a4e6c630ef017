internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLText

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
        try app.prepareVerification(project, isComplete: request.isComplete)
        if let lockWait { project.options.lockWait = lockWait.duration }
        let (database, migrator) = try open(app, project)
        defer { database.connection.close() }
        let report = try migrator.up(request.request, isDryRun: dryRun)
        for warning in report.warnings { app.terminal.warning(warning) }
        print(report, database, app.terminal)
        var outcome = Outcome(
            word: report.applied.isEmpty ? "nothing_to_do" : dryRun ? "dry_run" : "done",
            facts: report.facts)
        outcome.facts["database"] = .string(database.display)
        try app.verifyAfter(
            project, database, report, files: app.policyFiles, isComplete: request.isComplete,
            &outcome.facts)
        return outcome
    }

    /// A new SQLite file is created only once it is known that something will run in it; a
    /// rehearsal uses memory instead.
    private func open(
        _ app: App, _ project: Project
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

/// `migrate plan`
struct PlanCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", _superCommandName: RootCommand.name,
        abstract: "Show what 'up' would do now; change nothing.",
        usage: "migrate plan [options]")

    @OptionGroup var request: UpOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let plan = try app.migrator(project, database).plan(request.request)
        for warning in plan.warnings { app.terminal.warning(warning) }
        let isTogether = project.options.transaction == .all
        print(plan, project, database, isTogether, app.terminal)
        return Outcome(
            word: plan.isEmpty ? "nothing_to_do" : "done",
            facts: [
                "digest": .string(plan.digest), "gates": .array([]),
                "database": .string(database.display), "warnings": JSONValue(plan.warnings),
                "transaction": .string(isTogether ? "all" : "each"),
                "migrations": .array(plan.steps.map { $0.json(project.folder) }),
            ])
    }

    private func print(
        _ plan: Plan, _ project: Project, _ database: OpenDatabase, _ isTogether: Bool,
        _ terminal: Terminal
    ) {
        guard !plan.isEmpty else {
            terminal.result("nothing to do")
            return
        }
        terminal.result("\(project.environment): \(database.display)")
        var table = Table(["VERSION", "NAME", "STATEMENTS", "TRANSACTION", "DOWN"], shrinking: [1])
        for step in plan.steps {
            table.add([
                step.version, step.name, step.statementsInWords,
                !step.isTransactional ? "none" : isTogether ? "one for all" : "own",
                step.action == .applyRepeatable ? "" : step.down == nil ? "none" : "yes",
            ])
        }
        for line in table.lines(terminal) { terminal.result(line) }
        terminal.result("digest \(plan.digest)")
    }
}

extension PlannedMigration {
    fileprivate var statementsInWords: String {
        let total = script.sql.statements.count
        return statementsDone > 0 ? "\(total - statementsDone) of \(total)" : String(total)
    }

    fileprivate func json(_ folder: String) -> JSONValue {
        .object([
            "version": .string(version), "name": .string(name),
            "action": .string(action.rawValue), "file": .string(folder + "/" + script.file),
            "checksum": .string(script.checksum),
            "statements": .integer(Int64(script.sql.statements.count)),
            "statements_done": .integer(Int64(statementsDone)),
            "transaction": .bool(isTransactional), "reversible": .bool(down != nil),
            "phase": .string(script.directives.phase.rawValue),
        ])
    }
}
