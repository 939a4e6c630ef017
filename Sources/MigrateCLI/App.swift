internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLText
internal import Verification

/// What every command has at hand: its options, the terminal, the request to stop.
final class App {
    var options: GlobalOptions
    let terminal: Terminal
    let cancellation = Cancellation()

    init(_ options: GlobalOptions) {
        self.options = options
        terminal = Terminal(
            isJSON: options.json, isQuiet: options.quiet, isVerbose: options.verbose,
            color: options.color ?? .auto)
    }

    /// The user's files of queries, where the environment verifies by itself.
    var policyFiles: [VerifyFile] = []
    /// Looks at each transaction before its commit, where the environment wants it.
    var commitChecks: CommitChecks?

    /// What is done under the lock before a run's first statement.
    var beforeRun: ((Plan) throws(MigrationError) -> RunPreamble)?
    /// The project, once it is known.
    private(set) var current: Project?

    /// How the folder of migrations is shown in front of a file's name.
    var folderForMessages = ""

    /// The project that the options lead to; `environment` is set to its name, for the JSON
    /// document of a later failure. `url` stands in for the environment's.
    func project(_ environment: inout String?, url: String? = nil) throws -> Project {
        var options = options
        if let url { options.url = url }
        var project = try Project(options)
        // The environment that is named is that of the snapshot, not of the place that it goes to.
        if url != nil, project.claim == .certain {
            project.claim = .unnamed(
                configured: try Project.configuration(options)?.environmentNames ?? [])
        }
        current = project
        environment = project.environment
        folderForMessages = project.folder
        return project
    }

    /// Watches for signals; commands that touch a database call it first.
    func watchSignals() { Signals.watch(cancellation) }

    /// A migrator on an open database.
    func migrator(_ project: Project, _ database: OpenDatabase) -> Migrator {
        Migrator(context(project, database))
    }

    /// What a run on an open database needs.
    func context(_ project: Project, _ database: OpenDatabase) -> RunContext {
        var context = RunContext(
            connection: database.connection, folder: project.folder,
            identity: identity(project), lock: database.lock)
        context.historyTable = project.historyTable
        context.alsoWrite = project.alsoWrite
        context.layout = project.layout
        context.variable = { Terminal.variable($0) }
        context.settings.lockTimeout = project.options.lockTimeout
        context.settings.lockWait = project.options.lockWait
        context.settings.lockRetries = project.options.lockRetries
        context.settings.statementTimeout = project.options.statementTimeout
        context.settings.isOneTransaction = project.options.transaction == .all
        context.cancellation = cancellation
        context.claim = project.claim
        context.commitChecks = commitChecks
        context.beforeRun = beforeRun
        context.openAnother = database.openAnother
        context.observer = RunObserver(reportingTo: terminal)
        return context
    }

    /// Refuses what a protected environment wants confirmed with a reason; `action` says what is
    /// about to happen, `revert migrations`.
    func checkProtection(_ project: Project, _ action: String) throws(Failure) {
        guard project.isProtected else { return }
        guard options.yes, let reason = options.reason, !reason.isEmpty else {
            throw Failure(
                .refused, "protected_environment",
                "environment '\(project.environment)' is protected, and this would \(action)",
                hint: "Add --yes and --reason 'why'; the reason is kept in the log.")
        }
    }

    /// Refuses `--url` against a protected environment without a reason: it leads around the
    /// address that the configuration guards.
    func checkURL(_ project: Project) throws(Failure) {
        guard project.isURLGiven else { return }
        try checkProtection(project, "run on a database named by hand")
    }

    /// Asks a person to confirm.
    ///
    /// - Throws: `Failure` where the answer is no, or where there is no terminal to ask on.
    func confirm(_ question: String) throws(Failure) {
        guard !options.yes else { return }
        guard !options.json, Terminal.canAsk else {
            throw Failure(
                .refused, "confirmation_needed", "this needs a confirmation: \(question)",
                hint: "Add --yes; without a terminal, and with --json, nothing is asked.")
        }
        switch Terminal.ask(question, isCancelled: { cancellation.isRequested }) {
        case true?: return
        case false?: throw Failure(.refused, "not_confirmed", "not confirmed; nothing was done")
        case nil: throw Failure(.interrupted, "interrupted", "interrupted; nothing was done")
        }
    }
}

/// What a command that did not throw has to say.
struct Outcome {
    /// `done`, `nothing_to_do`, `pending`, `found`.
    var word = "done"
    var status = ExitStatus.done
    /// Facts for the JSON document.
    var facts: [String: JSONValue] = [:]
    /// The environment, for the JSON document.
    var environment: String?
}

extension RunObserver {
    /// Tells a terminal what goes on.
    init(reportingTo terminal: Terminal) {
        self.init()
        terminal.startProgress()
        let progress = terminal.progress
        began = { step, index, count in
            let verb = step.isRevert ? "reverting" : "applying"
            progress?.begin(
                "\(verb) \(label(step.version, step.name)) (\(index + 1) of \(count))",
                statements: step.script.sql.statements.count)
            terminal.detail("\(verb) \(label(step.version, step.name))")
        }
        statementDone = { done, _ in progress?.statementDone(done) }
        finished = { migration, step in
            progress?.end()
            let sign = step.isRevert ? terminal.styled("-", .yellow) : terminal.styled("+", .green)
            terminal.result(
                "  \(sign) \(label(migration.version, migration.name))  "
                    + terminal.styled(
                        describe(milliseconds: migration.durationMilliseconds), .faint))
        }
        waiting = { holder in
            terminal.note(
                "waiting for the lock" + (holder.map { ", held by \($0)" } ?? ""))
        }
        retrying = { version, attempt, of, pause in
            terminal.note(
                "\(version): a lock was not granted in time; try \(attempt) of \(of) in "
                    + describe(milliseconds: pause.wholeMilliseconds))
        }
    }
}

/// `003 add_orders`, and `R__view` of a repeatable migration, whose version says it all.
private func label(_ version: String, _ name: String) -> String {
    version == RepeatableMigration.prefix + name ? version : "\(version) \(name)"
}
