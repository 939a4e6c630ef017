internal import ArgumentParser

/// A subcommand of `migrate`.
protocol DatabaseCommand: ParsableCommand {
    /// The options behind its name.
    var options: GlobalOptions { get }
    /// What stands before its name.
    var root: RootCommand { get }
    /// Does it, and prints the words. Sets `environment` as soon as it is known, for the JSON
    /// document of a failure.
    func perform(_ app: App, _ environment: inout String?) throws -> Outcome
    /// What the JSON document of a failure holds even where nothing was begun.
    static var factsOfFailure: [String: JSONValue] { get }
}

extension DatabaseCommand {
    static var factsOfFailure: [String: JSONValue] { [:] }
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
    static let name = "migrate"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Take a database schema from a laptop to production, and back.",
        usage: "migrate [options] <subcommand>",
        discussion: """
            Migrations are SQL files, VERSION_name.up.sql and VERSION_name.down.sql, in one folder. \
            'migrate help exit-status' lists the exit statuses.
            """,
        subcommands: [
            InitCommand.self, NewCommand.self, StatusCommand.self, PlanCommand.self,
            UpCommand.self, DownCommand.self, RedoCommand.self, VerifyCommand.self,
            BaselineCommand.self, RepairCommand.self, DoctorCommand.self,
            EnvironmentsCommand.self,
        ])

    @OptionGroup(title: "Global options") var options: GlobalOptions

    @Flag(name: .long, help: "Print the version, and those of the libraries.")
    var version = false

    /// The names of the subcommands, in the order of the help.
    static var subcommandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }
}
