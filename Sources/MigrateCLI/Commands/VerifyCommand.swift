internal import ArgumentParser

/// `migrate verify`
struct VerifyCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", _superCommandName: RootCommand.name,
        abstract: "Check the integrity of the database.")

    @Flag(name: .long, help: "Check every constraint against the rows, and the indexes.")
    var deep = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome { Outcome() }
}

extension App {
    func verifyAfter(
        _ project: Project, _ database: OpenDatabase, isWanted: Bool, _ outcome: inout Outcome
    ) throws {}
}
