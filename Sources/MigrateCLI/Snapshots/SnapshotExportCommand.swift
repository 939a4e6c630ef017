internal import ArgumentParser
internal import Database
internal import Migrations
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// What a snapshot is exported as.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case sql
}

/// `migrate snapshot export`
struct SnapshotExportCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", _superCommandName: SnapshotCommand.name,
        abstract: "Write a snapshot as one script that psql or sqlite3 restores.",
        usage: "migrate snapshot export <id>|latest [--format sql] [--output <file>] [options]",
        discussion: """
            The snapshot is checked first, and a damaged one exports nothing. Without --output the \
            script goes to standard output. No database is connected to.
            """)

    @Argument(help: "The snapshot, or 'latest' for the newest one of the environment.")
    var id: String

    @Option(name: .long, help: ArgumentHelp("sql: a script.", valueName: "format"))
    var format = ExportFormat.sql

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to a file.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: .long, help: "Replace the file, where it is there.")
    var force = false

    @Flag(name: .long, help: "Create the database, with its owner and settings (PostgreSQL).")
    var create = false

    @Flag(name: .long, help: "Leave the rows out (PostgreSQL).")
    var schemaOnly = false

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        if force, output == nil { throw ValidationError("'--force' goes with '--output'") }
        if options.json, output == nil {
            throw ValidationError("'--json' needs '--output': both go to standard output")
        }
        if output == "" { throw ValidationError("'--output' must name a file") }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let file = try output.map { try ScriptFile($0, replaces: force) }
        let repository = try app.openRepository(repository)
        defer { repository.close() }
        let manifest = try manifest(app, repository)
        environment = manifest.environment
        let start = ContinuousClock.now
        let export = try write(app, manifest, repository)
        let script: ExportedScript
        if let file {
            script = try file.write { (sink) throws(SnapshotError) in try export(sink) }
        } else {
            // Once for nothing: a script that turns out to be damaged must not have begun.
            _ = try export { (_) throws(SnapshotError) in }
            script = try export(StandardStreams.writeOutput)
        }
        app.terminal.progress?.end()
        for remark in script.remarks { app.terminal.warning(remark.asOneLine) }
        return report(script, manifest, app, (ContinuousClock.now - start).wholeMilliseconds)
    }

    private func manifest(_ app: App, _ repository: Repository) throws -> Manifest {
        guard id == "latest" else { return try repository.manifest(app.snapshotID(id)) }
        let name = Project.environmentName(options, try Project.configuration(options))
        return try app.latestToRestore(of: name, repository, needsRows: !schemaOnly)
    }

    private typealias Sink = (ArraySlice<UInt8>) throws(SnapshotError) -> Void

    /// What writes the script, as often as it is called.
    private func write(
        _ app: App, _ manifest: Manifest, _ repository: Repository
    ) throws -> (@escaping Sink) throws(SnapshotError) -> ExportedScript {
        let observer = app.snapshotObserver
        observer.began("exporting", manifest.id.text)
        switch manifest.database.system {
        case .postgresql:
            var script = try PostgresScript(
                manifest, repository.chunks,
                PostgresScript.Options(createsDatabase: create, isSchemaOnly: schemaOnly))
            script.cancellation = app.cancellation
            script.onProgress = observer.progressed
            return script.write
        case .sqlite:
            let given = create ? "--create" : schemaOnly ? "--schema-only" : nil
            if let given {
                throw Failure(
                    .usage, "usage", "'\(given)' makes no sense for an SQLite database",
                    hint: "The script holds the whole file.")
            }
            let files = SQLiteFiles()
            let snapshot = try SQLiteSnapshotFile(
                manifest, of: repository, files: files, cancellation: app.cancellation,
                observer: observer)
            var script = SQLiteScript(snapshot, files: files)
            script.cancellation = app.cancellation
            return script.write
        }
    }

    private func report(
        _ script: ExportedScript, _ manifest: Manifest, _ app: App, _ milliseconds: Int64
    ) -> Outcome {
        if let output {
            app.terminal.result(
                "exported \(app.terminal.styled(manifest.id.text, .bold)) to '\(output)'")
            app.terminal.result(
                "  \(count(script.tables, "table")), \(count(Int(script.rows), "row")), "
                    + "\(describe(bytes: script.bytes)); \(describe(milliseconds: milliseconds))")
        }
        return Outcome(facts: [
            "export": .object([
                "id": .string(manifest.id.text), "format": .string(format.rawValue),
                "file": JSONValue(output), "bytes": .integer(script.bytes),
                "tables": .integer(Int64(script.tables)), "rows": .integer(script.rows),
                "remarks": JSONValue(script.remarks), "duration_ms": .integer(milliseconds),
            ])
        ])
    }
}
