internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate down`
struct DownCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Revert migrations; the last one unless told otherwise.",
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
    @ParentCommand var root: RootCommand

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
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        let migrator = app.migrator(project, database)
        if all && !dryRun && !app.options.yes {
            let plan = try migrator.downPlan(request)
            if !plan.isEmpty {
                try app.confirm(
                    "revert all \(MigrateCLI.count(plan.steps.count, "migration")) of "
                        + "\(database.display)?")
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
        return Outcome(
            word: report.reverted.isEmpty ? "nothing_to_do" : dryRun ? "dry_run" : "done",
            facts: report.facts.merging(["database": .string(database.display)]) { $1 })
    }
}

/// `migrate redo`
struct RedoCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "redo", abstract: "Revert the last migrations and apply them again.",
        discussion: "Both ways are one transaction where every file involved can be part of one.")

    @Option(name: .long, help: ArgumentHelp("How many.", valueName: "n"))
    var count = 1

    @OptionGroup(title: "Global options") var options: GlobalOptions
    @ParentCommand var root: RootCommand

    func validate() throws {
        if count < 1 { throw ValidationError("'--count' must be 1 or more") }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        try app.checkProtection(project, "revert migrations and apply them again")
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        let report = try app.migrator(project, database).redo(count: count)
        for warning in report.warnings { app.terminal.warning(warning) }
        app.terminal.result(
            report.isEmpty
                ? "nothing to redo"
                : "redid \(MigrateCLI.count(report.applied.count, "migration")) on "
                    + database.display)
        return Outcome(
            word: report.isEmpty ? "nothing_to_do" : "done",
            facts: report.facts.merging(["database": .string(database.display)]) { $1 })
    }
}
