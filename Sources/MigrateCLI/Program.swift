internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig

/// The program: arguments in, exit status out.
package enum Program {
    /// Runs the command that `arguments` (without the program's name) ask for, and prints what it
    /// says. Called once, on the main thread.
    ///
    /// - Returns: the exit status (docs/exit-status.md).
    package static func run(_ arguments: [String]) -> Int32 {
        StandardStreams.openMissing()
        if arguments == ["help", "exit-status"] {
            bareTerminal(arguments).raw(ExitStatus.table)
            return ExitStatus.done.rawValue
        }
        if arguments == ["--version"] || arguments == ["version"] {
            bareTerminal(arguments).raw(BuildInformation.text)
            return ExitStatus.done.rawValue
        }
        let command: any ParsableCommand
        do {
            command = try RootCommand.parseAsRoot(arguments)
        } catch {
            return usage(error, arguments)
        }
        guard let command = command as? any DatabaseCommand else {
            return run(command, arguments)
        }
        let app = App(command.options.merged(over: command.root.options))
        return run(command, app)
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
            if app.terminal.isJSON {
                document(
                    command, app, outcome.word, outcome.status, environment, outcome.facts)
            }
            return outcome.status.rawValue
        } catch {
            let failure = Self.failure(error, app)
            report(failure, app.terminal)
            if app.terminal.isJSON {
                var facts = failure.documentFacts
                facts["error"] = failure.json
                document(command, app, "failed", failure.status, environment, facts)
            }
            return failure.status.rawValue
        }
    }

    private static func failure(_ error: any Error, _ app: App) -> Failure {
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
            terminal.note(
                "before that: \(count(report.applied.count, "migration")) applied, "
                    + "\(report.reverted.count) reverted; they stay")
        }
    }

    private static func document(
        _ command: some DatabaseCommand, _ app: App, _ word: String, _ status: ExitStatus,
        _ environment: String?, _ facts: [String: JSONValue]
    ) {
        var members = facts
        members["command"] = .string(type(of: command).configuration.commandName ?? "")
        members["environment"] = JSONValue(environment)
        members["outcome"] = .string(word)
        members["exit_status"] = .integer(Int64(status.rawValue))
        app.terminal.document(.object(members))
    }

    // MARK: Usage

    private static func usage(_ error: any Error, _ arguments: [String]) -> Int32 {
        let terminal = bareTerminal(arguments)
        if RootCommand.exitCode(for: error) == .success {
            terminal.raw(RootCommand.fullMessage(for: error))
            return ExitStatus.done.rawValue
        }
        let text = RootCommand.fullMessage(for: error)
        terminal.error(text.hasPrefix("Error: ") ? "error: " + text.dropFirst(7) : text)
        if terminal.isJSON {
            let failure = Failure(.usage, "usage", RootCommand.message(for: error))
            terminal.document(
                .object([
                    "command": .null, "environment": .null, "outcome": "failed",
                    "exit_status": .integer(Int64(ExitStatus.usage.rawValue)),
                    "error": failure.json,
                ]))
        }
        return ExitStatus.usage.rawValue
    }

    /// A terminal for what is said before the options are known.
    private static func bareTerminal(_ arguments: [String]) -> Terminal {
        Terminal(
            isJSON: arguments.contains("--json"), isQuiet: false, isVerbose: false, color: .auto)
    }
}

extension RunReport {
    /// True where nothing was applied or reverted.
    var isEmpty: Bool { applied.isEmpty && reverted.isEmpty }
}
