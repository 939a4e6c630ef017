internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import Snapshots
internal import Verification

/// The program: arguments in, exit status out.
package enum Program {
    /// Runs the command that `arguments` (without the program's name) ask for, and prints what it
    /// says. Called once, on the main thread.
    ///
    /// - Returns: the exit status (docs/exit-status.md).
    package static func run(_ arguments: [String]) -> Int32 {
        StandardStreams.openMissing()
        if arguments.first == "help", let topic = arguments.dropFirst().first,
            !topic.hasPrefix("-")
        {
            if let text = text(on: topic) {
                bareTerminal(arguments).raw(text)
                return ExitStatus.done.rawValue
            }
            if topic != "help", !RootCommand.subcommandNames.contains(topic) {
                return usage(UsageProblem.unknownSubcommand(topic), command: nil, arguments)
            }
        }
        if let (type, own) = RootCommand.subcommand(arguments),
            let command = try? type.parse(own)
        {
            return run(command, App(command.options))
        }
        // Help, completions, mistakes: the whole tree of commands has the words for them.
        do {
            let command = try RootCommand.parseAsRoot(arguments)
            if let root = command as? RootCommand { return run(root, arguments) }
            guard let command = command as? any DatabaseCommand else {
                return run(command, arguments)
            }
            // What the tree accepts and the subcommand alone does not.
            if arguments.contains("--version") { return printVersion(command.options) }
            let failure = Failure(
                .usage, "usage", "the subcommand must follow the global options directly")
            return usage(failure, command: nil, arguments)
        } catch {
            return usage(error, arguments)
        }
    }

    /// What `migrate help` has to say on a topic that is no subcommand.
    private static func text(on topic: String) -> String? {
        switch topic {
        case "exit-status": ExitStatus.table
        case "manual": ManualPage()?.text
        default: nil
        }
    }

    /// `migrate` without a subcommand.
    private static func run(_ root: RootCommand, _ arguments: [String]) -> Int32 {
        if root.version { return printVersion(root.options) }
        guard arguments.isEmpty else {
            let failure = Failure(
                .usage, "usage", "a subcommand is missing", hint: "Run 'migrate --help'.")
            return usage(failure, command: nil, arguments)
        }
        return usage(CleanExit.helpRequest(root), arguments)
    }

    private static func printVersion(_ options: GlobalOptions) -> Int32 {
        let terminal = App(options).terminal
        guard options.json else {
            terminal.raw(BuildInformation.text)
            return ExitStatus.done.rawValue
        }
        var members = BuildInformation.facts
        members["command"] = "version"
        members["environment"] = .null
        members["outcome"] = "done"
        members["exit_status"] = .integer(Int64(ExitStatus.done.rawValue))
        terminal.document(.object(members))
        return ExitStatus.done.rawValue
    }

    /// The built-in commands of the argument parser: help, completions.
    private static func run(_ command: any ParsableCommand, _ arguments: [String]) -> Int32 {
        var command = command
        do {
            try command.run()
            return ExitStatus.done.rawValue
        } catch {
            return usage(error, arguments)
        }
    }

    private static func run(_ command: some DatabaseCommand, _ app: App) -> Int32 {
        var environment: String?
        do {
            let outcome = try command.perform(app, &environment)
            if command.isEvident { app.writeEvidence() }
            if app.terminal.isJSON {
                document(
                    command, app, outcome.word, outcome.status, environment, outcome.facts)
            }
            return outcome.status.rawValue
        } catch {
            let failure = Self.failure(error, app)
            app.terminal.progress?.end()
            if command.isAudited {
                app.recordRefusal(of: type(of: command).documentName, failure)
            }
            if command.isEvident, failure.status != .cannotConnect { app.writeEvidence() }
            report(failure, app.terminal)
            if app.terminal.isJSON {
                var facts = type(of: command).factsOfFailure
                facts.merge(failure.documentFacts) { $1 }
                facts["error"] = failure.json
                document(command, app, "failed", failure.status, environment, facts)
            }
            return failure.status.rawValue
        }
    }

    static func failure(_ error: any Error, _ app: App) -> Failure {
        knownFailure(error, app)
            ?? Failure(
                .internalError, "internal", "an unexpected error occurred",
                hint: "Run it again with --verbose and report what it says.")
    }

    /// The failure that an error of any layer stands for; nil for one that no layer throws.
    static func knownFailure(_ error: any Error, _ app: App) -> Failure? {
        switch error {
        case let failure as Failure: return failure
        case let error as MigrationError: return Failure(error, folder: app.folderForMessages)
        case let error as ConfigError: return Failure(error)
        case let error as VerifyFileError: return Failure(error)
        case let error as SnapshotError: return Failure(error)
        case let error as StepFailure: return Failure(error.error)
        case let error as DatabaseError:
            if error.code == .cancelled {
                return Failure(.interrupted, "interrupted", "interrupted")
            }
            return Failure(error)
        case let error as ValidationError: return Failure(.usage, "usage", error.message)
        default: return nil
        }
    }

    private static func report(_ failure: Failure, _ terminal: Terminal) {
        if let report = failure.report {
            for warning in report.warnings { terminal.warning(warning) }
        }
        terminal.error(failure.text(terminal))
        guard let report = failure.report, failure.status != .interrupted || !report.isEmpty
        else { return }
        if !report.rolledBack.isEmpty {
            terminal.note(
                "\(count(report.rolledBack.count, "migration")) of the same transaction "
                    + "rolled back with it")
        } else if !report.isEmpty {
            let done = [(report.applied.count, "applied"), (report.reverted.count, "reverted")]
                .filter { $0.0 > 0 }.map { "\(count($0.0, "migration")) \($0.1)" }
            terminal.note("before that: \(done.joined(separator: ", ")); this stays")
        }
    }

    private static func document(
        _ command: some DatabaseCommand, _ app: App, _ word: String, _ status: ExitStatus,
        _ environment: String?, _ facts: [String: JSONValue]
    ) {
        var members = facts
        members["command"] = .string(type(of: command).documentName)
        members["environment"] = JSONValue(environment)
        members["outcome"] = .string(word)
        members["exit_status"] = .integer(Int64(status.rawValue))
        app.terminal.document(.object(members))
    }

    // MARK: Usage

    private static func usage(_ error: any Error, _ arguments: [String]) -> Int32 {
        if RootCommand.exitCode(for: error) == .success {
            bareTerminal(arguments).raw(HelpText.ordered(RootCommand.fullMessage(for: error)))
            return ExitStatus.done.rawValue
        }
        let problem = UsageProblem(error)
        return usage(problem.failure, command: problem.command, arguments)
    }

    private static func usage(
        _ failure: Failure, command: String?, _ arguments: [String]
    ) -> Int32 {
        let terminal = bareTerminal(arguments)
        terminal.error(failure.text(terminal))
        if terminal.isJSON {
            terminal.document(
                .object([
                    "command": JSONValue(command), "environment": .null, "outcome": "failed",
                    "exit_status": .integer(Int64(failure.status.rawValue)),
                    "error": failure.json,
                ]))
        }
        return failure.status.rawValue
    }

    /// A terminal for what is said before the options are known. What looks like an address is not
    /// repeated, whatever the mistake is.
    private static func bareTerminal(_ arguments: [String]) -> Terminal {
        let color = arguments.firstIndex(of: "--color").map { arguments[($0 + 1)...].first }
        let terminal = Terminal(
            isJSON: arguments.contains("--json"), isQuiet: false, isVerbose: false,
            color: color?.flatMap(ColorMode.init) ?? .auto)
        for argument in arguments {
            let isOption = argument.hasPrefix("-")
            let value = isOption ? argument.drop { $0 != "=" }.dropFirst() : argument[...]
            if ["://", "@", "=", "password"].contains(where: value.contains) {
                terminal.redactor.add([String(value)])
            }
        }
        return terminal
    }
}

extension RunReport {
    /// True where nothing was applied or reverted.
    var isEmpty: Bool { applied.isEmpty && reverted.isEmpty }
}
