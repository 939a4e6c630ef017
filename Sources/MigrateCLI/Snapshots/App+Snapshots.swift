internal import ArgumentParser
internal import Database
internal import Migrations
internal import ProjectConfig
internal import SnapshotFormat
internal import Snapshots
internal import Storage

/// The options of every command that works on a repository.
struct RepositoryOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Folder of snapshots (MIGRATE_REPOSITORY); default: the configuration's, else "
                + "snapshots beside it.", valueName: "path"), completion: .directory)
    var repository: String?

    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for another run.", valueName: "duration"))
    var lockWait: DurationArgument?
}

extension App {
    /// How many connections work at a time where --jobs does not say.
    static let defaultJobs = 2

    /// Where the repository is.
    func repositoryPlace(_ options: RepositoryOptions) throws -> RepositoryPlace {
        try repositoryPlace(named: options.repository)
    }

    /// Where the repository is, unless `path` names another one.
    func repositoryPlace(named path: String?) throws -> RepositoryPlace {
        if let path = path ?? Terminal.variable("MIGRATE_REPOSITORY") {
            return RepositoryPlace(path: path)
        }
        let config = try Project.configuration(self.options)
        guard let config else { return RepositoryPlace(path: "snapshots") }
        return RepositoryPlace(
            path: config.snapshots.repository
                ?? ConfigFile.resolve("snapshots", in: config.path))
    }

    /// How new chunks are stored, where the configuration says so.
    func codec() throws -> Codec? {
        let config = try Project.configuration(options)
        return config?.snapshots.codec.flatMap { Codec(rawValue: $0.rawValue) }
    }

    /// How long to wait for the repository's lock.
    func patience(_ options: RepositoryOptions) -> LockPatience {
        LockPatience(
            limit: options.lockWait?.duration ?? RunOptions().lockWait, cancellation: cancellation)
    }

    /// Opens a repository that is there.
    func openRepository(
        _ options: RepositoryOptions, exclusively: Bool = false
    ) throws -> Repository {
        watchSignals()
        return try Repository.open(
            repositoryPlace(options), exclusively ? .exclusive : .shared,
            patience: patience(options))
    }

    /// A snapshot's name on the command line as one.
    func snapshotID(_ text: String) throws -> SnapshotID {
        guard let id = SnapshotID(text) else {
            throw Failure(
                .usage, "usage", "'\(text.asOneLine)' is not the name of a snapshot",
                hint: "'migrate snapshot list' shows the names.")
        }
        return id
    }

    /// The snapshot that 'latest' means; what is passed over for it is said.
    func latestToRestore(
        of environment: String, _ repository: Repository, needsRows: Bool
    ) throws -> Manifest {
        let (latest, passedOver) = try repository.latestToRestore(
            of: environment, needsRows: needsRows)
        for manifest in passedOver {
            let why =
                manifest.isOfBeforeRestore ? "but of \(manifest.label ?? "")" : "but holds no rows"
            terminal.note("\(manifest.id.text) is newer, \(why.asOneLine), and is passed over")
        }
        return latest
    }

    /// Tells a terminal what goes on.
    var snapshotObserver: SnapshotObserver {
        terminal.startProgress()
        var observer = SnapshotObserver()
        observer.began = { [terminal] phase, object in
            terminal.progress?.end()
            terminal.progress?.begin("\(phase) \(object.asOneLine)")
            terminal.detail("\(phase) \(object.asOneLine)")
        }
        observer.progressed = { [terminal] done, total in
            terminal.progress?.bytesDone(done, total)
        }
        observer.warned = { [terminal] in terminal.warning($0) }
        return observer
    }
}

extension Manifest {
    /// What it says of itself, for the JSON document.
    var facts: [String: JSONValue] {
        [
            "id": .string(id.text), "created_at": .string(createdAt),
            "environment": .string(environment), "label": JSONValue(label),
            "database": .object([
                "system": .string(database.system.rawValue), "name": .string(database.name),
                "version": .string(database.version),
            ]),
            "tool_version": .string(toolVersion), "tables": .integer(Int64(tables)),
            "rows": .integer(rows), "bytes": .integer(bytes),
            "stored_bytes": .integer(storedBytes),
        ]
    }
}
