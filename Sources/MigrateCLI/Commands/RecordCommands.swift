internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate baseline`
struct BaselineCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", _superCommandName: RootCommand.name,
        abstract: "Record a version and all before it as applied, running nothing.",
        usage: "migrate baseline <version> [options]",
        discussion: "For a database that has the schema and no history.")

    @Argument(help: "The newest version that the database already has.")
    var version: VersionArgument

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isAudited: Bool { true }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        try app.checkURL(project)
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        let report = try app.migrator(project, database).baseline(version.version)
        app.terminal.result(
            "recorded \(count(report.applied.count, "migration")) as applied, up to "
                + "\(version.version.text); nothing ran")
        return Outcome(
            facts: report.facts.merging(["database": .string(database.display)]) { $1 })
    }
}

/// `migrate repair`
struct RepairCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", _superCommandName: RootCommand.name,
        abstract: "Show what is wrong with the record, and mend it.",
        usage: "migrate repair [options]",
        discussion: """
            Without an option it only shows. Each change is written to the log; the schema is not \
            touched.
            """)

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("The files are right: record their checksums.", valueName: "v"))
    var acceptChecksum: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("They are applied, by whatever means.", valueName: "v"))
    var markApplied: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("They are not applied any more.", valueName: "v"))
    var markReverted: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "So many statements of a migration that stopped part-way are done.", valueName: "v=n"))
    var statementsDone: [String] = []

    @Flag(
        name: .long,
        help: "The database is that of the environment, though it is stamped with another one.")
    var restamp = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isAudited: Bool { true }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let changes = try self.changes()
        if !changes.isEmpty { try app.checkProtection(project, "change the record") }
        try app.checkURL(project)
        let database = try app.open(project, changes.isEmpty ? .look : .change)
        defer { database.connection.close() }
        let migrator = app.migrator(project, database)
        guard changes.isEmpty else {
            try migrator.repair(changes)
            for change in changes { app.terminal.result(change.words(project)) }
            return Outcome(facts: [
                "database": .string(database.display),
                "repaired": .array(changes.map(\.json)),
            ])
        }
        let problems = try migrator.status().compactMap(\.problem)
        for problem in problems { app.terminal.result(problem.text) }
        if problems.isEmpty { app.terminal.result("the record and the files agree") }
        return Outcome(
            word: problems.isEmpty ? "done" : "found",
            status: problems.isEmpty ? .done : .historyDisagrees,
            facts: [
                "database": .string(database.display),
                "problems": .array(problems.map(\.json)),
            ])
    }

    private func changes() throws -> [Repair] {
        var changes = acceptChecksum.map(Repair.acceptChecksum)
        changes += markApplied.map(Repair.markApplied)
        changes += markReverted.map(Repair.markReverted)
        if restamp { changes.append(.restamp) }
        for text in statementsDone {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[1]), number >= 0 else {
                throw Failure(
                    .usage, "usage", "'\(text)' is not a version and a number",
                    hint: "Write --statements-done 007=2.")
            }
            changes.append(.statementsDone(String(parts[0]), number))
        }
        return changes
    }
}

extension Repair {
    fileprivate func words(_ project: Project) -> String {
        switch self {
        case .restamp: "recorded: this database belongs to '\(project.environment)'"
        case .acceptChecksum(let version): "\(version): the file's checksum is recorded"
        case .markApplied(let version): "\(version): recorded as applied"
        case .markReverted(let version): "\(version): no longer recorded as applied"
        case .statementsDone(let version, let number):
            "\(version): recorded with \(count(number, "statement")) done"
        }
    }

    fileprivate var json: JSONValue {
        let (version, action, number): (String?, String, Int?) =
            switch self {
            case .restamp: (nil, "restamp", nil)
            case .acceptChecksum(let version): (version, "accept_checksum", nil)
            case .markApplied(let version): (version, "mark_applied", nil)
            case .markReverted(let version): (version, "mark_reverted", nil)
            case .statementsDone(let version, let number): (version, "statements_done", number)
            }
        return .object([
            "version": JSONValue(version), "action": .string(action),
            "statements_done": JSONValue(number),
        ])
    }
}

/// What `repair` shows of a migration whose record is wrong: any one of the remedies mends it.
private struct RecordProblem {
    struct Remedy {
        /// What to do: words, or a command.
        var action: String
        /// Where it is the right one; nil where it always is.
        var condition: String?
    }

    var version: String
    var state: String
    var remedies: [Remedy]

    var text: String {
        let words = state.split(separator: "_").joined(separator: " ")
        let width = remedies.filter { $0.condition != nil }.map(\.action.count).max() ?? 0
        let lines = remedies.map { remedy in
            guard let condition = remedy.condition else { return "    " + remedy.action }
            let pad = String(repeating: " ", count: width - remedy.action.count)
            return "    " + remedy.action + pad + "   " + condition
        }
        return "\(version): \(words). One of these:\n" + lines.joined(separator: "\n")
    }

    var json: JSONValue {
        .object([
            "version": .string(version), "state": .string(state),
            "remedies": .array(
                remedies.map {
                    .object([
                        "action": .string($0.action), "condition": JSONValue($0.condition),
                    ])
                }),
        ])
    }
}

extension MigrationStatus {
    /// True where `repair` has something to say of it.
    var needsRepair: Bool { problem != nil }

    fileprivate var problem: RecordProblem? {
        guard let remedies, !remedies.isEmpty else { return nil }
        return RecordProblem(version: version, state: state.rawValue, remedies: remedies)
    }

    private var remedies: [RecordProblem.Remedy]? {
        func repair(_ option: String, _ condition: String) -> RecordProblem.Remedy {
            .init(action: "migrate repair --\(option) \(version)", condition: condition)
        }
        return switch state {
        case .checksumMismatch:
            [
                .init(action: "restore the file as it ran"),
                repair("accept-checksum", "if the database is as the file says"),
            ]
        case .missing where !version.hasPrefix(RepeatableMigration.prefix):
            [
                .init(action: "bring the file back"),
                repair("mark-reverted", "if it is not in the database"),
            ]
        case .outOfOrder:
            [
                .init(action: "give the file a newer version"),
                .init(
                    action: "migrate up --allow-out-of-order",
                    condition: "if it may run after the newer ones"),
                repair("mark-applied", "if the database has it already"),
            ]
        case .failedPartWay:
            [
                .init(
                    action:
                        "mend the file and run 'migrate up' (or 'down') again: it goes on where "
                        + "it stopped"),
                repair("mark-applied", "if all of it is done"),
                repair("mark-reverted", "if you undid it by hand"),
            ]
        default: nil
        }
    }
}
