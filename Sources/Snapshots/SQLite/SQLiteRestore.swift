package import Database
package import SnapshotFormat
internal import Storage

/// A restore that was done, for people and documents.
package struct RestoredDatabase: Sendable {
    /// Where what was there before is kept; nil where nothing was there.
    package var kept: String?
    /// Tables that were restored.
    package var tables: Int
    /// Rows that were restored.
    package var rows: Int64
    /// SHA-256 of what was restored, which is the manifest's.
    package var contentDigest: String
    /// Rows that refer to one that is not there, as they did in the snapshot.
    package var brokenReferences: Int
}

/// Restores a snapshot into an SQLite file.
///
/// It is restored beside the live file, checked, and then copied in under the exclusive lock: open
/// readers see the old database or the new one. The caller holds the run's lock on the target.
package struct SQLiteRestore {
    private let files: any FileDatabases
    private let target: SQLiteTarget
    private let manifest: Manifest
    private let part: Part
    /// How long to wait for others that use the database.
    package var busyTimeout = Duration.seconds(5)
    /// Ends it.
    package var cancellation = Cancellation()
    /// Who is told.
    package var observer = SnapshotObserver()

    /// Prepares one.
    ///
    /// - Parameters:
    ///   - manifest: of an SQLite database.
    ///   - path: the file that is replaced or made.
    ///   - files: opens databases.
    /// - Throws: `.refused` where the snapshot is of another system.
    package init(
        _ manifest: Manifest, to path: String, files: any FileDatabases
    ) throws(SnapshotError) {
        guard manifest.database.system == .sqlite, let part = manifest.parts.first else {
            throw SnapshotError(
                .refused,
                "the snapshot is of a \(manifest.database.system.rawValue) database, "
                    + "and the target is an SQLite file")
        }
        self.files = files
        self.manifest = manifest
        self.part = part
        target = SQLiteTarget(path)
    }

    private var newPath: String { target.newPath(manifest.id) }
    private var keptPath: String { target.keptPath(manifest.id) }
    private var keepingPath: String { target.keepingPath(manifest.id) }

    /// Looks whether it can be done, and writes nothing.
    ///
    /// - Throws: `.refused`, `.database`.
    package func preflight() throws(SnapshotError) {
        guard !SystemFiles.exists(keptPath) else {
            throw SnapshotError(
                .refused,
                "'\(keptPath)' is there already: it keeps what an earlier restore of this "
                    + "snapshot replaced",
                hint: "When it is not needed any more: migrate restore --forget \(manifest.id.text)"
            )
        }
        if let free = SystemFiles.freeSpace(at: target.path), free < part.bytes {
            throw SnapshotError(
                .refused,
                "the restored database has \(part.bytes) bytes, and \(free) are free beside "
                    + "'\(target.path)'")
        }
        guard target.exists else { return try target.refuseStrays() }
        do throws(DatabaseError) {
            let live = try files.open(target.path, busyTimeout: busyTimeout)
            defer { live.close() }
            let mode = try live.query("PRAGMA main.journal_mode").rows.first?.values.first?.string
            let size = try SQLiteFacts.number(live, "PRAGMA page_size")
            guard mode == "wal", size != part.properties["page_size"]?.integer else { return }
        } catch {
            var failure = SnapshotError(error)
            if error.code == .corrupt {
                failure.code = .refused
                failure.message =
                    "the target cannot be replaced under its readers, as it is no sound "
                    + "database: \(error.message)"
                failure.hint = "Move '\(target.path)' and what is beside it away, then restore."
            }
            throw failure
        }
        throw SnapshotError(
            .refused, "the target is in WAL mode and has another page size than the snapshot",
            hint: "SQLite cannot change it under open readers. Stop them and run "
                + "'PRAGMA journal_mode=DELETE' on the target, or restore to another file.")
    }

    /// Restores it.
    ///
    /// - Parameter chunks: of the repository, open.
    /// - Returns: what was restored.
    /// - Throws: `.damaged`, `.refused`, `.restoreFailed`, `.database` (a lock), `.storage`,
    ///   `.interrupted`; the target is as it was.
    package func run(_ chunks: any ChunkReader) throws(SnapshotError) -> RestoredDatabase {
        try preflight()
        let isNew = !target.exists
        // Those of a restore that was killed; the run's lock says that none is at it.
        SystemFiles.removeDatabase(newPath)
        SystemFiles.removeDatabase(keepingPath)
        defer { SystemFiles.removeDatabase(newPath) }
        try writeNew(chunks, mode: isNew ? 0o666 : 0o600)
        let broken = try check()
        if isNew { try moveIn() } else { try copyIn() }
        return RestoredDatabase(
            kept: isNew ? nil : keptPath, tables: Int(part.properties["tables"]?.integer ?? 0),
            rows: part.rows, contentDigest: part.digest?.hex ?? "", brokenReferences: broken)
    }

    private func writeNew(_ chunks: any ChunkReader, mode: UInt32) throws(SnapshotError) {
        observer.began("reading", manifest.id.text)
        let file = try beside { () throws(SnapshotError) in
            try SequentialFile(creating: newPath, mode: mode)
        }
        var done: Int64 = 0
        try chunks.read(part, of: manifest) { (content) throws(SnapshotError) in
            guard !cancellation.isRequested else {
                throw SnapshotError(.interrupted, "interrupted")
            }
            try beside { () throws(SnapshotError) in try file.write(content) }
            done += Int64(content.count)
            observer.progressed(done, part.bytes)
        }
        try beside { () throws(SnapshotError) in try file.flush() }
    }

    /// What fails beside the target is a failure of the restore and not of the repository.
    private func beside<Result: ~Copyable>(
        _ work: () throws(SnapshotError) -> Result
    ) throws(SnapshotError) -> Result {
        do {
            return try work()
        } catch {
            var failure = error
            if failure.code == .storage { failure.code = .restoreFailed }
            throw failure
        }
    }

    /// Holds the new file against the manifest.
    private func check() throws(SnapshotError) -> Int {
        observer.began("checking", manifest.id.text)
        var problem: String?
        var broken = 0
        do throws(DatabaseError) {
            let copy = try files.open(newPath, busyTimeout: .zero)
            defer { copy.close() }
            try cancellation.interruptible(copy.interrupter) { () throws(DatabaseError) in
                // What the schema calls must be harmless: it may be somebody else's.
                try copy.query("PRAGMA trusted_schema=OFF")
                let problems = try SQLiteFacts.problems(copy)
                problem = problems.first
                guard problems.isEmpty else { return }
                problem = try SQLiteFacts(copy).difference(from: part)
                broken = try SQLiteFacts.brokenReferences(copy)
                if target.exists || part.properties["journal_mode"]?.text != "wal" { return }
                try copy.query("PRAGMA journal_mode=WAL")
            }
        } catch {
            guard error.code == .corrupt || error.code == .undefinedObject else {
                throw failed(error)
            }
            problem = error.message
        }
        guard let problem else { return broken }
        let damage = Damage(object: Manifest.objectName(manifest.id), problem: problem)
        throw SnapshotError(
            .damaged, "the snapshot is no sound database: \(problem)", damage: [damage])
    }

    private func moveIn() throws(SnapshotError) {
        observer.began("replacing", target.path)
        try target.refuseStrays()
        try beside { () throws(SnapshotError) in
            try SystemFiles.flush(newPath)
            try SystemFiles.move(newPath, to: target.path)
        }
    }

    private func copyIn() throws(SnapshotError) {
        observer.began("replacing", target.path)
        var isKept = false
        do throws(DatabaseError) {
            let live = try files.open(target.path, busyTimeout: busyTimeout)
            defer { live.close() }
            try cancellation.interruptible(live.interrupter) { () throws(DatabaseError) in
                try live.replaceContent(
                    from: newPath, keeping: keepingPath,
                    whenKept: { () throws(DatabaseError) in
                        do throws(SnapshotError) {
                            try SystemFiles.move(keepingPath, to: keptPath)
                            isKept = true
                        } catch {
                            throw DatabaseError(.storage, error.message)
                        }
                    }, onProgress: observer.progressed)
            }
        } catch {
            SystemFiles.removeDatabase(keepingPath)
            var failure = failed(error)
            if isKept {
                // An error at the end of the commit does not tell whether it took effect.
                if target.hasPages(of: newPath, files) == true { return }
                if target.hasPages(of: keptPath, files) == true {
                    SystemFiles.removeDatabase(keptPath)
                } else {
                    failure.message = "the restore failed: \(error.message)"
                    failure.hint =
                        "What was there is kept in '\(keptPath)'; look at the target before "
                        + "forgetting it."
                }
            }
            throw failure
        }
    }

    private func failed(_ error: DatabaseError) -> SnapshotError {
        var failure = SnapshotError(error)
        if failure.code == .database, error.code != .lockTimeout {
            failure.code = .restoreFailed
            failure.message = "the restore failed, the target is as it was: \(error.message)"
        }
        return failure
    }
}

extension SQLiteFacts {
    /// The first fact in which the manifest says something else.
    fileprivate func difference(from part: Part) -> String? {
        let facts: [(String, Int64, Int64?)] = [
            ("page size", pageSize, part.properties["page_size"]?.integer),
            ("number of pages", pageCount, part.properties["page_count"]?.integer),
            ("application id", applicationID, part.properties["application_id"]?.integer),
            ("user version", userVersion, part.properties["user_version"]?.integer),
            ("number of tables", tables, part.properties["tables"]?.integer),
            ("number of rows", rows, part.rows),
        ]
        for (name, found, wanted) in facts where found != wanted {
            return "its \(name) is \(found) in the place of \(wanted ?? 0)"
        }
        return nil
    }
}
