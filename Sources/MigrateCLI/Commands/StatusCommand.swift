internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate status`
struct StatusCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", _superCommandName: RootCommand.name,
        abstract: "Show each migration with its state.",
        discussion: """
            States: applied, pending, out of order, checksum mismatch, missing (applied, no file), \
            future (the database is newer than the files), failed part-way, ignored.
            """)

    @Flag(name: .long, help: "Exit with 20 where migrations are pending.")
    var exitCode = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let statuses = try app.migrator(project, database).status()
        let pending = statuses.count { $0.isPending || $0.state == .failedPartWay }
        app.terminal.result(
            "\(project.environment): \(database.display)"
                + (database.exists ? "" : " (not there yet; 'migrate up' creates it)"))
        print(statuses, pending, app.terminal)
        return Outcome(
            word: pending > 0 ? "pending" : "done",
            status: exitCode && pending > 0 ? .pending : .done,
            facts: [
                "migrations": .array(statuses.map(\.json)),
                "pending": .integer(Int64(pending)), "database": .string(database.display),
                "database_exists": .bool(database.exists),
            ])
    }

    private func print(
        _ statuses: [MigrationStatus], _ pending: Int, _ terminal: Terminal
    ) {
        guard !statuses.isEmpty else {
            terminal.result("no migrations; 'migrate new NAME' writes one")
            return
        }
        var table = Table(["VERSION", "NAME", "STATE", "APPLIED", "BY"], shrinking: [1, 4])
        for status in statuses {
            table.add(
                [
                    status.version, status.name, status.words, status.appliedAt ?? "",
                    status.appliedBy ?? "",
                ], styles: [2: status.style])
        }
        for line in table.lines(terminal) { terminal.result(line) }
        terminal.result(
            pending == 0 ? "nothing is pending" : "\(count(pending, "migration")) pending")
    }
}

extension MigrationStatus {
    /// The state in words.
    fileprivate var words: String {
        var words = state.rawValue.split(separator: "_").joined(separator: " ")
        switch state {
        case .failedPartWay:
            words = "failed part-way (\(statementsDone ?? 0) of \(statementsTotal ?? 0))"
        case .pending where phase == .contract: words += " (contract)"
        case .applied where onlyCommentsDiffer: words += " (comments differ)"
        default: break
        }
        return words
    }

    fileprivate var style: Terminal.Style {
        switch state {
        case .applied: .green
        case .pending: .yellow
        case .ignored: .faint
        case .outOfOrder, .checksumMismatch, .missing, .future, .failedPartWay: .red
        }
    }

    fileprivate var json: JSONValue {
        .object([
            "version": .string(version), "name": .string(name), "state": .string(state.rawValue),
            "applied_at": JSONValue(appliedAt), "applied_by": JSONValue(appliedBy),
            "phase": .string(phase.rawValue), "only_comments_differ": .bool(onlyCommentsDiffer),
            "statements_done": JSONValue(statementsDone),
            "statements_total": JSONValue(statementsTotal),
        ])
    }
}
