internal import ArgumentParser
internal import SnapshotFormat
internal import Snapshots

/// `migrate snapshot delete`
struct SnapshotDeleteCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", _superCommandName: SnapshotCommand.name,
        abstract: "Remove a snapshot.", usage: "migrate snapshot delete <id> [options]",
        discussion: """
            The snapshot is gone at once, a damaged one as well; 'migrate snapshot prune' frees \
            the space of what no other one needs.
            """)

    @Argument(help: "The snapshot.")
    var id: String

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let id = try app.snapshotID(id)
        let repository = try app.openRepository(repository)
        guard try repository.snapshots().contains(where: { $0.id == id }) else {
            // Says that there is none.
            _ = try repository.manifest(id)
            return Outcome(word: "nothing_to_do")
        }
        try app.confirm("delete the snapshot \(id.text)? It cannot be brought back.")
        try repository.delete(id)
        app.terminal.result("deleted \(id.text)")
        return Outcome(facts: ["deleted": .array([.string(id.text)])])
    }
}

/// `migrate snapshot prune`
struct SnapshotPruneCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", _superCommandName: SnapshotCommand.name,
        abstract: "Free the space of what no snapshot needs, and let old snapshots go.",
        usage: "migrate snapshot prune [options]",
        discussion: """
            Without a --keep option no snapshot is removed. With some, those that none of them \
            keeps are, each environment for itself; with --env, in that environment only. Of a \
            day, a week (from Monday) or a month in UTC the newest snapshot is kept. Nothing is \
            removed while a manifest cannot be read.
            """)

    @Option(name: .long, help: ArgumentHelp("Keep the newest.", valueName: "n"))
    var keepLast: Int?

    @Option(name: .long, help: ArgumentHelp("Keep one for each of so many days.", valueName: "n"))
    var keepDaily: Int?

    @Option(name: .long, help: ArgumentHelp("Keep one for each of so many weeks.", valueName: "n"))
    var keepWeekly: Int?

    @Option(name: .long, help: ArgumentHelp("Keep one for each of so many months.", valueName: "n"))
    var keepMonthly: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Leave chunks that are younger; default: 1h.", valueName: "duration"))
    var grace: DurationArgument?

    @Flag(name: .long, help: "Say what would be removed, and remove nothing.")
    var dryRun = false

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        let rules = [keepLast, keepDaily, keepWeekly, keepMonthly].compactMap(\.self)
        if rules.contains(where: { $0 < 0 }) {
            throw ValidationError("the number of a --keep option must not be negative")
        }
        if !rules.isEmpty, rules.allSatisfy({ $0 == 0 }) {
            throw ValidationError("with every --keep option 0, no snapshot would be kept")
        }
    }

    private var policy: RetentionPolicy {
        var policy = RetentionPolicy()
        policy.last = keepLast ?? 0
        policy.daily = keepDaily ?? 0
        policy.weekly = keepWeekly ?? 0
        policy.monthly = keepMonthly ?? 0
        return policy
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        environment = options.env
        let repository = try app.openRepository(repository, exclusively: true)
        let plan = try repository.prunePlan(
            policy, environment: options.env, grace: grace?.duration ?? .seconds(3600))
        for manifest in plan.expired {
            app.terminal.result("  \(app.terminal.styled("-", .yellow)) \(manifest.id.text)")
        }
        if !dryRun {
            if !plan.expired.isEmpty {
                try app.confirm(
                    "delete \(count(plan.expired.count, "snapshot"))? They cannot be brought back.")
            }
            try repository.prune(plan)
        }
        let snapshots = count(plan.expired.count, "snapshot")
        let chunks = count(plan.chunks.count, "chunk")
        app.terminal.result(
            "\(dryRun ? "would remove" : "removed") \(snapshots) and \(chunks), "
                + describe(bytes: plan.bytes))
        if plan.young > 0 {
            app.terminal.result(
                "\(count(plan.young, "chunk")) that no snapshot names, too young to be removed "
                    + "(--grace)")
        }
        let isIdle = plan.expired.isEmpty && plan.chunks.isEmpty && plan.leftovers == 0
        return Outcome(
            word: dryRun ? "dry_run" : isIdle ? "nothing_to_do" : "done",
            facts: plan.facts.merging(["dry_run": .bool(dryRun)]) { $1 })
    }
}

extension PrunePlan {
    /// The facts for the JSON document.
    fileprivate var facts: [String: JSONValue] {
        [
            "deleted": JSONValue(expired.map(\.id.text)),
            "removed_chunks": .integer(Int64(chunks.count)), "freed_bytes": .integer(bytes),
            "young_chunks": .integer(Int64(young)), "leftovers": .integer(Int64(leftovers)),
        ]
    }
}
