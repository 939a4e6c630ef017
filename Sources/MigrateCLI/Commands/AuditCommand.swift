internal import ArgumentParser
internal import Database
internal import Migrations
internal import Snapshots

/// `migrate audit`
struct AuditCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", _superCommandName: RootCommand.name,
        abstract: "Show the log of what was done to the database, and check it.",
        usage: "migrate audit [options]",
        discussion: """
            Each entry carries the digest of the one before it. With --verify, an entry that was \
            changed, removed or moved is named, and the exit status is 10. The digest of the newest \
            entry is printed: kept elsewhere, it shows whether the newest ones were cut off.
            """)

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Show entries from then on: 2026-11-26, 2026-11-26T07:30:00Z, or 24h for the last day.",
            valueName: "time"))
    var since: String?

    @Flag(name: .long, help: "Check every entry, also those that are not shown.")
    var verify = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --verify: an entry must have this digest, as an earlier 'audit' printed it.",
            valueName: "digest"))
    var expect: String?

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        if expect != nil, !verify { throw ValidationError("'--expect' goes with '--verify'") }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let start = try since.map(Self.start)
        let project = try app.project(&environment)
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let trail = try app.migrator(project, database).auditTrail()
        let shown = trail.entries.filter { $0.at >= start ?? "" }
        var problems = verify ? trail.problems : []
        if let expect, !trail.entries.contains(where: { $0.digest == expect }) {
            problems.append(
                AuditProblem(
                    kind: .removed, sequence: nil,
                    message: "no entry has the digest \(expect.asOneLine)"))
        }
        print(shown, app.terminal)
        print(problems, trail, app.terminal)
        return Outcome(
            word: problems.isEmpty ? "done" : "found",
            status: problems.isEmpty ? .done : .verificationFailed,
            facts: [
                "database": .string(database.display),
                "entries": .array(shown.map(\.json)),
                "entries_total": .integer(Int64(trail.entries.count)),
                "newest_digest": JSONValue(trail.entries.last?.digest),
                "verified": verify ? .bool(problems.isEmpty) : .null,
                "problems": .array(problems.map(\.json)),
            ])
    }

    /// The moment from which entries are shown, as the log writes it.
    private static func start(_ text: String) throws(Failure) -> String {
        if let ago = Duration(shorthand: text) {
            return Timestamp(
                milliseconds: Timestamp.now.milliseconds - ago.wholeMilliseconds
            ).text
        }
        guard let time = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") else {
            throw Failure(
                .usage, "usage", "'\(text.asOneLine)' is not a time",
                hint: "Write 2026-11-26, 2026-11-26T07:30:00Z (UTC), or 24h for the last day.")
        }
        return time.text
    }

    private func print(_ entries: [AuditEntry], _ terminal: Terminal) {
        guard !entries.isEmpty else {
            terminal.result("no entries")
            return
        }
        var table = Table(
            ["SEQ", "WHEN (UTC)", "WHAT", "VERSION", "OUTCOME", "WHO", "ENVIRONMENT", "DETAILS"],
            shrinking: [7, 5], dropping: [6])
        for entry in entries {
            table.add([
                String(entry.sequence), String(entry.at.prefix(19).replacing("T", with: " ")),
                entry.entry.action, entry.entry.version ?? "", entry.entry.outcome,
                [entry.user, entry.host].compactMap(\.self).joined(separator: "@"),
                entry.environment ?? "",
                Self.details(entry.entry).asOneLine,
            ])
        }
        for line in table.lines(terminal) { terminal.result(line) }
    }

    private static func details(_ entry: LogEntry) -> String {
        let details = entry.details ?? ""
        if entry.action == RecordedApproval.action,
            let summary = RecordedApproval.summary(details)
        {
            return summary
        }
        return entry.error ?? details
    }

    private func print(_ problems: [AuditProblem], _ trail: AuditTrail, _ terminal: Terminal) {
        for problem in problems {
            let place = problem.sequence.map { "entry \($0): " } ?? ""
            terminal.result(terminal.styled("FAIL", .red) + "  " + place + problem.message)
        }
        guard verify else { return }
        guard problems.isEmpty else {
            terminal.result("the log is not as it was written")
            return
        }
        terminal.result(
            "\(count(trail.entries.count, "entry", "entries")) as written; newest digest "
                + (trail.entries.last?.digest ?? "none"))
    }
}

extension AuditEntry {
    fileprivate var json: JSONValue {
        .object([
            "sequence": .integer(sequence), "at": .string(at), "action": .string(entry.action),
            "outcome": .string(entry.outcome), "version": JSONValue(entry.version),
            "name": JSONValue(entry.name), "run_id": JSONValue(runID),
            "environment": JSONValue(environment), "by": JSONValue(user), "host": JSONValue(host),
            "tool_version": JSONValue(toolVersion), "error": JSONValue(entry.error),
            "details": JSONValue(entry.details), "digest": .string(digest),
        ])
    }
}

extension AuditProblem {
    fileprivate var json: JSONValue {
        .object([
            "kind": .string(kind.rawValue), "sequence": JSONValue(sequence),
            "message": .string(message),
        ])
    }
}
