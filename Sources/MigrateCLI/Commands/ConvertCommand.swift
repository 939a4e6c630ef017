internal import ArgumentParser
internal import Database
internal import Migrations

/// The only layout that files are converted to.
enum ConversionTarget: String, CaseIterable, ExpressibleByArgument {
    case native
}

/// `migrate convert`
struct ConvertCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", _superCommandName: RootCommand.name,
        abstract: "Write another tool's migrations as files of this program's own layout.",
        usage: "migrate convert --to native <folder> [options]",
        discussion: """
            The SQL and its comments stay as they are, byte for byte; only the tool's own marks go, and \
            become directives where they say how a file runs. A history that was taken over with \
            'migrate adopt' goes on with the new files.
            """)

    @Option(name: .long, help: "The layout to write.")
    var to: ConversionTarget

    @Argument(help: ArgumentHelp("The folder to write, new or empty.", valueName: "folder"))
    var target: String

    @Flag(name: .long, help: "The files are for SQLite; PostgreSQL's rules are the default.")
    var sqlite = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let (folder, layout) = try Project.files(app.options)
        app.folderForMessages = folder
        let conversion = try Conversion(
            folder, layout: layout, dialect: sqlite ? .sqlite : .postgres)
        guard !conversion.files.isEmpty else {
            app.terminal.result("nothing to convert")
            return Outcome(word: "nothing_to_do", facts: facts(conversion))
        }
        app.folderForMessages = ""
        try conversion.write(to: target)
        for note in conversion.notes { app.terminal.warning(note) }
        app.terminal.result(
            "wrote \(count(conversion.files.count, "file")) to '\(target)', from those of "
                + conversion.layout.title)
        app.terminal.result("next: set 'migrations: \(target)' in migrate.yaml")
        return Outcome(facts: facts(conversion))
    }

    private func facts(_ conversion: Conversion) -> [String: JSONValue] {
        [
            "layout": .string(conversion.layout.rawValue), "folder": .string(target),
            "files": JSONValue(conversion.files.map(\.name)),
            "warnings": JSONValue(conversion.notes),
        ]
    }
}
