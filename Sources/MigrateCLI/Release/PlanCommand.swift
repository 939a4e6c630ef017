internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import Releases
internal import SQLText

/// How a plan is written.
enum PlanFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case markdown
}

/// `migrate plan`
struct PlanCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", _superCommandName: RootCommand.name,
        abstract: "Show what 'up' would do now, and whether it may; change nothing.",
        usage: "migrate plan [options]",
        discussion: """
            Each rule of the environment answers yes or no, with its reason; 'up' refuses with the \
            same words.
            """)

    @OptionGroup var request: UpOptions

    @Option(
        name: .long,
        help: "text, json (as --json), or markdown, for a pull request or a job's summary.")
    var format: PlanFormat = .text

    @Option(
        name: .long,
        help: ArgumentHelp("Write the plan to this file, to be approved.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var out: String?

    @Flag(name: .long, help: "Show who has approved the plan, and how many are missing.")
    var approvals = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    mutating func validate() throws {
        if format == .json { options.json = true }
        if format == .markdown, options.json {
            throw ValidationError("use one of --json and --format markdown")
        }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let release = try Release(app, project, overridesWindow: request.overrideWindow)
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let migrator = app.migrator(project, database)
        let plan = try migrator.plan(request.request)
        let answers = try release.answers(plan, migrator)
        for warning in plan.warnings { app.terminal.warning(warning) }
        let page = PlanPage(
            plan: plan, answers: answers, environment: project.environment,
            database: database.display, hasRules: !project.rules.isEmpty || project.isProtected,
            isTogether: project.options.transaction == .all)
        let lines = format == .markdown ? page.markdown : page.text(app.terminal)
        for line in lines { app.terminal.result(line) }
        var outcome = Outcome(
            word: plan.isEmpty ? "nothing_to_do" : "done",
            facts: [
                "digest": .string(plan.digest),
                "history_digest": .string(plan.record.historyDigest),
                "gates": .array(answers.answers.map(\.json)),
                "allowed": .bool(answers.allow),
                "database": .string(database.display), "warnings": JSONValue(plan.warnings),
                "transaction": .string(page.isTogether ? "all" : "each"),
                "migrations": .array(plan.steps.map { $0.json(project.folder) }),
            ])
        if let out { try PlanFile.write(outcome.facts, project.environment, to: out) }
        if approvals {
            if let tally = release.tally {
                tally.print(app.terminal)
            } else {
                app.terminal.result("no approval is asked for here")
            }
            outcome.facts["approvals"] = release.tally?.json ?? .null
        }
        return outcome
    }
}

/// A plan with the answers to it, for people.
struct PlanPage {
    let plan: Plan
    let answers: GateAnswers
    let environment: String
    let database: String
    let hasRules: Bool
    let isTogether: Bool

    /// The lines for a terminal.
    func text(_ terminal: Terminal) -> [String] {
        guard !plan.isEmpty else {
            return ["nothing to do"] + (answers.allow ? [] : gates(terminal))
        }
        var table = Table(["VERSION", "NAME", "STATEMENTS", "TRANSACTION", "DOWN"], shrinking: [1])
        for step in plan.steps { table.add(cells(step)) }
        return ["\(environment): \(database)"] + table.lines(terminal)
            + (hasRules || !answers.allow ? gates(terminal) : [])
            + ["digest \(plan.digest)"]
    }

    private func gates(_ terminal: Terminal) -> [String] {
        answers.answers.flatMap { answer in
            let style: Terminal.Style =
                switch answer.verdict {
                case .yes: .green
                case .no: .red
                case .overridden: .yellow
                }
            let word = answer.verdict.rawValue
            let pad = String(repeating: " ", count: max(0, 12 - answer.gate.rawValue.count))
            let line =
                "\(answer.gate.rawValue)\(pad)\(terminal.styled(word, style))"
                + String(repeating: " ", count: max(1, 5 - word.count)) + answer.reason
            guard answer.verdict == .no, let hint = answer.hint else { return [line] }
            return [line, String(repeating: " ", count: 17) + hint]
        } + [answers.allow ? "'up' may run this now" : "'up' would refuse this now"]
    }

    /// The lines of a document in Markdown.
    var markdown: [String] {
        var lines = ["### \(Self.escaped(environment)): \(Self.escaped(database))", ""]
        if plan.isEmpty {
            lines += ["Nothing to do.", ""]
        } else {
            lines += Self.table(
                ["version", "name", "statements", "transaction", "down"], plan.steps.map(cells))
        }
        lines += Self.table(
            ["rule", "answer", "reason"],
            answers.answers.map { answer in
                let hint = answer.verdict == .no ? answer.hint.map { ". \($0)" } ?? "" : ""
                let word = answer.verdict == .yes ? "yes" : "**\(answer.verdict.rawValue)**"
                return [answer.gate.rawValue, word, answer.reason + hint]
            })
        if !plan.isEmpty {
            lines.append(
                answers.allow ? "`up` may run this now." : "`up` would refuse this now.")
            lines += ["", "Digest `\(plan.digest)`"]
        }
        return lines
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> [String] {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return [row(header), row(header.map { _ in "---" })]
            + rows.map { row($0.map(escaped)) } + [""]
    }

    /// A text as it is: no cell ends in it, and nothing in it is markup, but for what is bold here.
    private static func escaped(_ text: String) -> String {
        if text.hasPrefix("**"), text.hasSuffix("**") { return text }
        return String(
            text.asOneLine.flatMap { character -> [Character] in
                "\\|`*_<>[]#".contains(character) ? ["\\", character] : [character]
            })
    }

    private func cells(_ step: PlannedMigration) -> [String] {
        [
            step.version, step.name, step.statementsInWords,
            !step.isTransactional ? "none" : isTogether ? "one for all" : "own",
            step.action == .applyRepeatable ? "" : step.down == nil ? "none" : "yes",
        ]
    }
}

extension PlannedMigration {
    fileprivate var statementsInWords: String {
        let total = script.sql.statements.count
        return statementsDone > 0 ? "\(total - statementsDone) of \(total)" : String(total)
    }

    fileprivate func json(_ folder: String) -> JSONValue {
        .object([
            "version": .string(version), "name": .string(name),
            "action": .string(action.rawValue), "file": .string(folder + "/" + script.file),
            "checksum": .string(script.checksum),
            "verify_checksum": JSONValue(verify?.checksum),
            "down_checksum": JSONValue(down?.checksum),
            "statements": .integer(Int64(script.sql.statements.count)),
            "statements_done": .integer(Int64(statementsDone)),
            "transaction": .bool(isTransactional), "reversible": .bool(down != nil),
            "phase": .string(script.directives.phase.rawValue),
        ])
    }
}
