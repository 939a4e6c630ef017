internal import Database
internal import SQLiteDriver
internal import SnapshotFormat
internal import Snapshots

/// The snapshot of what a restore in place is about to replace: the way back.
final class SnapshotBefore {
    private let app: App
    private let project: Project
    private let database: OpenDatabase
    private let repository: Repository
    private let jobs: Int
    /// Which one it is, once it was taken.
    private(set) var id: SnapshotID?

    init(
        app: App, project: Project, database: OpenDatabase, repository: Repository,
        jobs: Int = App.defaultJobs
    ) {
        self.app = app
        self.project = project
        self.database = database
        self.repository = repository
        self.jobs = jobs
    }

    /// Takes it into the repository that is restored from.
    func take(restoring restored: SnapshotID) throws {
        let title = SnapshotTitle(
            environment: project.environment, label: Manifest.labelBeforeRestore(of: restored),
            toolVersion: BuildInformation.version)
        do {
            id = try take(title).manifest.id
        } catch {
            guard !app.cancellation.isRequested else { throw error }
            var failure =
                (error as? SnapshotError)
                ?? SnapshotError(.refused, Program.failure(error, app).message)
            failure.message =
                "what is there could not be kept, and nothing was replaced: \(failure.message)"
            failure.hint = failure.hint ?? "With --no-snapshot-before it is replaced all the same."
            if failure.code == .database { failure.code = .refused }
            throw failure
        }
    }

    /// Takes it under a title; without rows where that is wanted and can be (PostgreSQL).
    func take(_ title: SnapshotTitle, isSchemaOnly: Bool = false) throws -> TakenSnapshot {
        let codec = try app.codec()
        guard let connection = database.connection as? any FileConnection else {
            return try PostgresSnapshotRun(
                app: app, database: database, jobs: jobs, isSchemaOnly: isSchemaOnly
            ).take(into: repository, title, codec)
        }
        var snapshot = SQLiteSnapshot(connection, files: SQLiteFiles(), name: database.display)
        snapshot.cancellation = app.cancellation
        snapshot.observer = app.snapshotObserver
        return try snapshot.take(into: repository, title, codec: codec)
    }

    /// Names it where `body` fails after it was taken.
    func reporting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            guard let id else { throw error }
            var failure = Program.failure(error, app)
            failure.notes.append("the snapshot of before is \(id.text)")
            failure.documentFacts["snapshot_before"] = .string(id.text)
            throw failure
        }
    }

    /// Says where what was replaced is.
    static func tell(_ id: SnapshotID?, _ app: App) {
        guard let id else { return }
        app.terminal.result("  what was there is in the snapshot \(id.text)")
    }
}
