internal import ArgumentParser
internal import Database
internal import Migrations
internal import SnapshotFormat
internal import Snapshots

/// `migrate confirm`
struct ConfirmCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", _superCommandName: RootCommand.name,
        abstract: "Say that a release is well: its way back is not needed any more.",
        usage: "migrate confirm [options]",
        discussion: """
            The snapshot that 'up' has taken before it ran is kept until then, or until the next \
            'up' that ends well, whatever 'snapshot delete', 'snapshot prune' and 'keep' say.
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isEvident: Bool { true }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let repository = try app.openRepository(repository)
        defer { repository.close() }
        let pinned = try repository.pinned(in: project.environment)
        let facts: [String: JSONValue] = ["confirmed": JSONValue(pinned.map(\.text))]
        guard !pinned.isEmpty else {
            app.terminal.result("nothing to confirm")
            return Outcome(word: "nothing_to_do", facts: facts)
        }
        let database = try app.open(project, .change)
        defer { database.connection.close() }
        // First the log: a pin that stays is seen, one that is gone without a word is not.
        try app.migrator(project, database).append(
            pinned.map { LogEntry(action: "confirm", details: "snapshot \($0.text)") })
        for id in pinned { try repository.unpin(id) }
        for id in pinned { app.terminal.result("confirmed; \(id.text) may go") }
        return Outcome(facts: facts)
    }
}
