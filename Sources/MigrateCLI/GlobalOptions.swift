internal import ArgumentParser
internal import Migrations

extension ColorMode: ExpressibleByArgument {}

/// The options that every subcommand takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Environment from the configuration (MIGRATE_ENV).", valueName: "name"))
    var env: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Configuration file (MIGRATE_CONFIG); default: migrate.yaml here or in a parent.",
            valueName: "path"), completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Database, in the place of the environment's (MIGRATE_URL).", valueName: "url"))
    var url: String?

    @Option(
        name: .long, help: ArgumentHelp("Folder of migrations (MIGRATE_DIR).", valueName: "path"),
        completion: .directory)
    var dir: String?

    @Flag(name: .long, help: "Print one JSON document on standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print more: notices of the server, each connection.")
    var verbose = false

    @Option(
        name: .long, help: ArgumentHelp("auto, always or never (also NO_COLOR).", valueName: "when")
    )
    var color: ColorMode?

    @Flag(name: .long, help: "Answer yes to a confirmation.")
    var yes = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Why; kept in the log. Needed with --yes in a protected environment.",
            valueName: "text"))
    var reason: String?

    /// True for a global option whose value is the next argument.
    static func takesValue(_ argument: String) -> Bool {
        ["--env", "--config", "--url", "--dir", "--color", "--reason"].contains(argument)
    }
}

/// A duration on the command line: `30s`, `5m`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = Duration(shorthand: argument) else { return nil }
        self.duration = duration
    }
}

/// A version on the command line.
struct VersionArgument: ExpressibleByArgument {
    let version: Version

    init?(argument: String) {
        guard let version = Version(argument) else { return nil }
        self.version = version
    }
}
