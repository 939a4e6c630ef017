internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate baseline`
struct BaselineCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", _superCommandName: RootCommand.name,
        abstract: "Record a version and all before it as applied, running nothing.",
        discussion: "For a database that has the schema and no history.")

    @Argument(help: "The newest version that the database already has.")
    var version: VersionArgument

    @OptionGroup(title: "Global options") var options: GlobalOptions

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

    @OptionGroup(title: "Global options") var options: GlobalOptions

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
            for change in changes { app.terminal.result(change.words) }
            return Outcome(facts: ["repaired": .array(changes.map { .string($0.words) })])
        }
        let problems = try migrator.status().compactMap(\.problem)
        for problem in problems { app.terminal.result(problem.text) }
        if problems.isEmpty { app.terminal.result("the record and the files agree") }
        return Outcome(
            word: problems.isEmpty ? "done" : "found",
            status: problems.isEmpty ? .done : .historyDisagrees,
            facts: [
                "problems": .array(
                    problems.map {
                        .object([
                            "version": .string($0.version), "state": .string($0.state),
                            "remedies": JSONValue($0.remedies),
                        ])
                    })
            ])
    }

    private func changes() throws -> [Repair] {
        var changes = acceptChecksum.map(Repair.acceptChecksum)
        changes += markApplied.map(Repair.markApplied)
        changes += markReverted.map(Repair.markReverted)
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
    fileprivate var words: String {
        switch self {
        case .acceptChecksum(let version): "\(version): the file's checksum is recorded"
        case .markApplied(let version): "\(version): recorded as applied"
        case .markReverted(let version): "\(version): no longer recorded as applied"
        case .statementsDone(let version, let number):
            "\(version): recorded with \(count(number, "statement")) done"
        }
    }
}

/// What `repair` shows of a migration whose record is wrong.
private struct RecordProblem {
    var version: String
    var state: String
    var remedies: [String]

    var text: String {
        let words = state.split(separator: "_").joined(separator: " ")
        return "\(version): \(words)\n" + remedies.map { "    " + $0 }.joined(separator: "\n")
    }
}

extension MigrationStatus {
    fileprivate var problem: RecordProblem? {
        let isRepeatable = version.hasPrefix("R__")
        let remedies: [String]
        switch state {
        case .checksumMismatch:
            remedies = [
                "restore the file as it ran, or",
                "migrate repair --accept-checksum \(version)   if the database is as the file says",
            ]
        case .missing where !isRepeatable:
            remedies = [
                "bring the file back, or",
                "migrate repair --mark-reverted \(version)     if it is not in the database",
            ]
        case .outOfOrder:
            remedies = [
                "give the file a newer version, or",
                "migrate up --allow-out-of-order, or",
                "migrate repair --mark-applied \(version)      if the database has it already",
            ]
        case .failedPartWay:
            remedies = [
                "mend the file and run 'migrate up' (or 'down') again: it goes on where it stopped, "
                    + "or",
                "migrate repair --mark-applied \(version)      if all of it is done, or",
                "migrate repair --mark-reverted \(version)     if you undid it by hand",
            ]
        default: return nil
        }
        return RecordProblem(version: version, state: state.rawValue, remedies: remedies)
    }
}
