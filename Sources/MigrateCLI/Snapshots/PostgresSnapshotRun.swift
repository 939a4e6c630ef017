internal import Database
internal import ProjectConfig
internal import SnapshotFormat
internal import Snapshots

/// What `migrate snapshot create` does with a PostgreSQL database.
struct PostgresSnapshotRun {
    /// How many sessions work at a time, unless the user says.
    static let defaultJobs = 2

    let app: App
    let project: Project
    let jobs: Int?
    let isSchemaOnly: Bool

    /// Takes a snapshot.
    func take(
        into repository: Repository, _ title: SnapshotTitle, _ codec: Codec?
    ) throws -> TakenSnapshot {
        let sessions = try app.postgresSessions(project.url, project)
        let writer = try SnapshotWriter(repository, title, codec: codec)
        app.terminal.startProgress()
        let progress = app.terminal.progress?.bytes
        progress?.begin("reading \(sessions.display)")
        let limit = project.options.lockTimeout
        let content = try PostgresTake(
            connect: { try sessions.open(nil) }, access: .live, writer: writer.chunks,
            options: .init(
                jobs: jobs ?? Self.defaultJobs, isSchemaOnly: isSchemaOnly,
                lockTimeout: limit == .zero ? .seconds(5) : limit,
                patience: project.options.lockWait),
            cancellation: app.cancellation,
            onProgress: { progress?.done($0.bytes, of: $0.totalBytes) }
        ).run()
        let manifest = try writer.finish(
            database: SourceDatabase(
                system: .postgresql, name: sessions.display, version: content.serverVersion),
            parts: content.parts, exclusions: content.exclusions)
        return TakenSnapshot(
            manifest: manifest, tables: content.tables, newBytes: writer.chunks.newBytes,
            isClockBehind: writer.isClockBehind)
    }
}
