package import Database
package import SnapshotFormat
internal import Storage

/// A snapshot that was taken, for people and documents.
package struct TakenSnapshot: Sendable {
    /// Its manifest.
    package var manifest: Manifest
    /// How many tables it holds.
    package var tables: Int
    /// Length of the stored chunks that were not there before.
    package var newBytes: Int64
    /// True where the clock was behind that of an earlier snapshot.
    package var isClockBehind: Bool

    /// Creates one.
    package init(
        manifest: Manifest, tables: Int, newBytes: Int64, isClockBehind: Bool = false
    ) {
        self.manifest = manifest
        self.tables = tables
        self.newBytes = newBytes
        self.isClockBehind = isClockBehind
    }

    /// How many rows it holds.
    package var rows: Int64 { manifest.rows }
}

extension Manifest {
    /// How many tables it holds.
    package var tables: Int {
        switch database.system {
        case .sqlite: Int(clamping: parts.first?.properties["tables"]?.integer ?? 0)
        case .postgresql: parts.count { $0.kind == .postgresTable }
        }
    }
    /// Whether it holds rows, or is one of the schema only.
    package var holdsRows: Bool { !exclusions.contains(PostgresTake.schemaOnly) }
    /// How many rows it holds.
    package var rows: Int64 {
        parts.reduce(0) {
            $0 + ($1.kind == .sqliteDatabase || $1.kind == .postgresTable ? $1.rows : 0)
        }
    }
}

/// What goes on, for a progress line. Called on the thread that works.
package struct SnapshotObserver {
    /// A phase begins: `copying`, `checking`, `storing`, …; and of what, a table or a file.
    package var began: (_ phase: String, _ object: String) -> Void = { _, _ in }
    /// Bytes of the phase that are done, and how many there are.
    package var progressed: (_ done: Int64, _ total: Int64) -> Void = { _, _ in }
    /// Something that should be known and stops nothing.
    package var warned: (_ text: String) -> Void = { _ in }

    /// Observes nothing.
    package init() {}
}

/// Takes snapshots of an SQLite database.
///
/// The database is copied through the online backup API into a file inside the repository, checked
/// there, and cut into chunks. Source: https://www.sqlite.org/backup.html
package struct SQLiteSnapshot {
    private let connection: any FileConnection
    private let files: any FileDatabases
    private let name: String
    /// Ends it.
    package var cancellation = Cancellation()
    /// Who is told.
    package var observer = SnapshotObserver()

    /// Prepares one.
    ///
    /// - Parameters:
    ///   - connection: to the database, used for the time of the copy.
    ///   - files: opens the copy.
    ///   - name: the database's address as it is shown.
    package init(_ connection: any FileConnection, files: any FileDatabases, name: String) {
        self.connection = connection
        self.files = files
        self.name = name
    }

    /// Takes it.
    ///
    /// - Parameters:
    ///   - repository: where it goes, open.
    ///   - title: what it is called.
    ///   - codec: how new chunks are stored; the repository's own where it is nil.
    /// - Returns: the snapshot, which exists now.
    /// - Throws: `.databaseDamaged`, `.database`, `.storage`, `.interrupted`.
    package func take(
        into repository: Repository, _ title: SnapshotTitle, codec: Codec? = nil
    ) throws(SnapshotError) -> TakenSnapshot {
        let writer = try SnapshotWriter(repository, title, codec: codec)
        let mode = try journalMode()
        let path = repository.place.storage.temporaryPath()
        defer { SystemFiles.removeDatabase(path) }
        observer.began("copying", name)
        do throws(DatabaseError) {
            try cancellation.interruptible(connection.interrupter) { () throws(DatabaseError) in
                try connection.copy(to: path, onProgress: observer.progressed)
            }
        } catch {
            throw SnapshotError(error)
        }
        try stopIfAsked()
        observer.began("checking", name)
        let facts = try examine(path)
        observer.began("storing", name)
        let part = try store(path, facts, mode, writer)
        let manifest = try writer.finish(
            database: SourceDatabase(
                system: .sqlite, name: String(name.prefix(2000)),
                version: connection.serverVersion),
            parts: [part])
        return TakenSnapshot(
            manifest: manifest, tables: Int(facts.tables), newBytes: writer.chunks.newBytes,
            isClockBehind: writer.isClockBehind)
    }

    private func journalMode() throws(SnapshotError) -> String {
        do throws(DatabaseError) {
            let mode = try connection.query("PRAGMA main.journal_mode").rows.first?[0].string
            // This program keeps the journal's file for the time of its own connection.
            return mode == "wal" ? "wal" : "delete"
        } catch {
            throw SnapshotError(error)
        }
    }

    private func examine(_ path: String) throws(SnapshotError) -> SQLiteFacts {
        do throws(DatabaseError) {
            let copy = try files.open(path, busyTimeout: .zero)
            defer { copy.close() }
            return try cancellation.interruptible(copy.interrupter) {
                () throws(DatabaseError) -> SQLiteFacts in
                let problems = try SQLiteFacts.problems(copy)
                guard problems.isEmpty else {
                    throw DatabaseError(.corrupt, problems.joined(separator: "; "))
                }
                return try SQLiteFacts(copy)
            }
        } catch {
            guard error.code == .corrupt else { throw SnapshotError(error) }
            var failure = SnapshotError(error)
            failure.code = .databaseDamaged
            failure.message = "the database is damaged, and no snapshot was taken: \(error.message)"
            throw failure
        }
    }

    private func store(
        _ path: String, _ facts: SQLiteFacts, _ mode: String, _ writer: SnapshotWriter
    ) throws(SnapshotError) -> Part {
        let total = facts.pageSize * facts.pageCount
        let pieces = FilePieces(path, bytes: total, cancellation, observer.progressed)
        let (chunks, digest) = try pieces.put(into: writer.chunks)
        return Part(
            kind: .sqliteDatabase, name: "main", rows: facts.rows, digest: digest, chunks: chunks,
            properties: [
                "page_size": .integer(facts.pageSize), "page_count": .integer(facts.pageCount),
                "application_id": .integer(facts.applicationID),
                "user_version": .integer(facts.userVersion), "journal_mode": .text(mode),
                "tables": .integer(facts.tables),
            ])
    }

    private func stopIfAsked() throws(SnapshotError) {
        guard !cancellation.isRequested else { throw SnapshotError(.interrupted, "interrupted") }
    }
}
