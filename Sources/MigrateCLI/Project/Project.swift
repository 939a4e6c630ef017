internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver

/// What a command works on: the environment, its database, the folder, the rules. Put together from
/// options, `MIGRATE_…` variables, the file and the defaults, in this order of precedence.
struct Project {
    /// The environment's name.
    var environment: String
    /// The database's address. Secret.
    var url: DatabaseURL
    /// True where the address came from `--url` or MIGRATE_URL.
    var isURLGiven: Bool
    /// Folder that a relative SQLite path starts from.
    var urlFolder: String
    /// Folder of migrations.
    var folder: String
    /// Folder of the user's verify queries.
    var verifyFolder: String
    /// Whose files the folder has; nil where it tells.
    var layout: Layout?
    var historyTable: HistoryTableName
    /// The tool whose table is kept current with ours.
    var alsoWrite: HistoryTool?
    var isProtected: Bool
    var verify: VerifyPolicy
    var rules: ReleaseRules
    var options: RunOptions
    var passwordFile: String?
    var passwordCommand: PasswordCommand?
    /// Path of the configuration; nil where there is none.
    var configPath: String?
    /// What is known of whose database it is.
    var claim: EnvironmentClaim

    /// The configuration file that the options lead to; nil where there is none.
    static func configuration(_ options: GlobalOptions) throws -> ProjectConfig? {
        if let path = options.config ?? Terminal.variable("MIGRATE_CONFIG") {
            return try ConfigFile.read(path)
        }
        return try ConfigFile.find(startingAt: ".").map { path throws(ConfigError) in
            try ConfigFile.read(path)
        }
    }

    /// The name of the environment to work on.
    static func environmentName(_ options: GlobalOptions, _ config: ProjectConfig?) -> String {
        options.env ?? Terminal.variable("MIGRATE_ENV") ?? config?.defaultEnvironment ?? "local"
    }

    /// Whether an environment was asked for by its name.
    private static func isNamed(_ options: GlobalOptions) -> Bool {
        options.env != nil || Terminal.variable("MIGRATE_ENV") != nil
    }

    /// The folder of migrations that was named by hand; nil where none was.
    static func givenFolder(_ options: GlobalOptions) -> String? {
        options.dir ?? Terminal.variable("MIGRATE_DIR")
    }

    /// Puts it together.
    ///
    /// - Parameters:
    ///   - options: those of the command line.
    ///   - usesOwnAddress: true where the environment's address is used, whatever MIGRATE_URL says.
    /// - Throws: `ConfigError`, `DatabaseError` (`.invalidURL`), `Failure`.
    init(_ options: GlobalOptions, usesOwnAddress: Bool = false) throws {
        let config = try Self.configuration(options)
        let givenURL = usesOwnAddress ? nil : options.url ?? Terminal.variable("MIGRATE_URL")
        environment = Self.environmentName(options, config)
        let found = try Self.environment(environment, options, config, givenURL)
        if let givenURL {
            url = try DatabaseURL(givenURL)
        } else if let config, let found {
            url = try Self.address(of: found, config)
        } else {
            throw Failure(
                .configuration, "config_not_found",
                "there is no migrate.yaml here or above, and no database was named",
                hint: "Run 'migrate init', or name a database: --url sqlite:local.db")
        }
        isURLGiven = givenURL != nil
        claim =
            givenURL == nil || Self.isNamed(options)
            ? .certain : .unnamed(configured: config?.environmentNames ?? [])
        urlFolder = isURLGiven ? "." : config?.folder ?? "."
        folder = Self.givenFolder(options) ?? config?.migrations ?? "migrations"
        verifyFolder = config?.verifyFiles ?? ConfigPath.sibling("verify", of: folder)
        configPath = config?.path
        layout = try Self.layout(config)
        historyTable = try Self.historyTable(config)
        alsoWrite = try Self.alsoWrite(config)
        isProtected = found?.isProtected ?? false
        verify = found?.verify ?? VerifyPolicy()
        rules = found?.rules ?? ReleaseRules()
        self.options = found?.options ?? config?.defaults ?? RunOptions()
        passwordFile = found?.passwordFile
        passwordCommand = found?.passwordCommand
    }

