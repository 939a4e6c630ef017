internal import Releases
internal import ArgumentParser
internal import Database
internal import ProjectConfig
internal import Releases
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots
internal import Storage

/// `migrate environments`
struct EnvironmentsCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "environments", _superCommandName: RootCommand.name,
        abstract: "List the environments of the configuration.",
        usage: "migrate environments [options]",
        discussion: """
            Connects to each one to see which environment it is stamped with, what is applied and \
            pending, and when it was last changed; changes nothing. Addresses are shown without \
            passwords.
            """)

    @Flag(name: .long, help: "Connect to none of them.")
    var offline = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        guard let config = try Project.configuration(app.options) else {
            throw Failure(
                .configuration, "config_not_found", "there is no migrate.yaml here or above",
                hint: "Create one with 'migrate init', or name it with --config.")
        }
        let chosen = Project.environmentName(app.options, config)
        environment = chosen
        // A name that was given must be one of them; the error says which there are.
        if let given = app.options.env ?? Terminal.variable("MIGRATE_ENV") {
            _ = try config.environment(given, needsAddress: false, variables: Terminal.variable)
        }
        app.watchSignals()
        let snapshots = offline ? [:] : Self.lastSnapshots(app)
        var problems: [String] = []
        var table = Table(
            offline
                ? ["ENVIRONMENT", "DATABASE", "RULES"]
                : [
                    "ENVIRONMENT", "DATABASE", "VERSION", "PENDING", "LAST RUN", "SNAPSHOT",
                    "RULES",
                ],
            shrinking: [1], dropping: offline ? [] : [5, 4])
        var list: [JSONValue] = []
        for name in config.environmentNames {
            let (database, problem, found) = describe(name, config)
            let rules = found.map(Self.rules) ?? []
            var facts: [String: JSONValue] = [
                "name": .string(name), "database": JSONValue(database),
                "problem": JSONValue(problem), "chosen": .bool(name == chosen),
                "protected": found.map { .bool($0.isProtected) } ?? .null,
                "rules": JSONValue(rules),
            ]
            var cells = [name + (name == chosen ? " *" : ""), problem ?? database ?? "no url"]
            if !offline {
                let state =
                    database == nil
                    ? EnvironmentState() : EnvironmentState(of: name, app, snapshots[name])
                facts.merge(state.facts) { $1 }
                if let words = state.warning(name) { problems.append(words) }
                if problem == nil, let words = state.problem { facts["problem"] = .string(words) }
                cells += state.cells
            }
            table.add(
                cells + [rules.joined(separator: ", ")],
                styles: problem == nil ? [:] : [1: .yellow])
            list.append(.object(facts))
        }
        for line in table.lines(app.terminal) { app.terminal.result(line) }
        for problem in problems { app.terminal.warning(problem) }
        return Outcome(facts: ["environments": .array(list)])
    }

    /// The newest snapshot of each environment, where there is a repository that can be read.
    private static func lastSnapshots(_ app: App) -> [String: Manifest] {
        guard
            let repository = try? Repository.open(
                app.repositoryPlace(named: nil), patience: LockPatience(limit: .zero)),
            let listed = try? repository.snapshots()
        else { return [:] }
        defer { repository.close() }
        return listed.reduce(into: [:]) { found, snapshot in
            guard let manifest = try? snapshot.manifest.get() else { return }
            found[manifest.environment] = manifest
        }
    }

    /// The address for display, or what keeps it from being shown.
    private func describe(
        _ name: String, _ config: ProjectConfig
    ) -> (database: String?, problem: String?, found: EnvironmentConfig?) {
        let found: EnvironmentConfig
        do {
            found = try config.environment(name, variables: Terminal.variable)
        } catch {
            // Its rules hold all the same.
            let rules = try? config.environment(
                name, needsAddress: false, variables: Terminal.variable)
            return (nil, error.message, rules)
        }
        guard let text = found.url else { return (nil, nil, found) }
        do {
            return (try OpenDatabase.display(DatabaseURL(text)), nil, found)
        } catch {
            return (nil, error.message, found)
        }
    }

    private static func rules(_ environment: EnvironmentConfig) -> [String] {
        var rules: [String] = []
        if environment.isProtected { rules.append("protected") }
        if let promotion = environment.rules.promotion {
            rules.append("promoted from \(promotion.environment)")
        }
        if let approvals = environment.rules.approvals {
            rules.append(count(approvals.required, "approval"))
        }
        if environment.rules.windows != nil { rules.append("windows") }
        if let snapshot = environment.rules.snapshot, snapshot.strategy != .none {
            rules.append("snapshot before up")
        }
        if environment.verify.beforeCommit { rules.append("verify before commit") }
        if environment.verify.after { rules.append("verify after") }
        if environment.rules.bake != nil { rules.append("watched") }
        if environment.rules.onFailure != .stop {
            rules.append("on failure \(environment.rules.onFailure.rawValue)")
        }
        if environment.options.transaction == .all { rules.append("one transaction") }
        if environment.options.lock == .lease { rules.append("lease") }
        return rules
    }
}
