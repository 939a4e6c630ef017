internal import ArgumentParser
internal import Database
internal import ProjectConfig
internal import SQLiteDriver

/// `migrate environments`
struct EnvironmentsCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "environments", _superCommandName: RootCommand.name,
        abstract: "List the environments of the configuration.",
        usage: "migrate environments [options]",
        discussion: "Connects to none of them. Addresses are shown without passwords.")

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
        var table = Table(["ENVIRONMENT", "DATABASE", "RULES"], shrinking: [1])
        var list: [JSONValue] = []
        for name in config.environmentNames {
            let (database, problem, found) = describe(name, config)
            let rules = found.map(Self.rules) ?? []
            table.add(
                [
                    name + (name == chosen ? " *" : ""), problem ?? database ?? "no url",
                    rules.joined(separator: ", "),
                ],
                styles: problem == nil ? [:] : [1: .yellow])
            list.append(
                .object([
                    "name": .string(name), "database": JSONValue(database),
                    "problem": JSONValue(problem), "chosen": .bool(name == chosen),
                    "protected": found.map { .bool($0.isProtected) } ?? .null,
                    "rules": JSONValue(rules),
                ]))
        }
        for line in table.lines(app.terminal) { app.terminal.result(line) }
        return Outcome(facts: ["environments": .array(list)])
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
        if environment.verify.beforeCommit { rules.append("verify before commit") }
        if environment.verify.after { rules.append("verify after") }
        if environment.options.transaction == .all { rules.append("one transaction") }
        if environment.options.lock == .lease { rules.append("lease") }
        return rules
    }
}
