internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLiteDriver

/// What a command works on: the environment, its database, the folder, the rules. Put together from
/// options, `MIGRATE_…` variables, the file and the defaults, in this order of precedence.
struct Project {
    /// The environment's name.
    var environment: String
    /// The database's address; nil where the environment has none. Secret.
    var url: DatabaseURL?
    /// True where the address came from `--url` or MIGRATE_URL.
    var isURLGiven: Bool
    /// Folder that a relative SQLite path starts from.
    var urlFolder: String
    /// Folder of migrations.
    var folder: String
    /// Folder of the user's verify queries.
    var verifyFolder: String
    var historyTable: HistoryTableName
    var isProtected: Bool
    var verify: VerifyPolicy
    var options: RunOptions
    var passwordFile: String?
    var passwordCommand: PasswordCommand?
    /// Path of the configuration; nil where there is none.
    var configPath: String?

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

    /// Puts it together; `needsDatabase` is false for commands that only look at files.
    ///
    /// - Throws: `ConfigError`, `DatabaseError` (`.invalidURL`), `Failure`.
    init(_ options: GlobalOptions, needsDatabase: Bool = true) throws {
        let config = try Self.configuration(options)
        let givenURL = options.url ?? Terminal.variable("MIGRATE_URL")
        environment = Self.environmentName(options, config)
        isURLGiven = givenURL != nil
        urlFolder = "."
        isProtected = false
        verify = VerifyPolicy()
        self.options = config?.defaults ?? RunOptions()
        folder = options.dir ?? config?.migrations ?? "migrations"
        verifyFolder = config?.verifyFiles ?? ConfigPath.sibling("verify", of: folder)
        configPath = config?.path
        let table = config?.historyTable.description ?? "schema_migrations"
        guard let name = HistoryTableName(table) else {
            throw Failure(
                .configuration, "config_invalid_value", "'\(table)' is not a table's name")
        }
        historyTable = name

        if let config {
            try use(config, isNamed: options.env != nil, givenURL)
        } else if let named = options.env ?? Terminal.variable("MIGRATE_ENV"), givenURL == nil {
            throw Failure(
                .configuration, "config_not_found",
                "environment '\(named)' was asked for, and there is no migrate.yaml here or above",
                hint: "Create one with 'migrate init', or name it with --config.")
        }
        if let givenURL { url = try DatabaseURL(givenURL) }
        guard url != nil || !needsDatabase else {
            throw config == nil
                ? Failure(
                    .configuration, "config_not_found",
                    "there is no migrate.yaml here or above, and no database was named",
                    hint: "Run 'migrate init', or name a database: --url sqlite:local.db")
                : Failure(
                    .configuration, "config_invalid_value",
                    "environment '\(environment)' has no 'url'",
                    hint: "Add 'url:' to it in \(config?.path ?? "migrate.yaml"), or use --url.")
        }
    }

    /// Takes what the file says of the environment. With a database named on the command line, an
    /// environment that the file lacks is only a name.
    private mutating func use(
        _ config: ProjectConfig, isNamed: Bool, _ givenURL: String?
    ) throws {
        let isKnown = config.environmentNames.contains(environment)
        guard isKnown || givenURL == nil || isNamed else { return }
        let found: EnvironmentConfig
        do {
            found = try config.environment(environment, variables: Terminal.variable)
        } catch {
            // The address that lacks its variable is not the one that is used.
            guard error.code == .undefinedVariable, givenURL != nil else { throw error }
            let placeholder = { (name: String) in Terminal.variable(name) ?? "unset" }
            found = try config.environment(environment, variables: placeholder)
        }
        isProtected = found.isProtected
        verify = found.verify
        options = found.options
        urlFolder = config.folder
        guard givenURL == nil else {
            urlFolder = "."
            return
        }
        passwordFile = found.passwordFile
        passwordCommand = found.passwordCommand
        if let text = found.url { url = try DatabaseURL(text) }
    }
}
