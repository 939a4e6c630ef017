internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig

/// `migrate init`
struct InitCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", _superCommandName: RootCommand.name,
        abstract: "Write a commented migrate.yaml and a first migration.",
        discussion: "Nothing that exists is overwritten.")

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let path = app.options.config ?? ConfigFile.name
        let folder = app.options.dir ?? "migrations"
        guard !Files.exists(path) else {
            throw Failure(
                .configuration, "config_exists", "'\(path)' exists already",
                hint: "It is left as it is. 'migrate new NAME' writes another migration.")
        }
        var isFolderUsed = false
        if Files.exists(folder) {
            let found = try MigrationFolder.discover(folder, dialect: .sqlite)
            isFolderUsed = !found.migrations.isEmpty
        }
        var written = [path]
        do {
            try Files.create(path, Self.text(folder))
        } catch {
            throw Failure(
                .configuration, "config_unwritable",
                "'\(path)' cannot be written: \(error.reason)")
        }
        if !isFolderUsed {
            let first = try NewMigration(
                "add_users_table", folder: folder, dialect: .sqlite,
                now: RunIdentity.systemTime())
            try first.write(up: Self.firstUp, down: Self.firstDown)
            written += [first.upPath, first.downPath]
        }
        for path in written { app.terminal.result("wrote \(path)") }
        app.terminal.result("next: migrate up")
        return Outcome(facts: ["files": JSONValue(written)])
    }

    /// The template with the folder that was asked for.
    private static func text(_ folder: String) -> String {
        folder == "migrations"
            ? ConfigTemplate.text
            : ConfigTemplate.text.replacing(
                "migrations: migrations ", with: "migrations: \(folder) ", maxReplacements: 1)
    }

    private static let firstUp = """
        -- The users of the application.
        CREATE TABLE users (
            id integer PRIMARY KEY,
            email varchar(320) NOT NULL UNIQUE,
            created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
        );

        """

    private static let firstDown = """
        DROP TABLE users;

        """
}

/// `migrate new`
struct NewCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", _superCommandName: RootCommand.name,
        abstract: "Write the up and down files of a new migration.",
        discussion: """
            The version is numbered as the folder's are: the next number, or a UTC timestamp.
            """)

    @Argument(help: "What it does: add_orders_table.")
    var name: [String]

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let folder: String
        if let given = app.options.dir {
            folder = given
        } else {
            // The environment's database is of no interest here, nor are its variables.
            folder = try Project.configuration(app.options)?.migrations ?? "migrations"
        }
        let migration = try NewMigration(
            name.joined(separator: "_"), folder: folder, dialect: .postgres,
            now: RunIdentity.systemTime())
        try migration.write()
        app.terminal.result("wrote \(migration.upPath)")
        app.terminal.result("wrote \(migration.downPath)")
        return Outcome(facts: [
            "version": .string(migration.version), "name": .string(migration.name),
            "files": JSONValue([migration.upPath, migration.downPath]),
        ])
    }
}
