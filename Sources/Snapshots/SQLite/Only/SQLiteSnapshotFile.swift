package import Database
package import SnapshotFormat
internal import Storage

/// The database of a snapshot, written to a file of its own inside the repository, checked, and removed
/// at the end of its life.
package final class SQLiteSnapshotFile {
    let path: String
    let manifest: Manifest
    /// The journal mode of the database that the snapshot was taken of.
    var journalMode: String? { manifest.parts.first?.properties["journal_mode"]?.text }
    /// How many rows the tables of the snapshot have in all.
    package let rows: Int64

    /// Writes it.
    ///
    /// - Throws: `.refused` for a snapshot of another system; `.damaged`, `.storage`, `.interrupted`.
    package init(
        _ manifest: Manifest, of repository: Repository, files: any FileDatabases,
        cancellation: Cancellation, observer: SnapshotObserver
    ) throws(SnapshotError) {
        guard manifest.database.system == .sqlite, let part = manifest.parts.first else {
            throw SnapshotError(
                .refused,
                "the snapshot is of a PostgreSQL database, and the target is an SQLite file")
        }
        path = repository.place.storage.temporaryPath()
        self.manifest = manifest
        rows = part.rows
        if let free = SystemFiles.freeSpace(at: path), free < part.bytes {
            throw SnapshotError(
                .refused,
                "the database of the snapshot has \(part.bytes) bytes, and \(free) are free in the "
                    + "repository, where it is written for a while")
        }
        observer.began("reading", manifest.id.text)
        let file = try SequentialFile(creating: path, mode: 0o600)
        var done: Int64 = 0
        try repository.chunks.read(part, of: manifest) { (content) throws(SnapshotError) in
            guard !cancellation.isRequested else {
                throw SnapshotError(.interrupted, "interrupted")
            }
            try file.write(content)
            done += Int64(content.count)
            observer.progressed(done, part.bytes)
        }
        observer.began("checking", manifest.id.text)
        do throws(DatabaseError) {
            let copy = try files.open(path, busyTimeout: .zero)
            defer { copy.close() }
            let problems = try cancellation.interruptible(copy.interrupter) {
                () throws(DatabaseError) in
                // What the schema calls must be harmless: it may be somebody else's.
                try copy.query("PRAGMA trusted_schema=OFF")
                return try SQLiteFacts.problems(copy)
            }
            if let problem = problems.first { throw DatabaseError(.corrupt, problem) }
        } catch {
            guard error.code == .corrupt else { throw SnapshotError(error) }
            let damage = Damage(object: Manifest.objectName(manifest.id), problem: error.message)
            throw SnapshotError(
                .damaged, "the snapshot is no sound database: \(error.message)", damage: [damage])
        }
    }

    deinit { SystemFiles.removeDatabase(path) }

    /// Attaches it to a connection under this name.
    static let schema = "migrate_snapshot"

    func attach(to connection: any Connection) throws(DatabaseError) {
        try connection.query("ATTACH ?1 AS \(Self.schema)", [.text(path)])
    }
}