    /// What the file says of the environment; nil where it says nothing and need not.
    ///
    /// With a database named by hand, the file may lack the default environment; one that was
    /// asked for by name it must have, or a slip in the name would lose its protection.
    private static func environment(
        _ name: String, _ options: GlobalOptions, _ config: ProjectConfig?, _ givenURL: String?
    ) throws -> EnvironmentConfig? {
        let isNamed = Self.isNamed(options)
        guard let config else {
            guard isNamed, givenURL == nil else { return nil }
            throw Failure(
                .configuration, "config_not_found",
                "environment '\(name)' was asked for, and there is no migrate.yaml here or above",
                hint: "Create one with 'migrate init', or name it with --config.")
        }
        guard isNamed || givenURL == nil || config.environmentNames.contains(name) else {
            return nil
        }
        // Where the address is not the one that is used, its variables need not be set.
        return try config.environment(
            name, needsAddress: givenURL == nil, variables: Terminal.variable)
    }

    /// The folder of migrations and its layout, for commands that need no database.
    ///
    /// - Throws: `ConfigError`, `Failure`.
    static func files(_ options: GlobalOptions) throws -> (folder: String, layout: Layout?) {
        let config = try configuration(options)
        return (
            givenFolder(options) ?? config?.migrations ?? "migrations", try layout(config)
        )
    }

    /// The history table's name: MIGRATE_HISTORY_TABLE, else the file's, else the default.
    private static func historyTable(_ config: ProjectConfig?) throws -> HistoryTableName {
        let given = Terminal.variable("MIGRATE_HISTORY_TABLE")
        let table = given ?? config?.historyTable.description ?? "schema_migrations"
        guard let name = HistoryTableName(table) else {
            throw Failure(
                .configuration, "config_invalid_value",
                "'\(table)'\(given == nil ? "" : " in MIGRATE_HISTORY_TABLE") is not a table's name",
                hint: "Write name or schema.name, with letters, digits and '_', at most 58 each.")
        }
        return name
    }

    /// The layout of the files: MIGRATE_LAYOUT, else the file's; nil where the folder tells.
    static func layout(_ config: ProjectConfig?) throws(Failure) -> Layout? {
        let given = Terminal.variable("MIGRATE_LAYOUT")
        guard let choice = given.map(MigrationLayout.init(rawValue:)) ?? config?.layout ?? .auto
        else {
            throw Failure(
                .configuration, "config_invalid_value",
                "'\(given ?? "")' in MIGRATE_LAYOUT is no layout",
                hint: "There are "
                    + MigrationLayout.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
        return Layout(rawValue: choice.rawValue)
    }

    private static func alsoWrite(_ config: ProjectConfig?) throws -> HistoryTool? {
        guard let given = Terminal.variable("MIGRATE_ALSO_WRITE") else {
            return config?.alsoWrite.flatMap { HistoryTool(rawValue: $0.rawValue) }
        }
        guard let tool = AlsoWrite(rawValue: given) else {
            throw Failure(
                .configuration, "config_invalid_value",
                "'\(given)' in MIGRATE_ALSO_WRITE is no tool whose table can be kept current",
                hint: "It is 'dbmate' or 'golang-migrate'.")
        }
        return HistoryTool(rawValue: tool.rawValue)
    }

    /// The environment's address. What is wrong with one is best mended where it stands.
    private static func address(
        of found: EnvironmentConfig, _ config: ProjectConfig
    ) throws -> DatabaseURL {
        guard let text = found.url else {
            var failure = Failure(
                .configuration, "config_no_url", "environment '\(found.name)' has no 'url'",
                hint: "Add 'url:' to it, or name a database with --url.")
            (failure.file, failure.line, failure.column) = (config.path, found.line, found.column)
            throw failure
        }
        do throws(DatabaseError) {
            let url = try DatabaseURL(text)
            _ = try OpenDatabase.display(url)
            return url
        } catch {
            guard error.code == .invalidURL else { throw error }
            var failure = Failure(error)
            (failure.file, failure.line) = (config.path, found.urlLine)
            failure.column = found.urlColumn
            throw failure
        }
    }
}
