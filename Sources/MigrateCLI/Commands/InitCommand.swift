internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig

/// `migrate init`
struct InitCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", _superCommandName: RootCommand.name,
        abstract: "Write a commented migrate.yaml and a first migration.",
        usage: "migrate init [options]",
        discussion: "Nothing that exists is overwritten.")

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let path =
            app.options.config ?? Terminal.variable("MIGRATE_CONFIG") ?? ConfigFile.name
        guard !Files.exists(path) else {
            throw Failure(
                .configuration, "config_exists", "'\(path)' exists already",
                hint: "It is left as it is. 'migrate new NAME' writes another migration.")
        }
        // What the file says is relative to the file.
        let written = Project.givenFolder(app.options) ?? "migrations"
        let folder = ConfigFile.resolve(written, in: path)
        let isFolderUsed = try holdsScripts(folder)
        var files = [path]
        do {
            if let slash = path.lastIndex(of: "/") {
                try Files.createFolder(String(path[..<slash]))
            }
            try Files.create(path, Self.text(written))
        } catch {
            throw Failure(
                .configuration, "config_unwritable",
                "'\(path)' cannot be written: \(error.reason)",
                hint: "Check the folder's permissions, or name another place with --config.")
        }
        if !isFolderUsed {
            let first = try NewMigration(
                "add_users_table", folder: folder, layout: .native, dialect: .sqlite,
                now: RunIdentity.systemTime())
            try first.write([Self.firstUp, Self.firstDown])
            files += first.paths
        }
        for path in files { app.terminal.result("wrote \(path)") }
        app.terminal.result(
            isFolderUsed
                ? "'\(folder)' has migrations already; next: migrate status" : "next: migrate up")
        return Outcome(facts: ["files": JSONValue(files)])
    }

    /// True where the folder holds SQL files, whosever they are: no first migration goes there.
    private func holdsScripts(_ folder: String) throws(Failure) -> Bool {
        guard Files.exists(folder) else { return false }
        do {
            return try Files.list(folder).contains { $0.hasSuffix(".sql") }
        } catch {
            throw Failure(
                .configuration, "invalid_files",
                "the migrations folder '\(folder)' cannot be read: \(error.reason)",
                hint: "Name another folder with --dir.")
        }
    }

    /// The template with the folder that was asked for.
    private static func text(_ folder: String) -> String {
        folder == "migrations"
            ? ConfigTemplate.text
            : ConfigTemplate.text.replacing(
                "migrations: migrations ",
                with: "migrations: '\(folder.replacing("'", with: "''"))' ", maxReplacements: 1)
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
        usage: "migrate new <name>... [options]",
        discussion: """
            The version is numbered as the folder's are: the next number, or a UTC timestamp. The \
            files are named and begun as the folder's tool has them.
            """)

    @Argument(help: "What it does: add_orders_table.")
    var name: [String]

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        // The environment's database is of no interest here, nor are its variables.
        let (folder, layout) = try Project.files(app.options)
        app.folderForMessages = folder
        let migration = try NewMigration(
            name.joined(separator: "_"), folder: folder, layout: layout, dialect: .postgres,
            now: RunIdentity.systemTime(), planner: app.planner)
        try migration.write()
        for path in migration.paths { app.terminal.result("wrote \(path)") }
        return Outcome(facts: [
            "version": .string(migration.version), "name": .string(migration.name),
            "files": JSONValue(migration.paths),
        ])
    }
}
