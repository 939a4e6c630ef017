internal import Database
internal import SnapshotFormat
internal import Snapshots

/// Takes a snapshot of a PostgreSQL database: for `snapshot create`, and before something is replaced.
struct PostgresSnapshotRun {
    let app: App
    let database: OpenDatabase
    let jobs: Int
    var isSchemaOnly = false

    /// Takes it; the caller sees to it that no migration runs meanwhile.
    func take(
        into repository: Repository, _ title: SnapshotTitle, _ codec: Codec?
    ) throws -> TakenSnapshot {
        guard let openBulk = database.openBulk else {
            throw Failure(.internalError, "internal", "this connection streams no rows")
        }
        let writer = try SnapshotWriter(repository, title, codec: codec)
        let observer = app.snapshotObserver
        observer.began("reading", database.display)
        let report = app.terminal.progress?.bytesReporter
        let take = PostgresTake(
            connect: openBulk, access: .live, writer: writer.chunks,
            options: PostgresTake.Options(jobs: jobs, isSchemaOnly: isSchemaOnly),
            cancellation: app.cancellation,
            onProgress: { report?($0.bytes, $0.totalBytes) })
        let content = try take.run()
        let manifest = try writer.finish(
            database: SourceDatabase(
                system: .postgresql, name: String(database.display.prefix(2000)),
                version: content.serverVersion),
            parts: content.parts, exclusions: content.exclusions)
        return TakenSnapshot(
            manifest: manifest, tables: content.tables, newBytes: writer.chunks.newBytes,
            isClockBehind: writer.isClockBehind)
    }
}
