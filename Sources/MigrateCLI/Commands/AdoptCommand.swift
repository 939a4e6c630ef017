internal import ArgumentParser
internal import Database
internal import Migrations

/// `migrate adopt`
struct AdoptCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", _superCommandName: RootCommand.name,
        abstract: "Take over the history that another tool has written.",
        usage: "migrate adopt [options]",
        discussion: """
            The history is found by its columns, compared with the files and recorded in our own \
            table, with the other tool's times. Nothing runs, and the other tool's table stays as \
            it is. Tools: \(HistoryTool.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("Whose history, where there is more than one.", valueName: "tool"))
    var from: HistoryTool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The other tool's table, where it does not have the tool's own name.",
            valueName: "name"))
    var table: TableArgument?

    @Flag(name: .long, help: "Show what would be recorded, and what stands against it.")
    var dryRun = false

    @Flag(
        name: .long,
        help: "Only where later runs keep the other tool's table current: 'also_write' is set.")
    var alsoWrite = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isEvident: Bool { !dryRun }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        try app.checkURL(project)
        let database = try app.open(project, dryRun ? .read : .change)
        defer { database.connection.close() }
        let migrator = app.migrator(project, database)
        let request = AdoptRequest(tool: from, table: table?.name)
        let foreseen = try migrator.adoption(request)
        try checkAlsoWritten(foreseen, project)
        if dryRun {
            return report(foreseen, app, project, database)
        }
        app.terminal.detail("found \(foreseen.tool.title)'s history in '\(foreseen.table)'")
        return report(try migrator.adopt(request), app, project, database)
    }

    /// A table that is to be kept current from the first run on needs the configuration to say so.
    private func checkAlsoWritten(_ adoption: Adoption, _ project: Project) throws(Failure) {
        guard alsoWrite, project.alsoWrite != adoption.tool else { return }
        guard [.dbmate, .golangMigrate].contains(adoption.tool) else {
            throw Failure(
                .usage, "usage",
                "\(adoption.tool.title)'s table cannot be kept current, only those of dbmate and "
                    + "golang-migrate", hint: "Leave out --also-write.")
        }
        throw Failure(
            .configuration, "config_missing_key",
            "nothing says that \(adoption.tool.title)'s table is to be kept current",
            hint: "Set 'also_write: \(adoption.tool.rawValue)' in migrate.yaml: every run needs to "
                + "know. Then run this again.")
    }

    private func report(
        _ adoption: Adoption, _ app: App, _ project: Project, _ database: OpenDatabase
    ) -> Outcome {
        let terminal = app.terminal
        let problem = adoption.problems.first.map { Failure($0.error) }
        if !adoption.isDone || adoption.problems.first != nil {
            print(adoption, terminal)
        }
        if adoption.isDone {
            terminal.result("\(adoption.tool.title)'s history was taken over already")
        } else if dryRun {
            terminal.result(
                problem == nil
                    ? "'migrate adopt' would record \(words(adoption)); nothing was changed"
                    : "'migrate adopt' would refuse; nothing was changed")
        } else {
            terminal.result(
                "recorded \(words(adoption)); nothing ran, and '\(adoption.table)' stays as it is")
        }
        for note in adoption.notes { terminal.result("note: \(note)") }
        return Outcome(
            word: adoption.isDone ? "nothing_to_do" : problem == nil ? "done" : "found",
            status: problem?.status ?? .done,
            facts: [
                "tool": .string(adoption.tool.rawValue), "table": .string(adoption.table),
                "history_table": .string(project.historyTable.text),
                "applied": .array(adoption.migrations.map(\.json)),
                "problems": .array(adoption.problems.map(\.json)),
                "notes": JSONValue(adoption.notes), "pending": .integer(Int64(adoption.pending)),
                "already_adopted": .bool(adoption.isDone), "dry_run": .bool(dryRun),
                "run_id": JSONValue(adoption.runID), "database": .string(database.display),
            ])
    }

    private func words(_ adoption: Adoption) -> String {
        adoption.isBaseline && adoption.migrations.contains { $0.file == nil }
            ? "a baseline at \(adoption.migrations.first?.version ?? "")"
            : "\(count(adoption.migrations.count, "migration")) as applied"
    }

    private func print(_ adoption: Adoption, _ terminal: Terminal) {
        terminal.result("\(adoption.tool.title)'s history in '\(adoption.table)':")
        if !adoption.migrations.isEmpty {
            var table = Table(
                ["VERSION", "NAME", "APPLIED (UTC)", "BY", "FILE", "CHECKSUM"],
                shrinking: [1, 3, 4], dropping: [3, 4])
            for migration in adoption.migrations {
                table.add([
                    migration.version, migration.name,
                    String((migration.appliedAt ?? "").prefix(19).replacing("T", with: " ")),
                    migration.appliedBy ?? "", migration.file ?? "", migration.checksum.rawValue,
                ])
            }
            for line in table.lines(terminal) { terminal.result(line) }
        }
        for problem in adoption.problems {
            let place = problem.file.map { $0 + ": " } ?? ""
            terminal.result(terminal.styled("problem: ", .red) + place + problem.message)
            if let hint = problem.hint { terminal.result("    " + hint) }
        }
    }
}

extension HistoryTool: ExpressibleByArgument {}

/// The name of a table on the command line.
struct TableArgument: ExpressibleByArgument {
    let name: HistoryTableName

    init?(argument: String) {
        guard let name = HistoryTableName(argument) else { return nil }
        self.name = name
    }
}

extension HistoryTableName {
    /// `table`, or `schema.table`.
    fileprivate var text: String { (schema.map { $0 + "." } ?? "") + table }
}

extension AdoptedMigration {
    fileprivate var json: JSONValue {
        .object([
            "version": .string(version), "name": .string(name), "applied_at": JSONValue(appliedAt),
            "applied_by": JSONValue(appliedBy), "file": JSONValue(file),
            "checksum": .string(checksum.rawValue),
        ])
    }
}

extension AdoptionProblem {
    fileprivate var json: JSONValue {
        .object([
            "kind": .string(kind.rawValue), "version": JSONValue(version), "file": JSONValue(file),
            "message": .string(message), "hint": JSONValue(hint),
        ])
    }
}
