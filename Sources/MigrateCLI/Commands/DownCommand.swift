internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate down`
struct DownCommand: RunningCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", _superCommandName: RootCommand.name,
        abstract: "Revert migrations; the last one unless told otherwise.",
        usage: "migrate down [options]",
        discussion: """
            The down script is the file's, or, where the folder has no such file, the one that was \
            stored in the database when the migration ran.
            """)

    @Option(name: .long, help: ArgumentHelp("Revert so many.", valueName: "n"))
    var count: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Revert all newer ones: v stays as the newest.", valueName: "v"))
    var to: VersionArgument?

    @Flag(name: .long, help: "Revert all that the last 'up' applied.")
    var run = false

    @Flag(name: .long, help: "Revert everything.")
    var all = false

    @Flag(name: .long, help: "Run everything in a transaction and roll it back.")
    var dryRun = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isAudited: Bool { !dryRun }

    func validate() throws {
        let chosen = [count != nil, to != nil, run, all].count { $0 }
        if chosen > 1 { throw ValidationError("use one of --count, --to, --run and --all") }
        if let count, count < 1 { throw ValidationError("'--count' must be 1 or more") }
    }

    private var request: DownRequest {
        if let to { return .to(to.version) }
        return run ? .lastRun : all ? .all : .count(count ?? 1)
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        if !dryRun { try app.checkProtection(project, "revert migrations") }
        try app.prepareVerification(project)
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        let migrator = app.migrator(project, database)
        if all && !dryRun && !app.options.yes {
            let plan = try migrator.downPlan(request)
            if !plan.isEmpty {
                try app.confirm(
                    "revert all of \(database.display) "
                        + "(\(MigrateCLI.count(plan.steps.count, "migration")))?")
            }
        }
        let report = try migrator.down(request, isDryRun: dryRun)
        for warning in report.warnings { app.terminal.warning(warning) }
        if report.reverted.isEmpty {
            app.terminal.result("nothing to revert")
        } else {
            let what = MigrateCLI.count(report.reverted.count, "migration")
            app.terminal.result(
                dryRun
                    ? "\(what) ran through on the way down and "
                        + "\(report.reverted.count == 1 ? "was" : "were") rolled back"
                    : "reverted \(what) of \(database.display)")
        }
        var facts = report.facts.merging(["database": .string(database.display)]) { $1 }
        // The user's files say how the data is when all is applied.
        try app.verifyAfter(project, database, report, files: [], &facts)
        return Outcome(
            word: report.reverted.isEmpty ? "nothing_to_do" : dryRun ? "dry_run" : "done",
            facts: facts)
    }
}

/// `migrate redo`
struct RedoCommand: RunningCommand {
    static let configuration = CommandConfiguration(
        commandName: "redo", _superCommandName: RootCommand.name,
        abstract: "Revert the last migrations and apply them again.",
        usage: "migrate redo [options]",
        discussion: "Both ways are one transaction where every file involved can be part of one.")

    @Option(name: .long, help: ArgumentHelp("How many.", valueName: "n"))
    var count = 1

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isAudited: Bool { true }

    func validate() throws {
        if count < 1 { throw ValidationError("'--count' must be 1 or more") }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        try app.checkProtection(project, "revert migrations and apply them again")
        try app.prepareVerification(project)
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        let report = try app.migrator(project, database).redo(count: count)
        for warning in report.warnings { app.terminal.warning(warning) }
        app.terminal.result(
            report.isEmpty
                ? "nothing to redo"
                : "redid \(MigrateCLI.count(report.applied.count, "migration")) on "
                    + database.display)
        var facts = report.facts.merging(["database": .string(database.display)]) { $1 }
        try app.verifyAfter(project, database, report, files: app.policyFiles, &facts)
        return Outcome(word: report.isEmpty ? "nothing_to_do" : "done", facts: facts)
    }
}
