internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate status`
struct StatusCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", _superCommandName: RootCommand.name,
        abstract: "Show each migration with its state.",
        usage: "migrate status [options]",
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
        let migrator = app.migrator(project, database)
        let statuses = try migrator.status()
        let pending = statuses.count { $0.isPending || $0.state == .failedPartWay }
        app.terminal.result(
            "\(project.environment): \(database.display)"
                + (database.exists ? "" : " (not there yet; 'migrate up' creates it)"))
        if let stamp = migrator.stamp, stamp != project.environment {
            app.terminal.warning(
                "this database belongs to environment '\(stamp)', not to '\(project.environment)'")
        }
        print(statuses, pending, app.terminal)
        return Outcome(
            word: pending > 0 ? "pending" : "done",
            status: exitCode && pending > 0 ? .pending : .done,
            facts: [
                "migrations": .array(statuses.map(\.json)),
                "pending": .integer(Int64(pending)), "database": .string(database.display),
                "database_exists": .bool(database.exists), "stamp": JSONValue(migrator.stamp),
            ])
    }

    private func print(
        _ statuses: [MigrationStatus], _ pending: Int, _ terminal: Terminal
    ) {
        guard !statuses.isEmpty else {
            terminal.result("no migrations; 'migrate new NAME' writes one")
            return
        }
        var table = Table(
            ["VERSION", "NAME", "STATE", "APPLIED (UTC)", "BY"], shrinking: [1, 4],
            dropping: [4, 3])
        for status in statuses {
            table.add(
                [
                    status.version, status.name, status.words, status.appliedTime,
                    status.appliedBy ?? "",
                ], styles: [2: status.style])
        }
        for line in table.lines(terminal) { terminal.result(line) }
        terminal.result(
            pending == 0 ? "nothing is pending" : "\(count(pending, "migration")) pending")
        let problems = statuses.count { $0.needsRepair }
        if problems > 0 {
            terminal.result(
                "\(count(problems, "migration")) to look at: 'migrate repair' says what to do")
        }
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

    /// When it was applied, to the second.
    fileprivate var appliedTime: String {
        String((appliedAt ?? "").prefix(19).replacing("T", with: " "))
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
