internal import ArgumentParser

/// A subcommand of `migrate`.
protocol DatabaseCommand: ParsableCommand {
    /// The global options, wherever they stood.
    var options: GlobalOptions { get }
    /// Does it, and prints the words. Sets `environment` as soon as it is known, for the JSON
    /// document of a failure.
    func perform(_ app: App, _ environment: inout String?) throws -> Outcome
    /// Whether a refusal of it goes into the log of the database.
    var isAudited: Bool { get }
    /// Whether it may change what is applied in an environment, which evidence then tells.
    var isEvident: Bool { get }
    /// What the JSON document of a failure holds even where nothing was begun.
    static var factsOfFailure: [String: JSONValue] { get }
}

extension DatabaseCommand {
    static var factsOfFailure: [String: JSONValue] { [:] }
    var isAudited: Bool { false }
    var isEvident: Bool { isAudited }

    /// What the JSON document calls the command: `up`, `snapshot create`.
    static var documentName: String {
        let name = configuration.commandName ?? ""
        guard let parent = configuration._superCommandName, parent != RootCommand.name else {
            return name
        }
        return parent.split(separator: " ").dropFirst().joined(separator: " ") + " " + name
    }
}

/// A command that runs migrations: its document always says which ones it ran.
protocol RunningCommand: DatabaseCommand {}

extension RunningCommand {
    static var factsOfFailure: [String: JSONValue] {
        ["applied": .array([]), "reverted": .array([])]
    }
}

/// `migrate` itself. Every command has an explicit name: without it the parser scans the program
/// for conformances, a third of a start's instructions.
struct RootCommand: ParsableCommand {
    /// The program's name. Subcommands give it as that of their super command, since they are parsed
    /// without the root; it also spares them the parser's look for a completion request.
    static let name = "migrate"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Take a database schema from a laptop to production, and back.",
        usage: "migrate [options] <subcommand>",
        discussion: """
            Migrations are SQL files, VERSION_name.up.sql and VERSION_name.down.sql, in one folder. \
            'migrate help exit-status' lists the exit statuses, 'migrate help manual' prints \
            the manual page.
            """,
        subcommands: [
            InitCommand.self, NewCommand.self, StatusCommand.self, PlanCommand.self,
            ApproveCommand.self, UpCommand.self, DownCommand.self, RedoCommand.self,
            VerifyCommand.self,
            BaselineCommand.self, AdoptCommand.self, ConvertCommand.self, RepairCommand.self,
            DoctorCommand.self,
            EnvironmentsCommand.self, SnapshotCommand.self, RestoreCommand.self,
            AuditCommand.self, ConfirmCommand.self,
        ])

    @OptionGroup(title: "Global options") var options: GlobalOptions

    @Flag(name: .long, help: "Print the version, and those of the libraries.")
    var version = false

    /// The names of the subcommands, in the order of the help.
    static var subcommandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// The subcommand that the arguments name, and its own arguments, with the global options that
    /// stood before its name; nil where no subcommand is named or the parser has an answer of its
    /// own, such as help.
    ///
    /// Parsing these alone spares every start the definition of the root and its options: a quarter
    /// of the instructions of an `up` that has nothing to do.
    static func subcommand(
        _ arguments: [String]
    ) -> (type: any DatabaseCommand.Type, arguments: [String])? {
        var leading: [String] = []
        var rest = arguments[...]
        var commands = configuration.subcommands
        while true {
            while let option = rest.first, option.hasPrefix("-") {
                let width = GlobalOptions.takesValue(option) ? 2 : 1
                leading += rest.prefix(width)
                rest = rest.dropFirst(width)
            }
            guard let name = rest.popFirst(),
                leading.allSatisfy({ $0 != "-h" && $0 != "--help" }),
                let type = commands.first(where: { $0.configuration.commandName == name })
            else { return nil }
            if let type = type as? any DatabaseCommand.Type { return (type, leading + rest) }
            // A group of commands.
            commands = type.configuration.subcommands
        }
    }
}
