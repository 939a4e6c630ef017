package import Database
internal import SnapshotFormat

/// Restores some tables of a snapshot into an SQLite database that is there: one transaction creates
/// those that are missing and replaces the rows of the others, or does nothing.
///
/// The caller holds the run's lock on the database.
package struct SQLiteTablesRestore {
    /// What is done, before or after.
    package struct Report: Sendable {
        /// Tables whose rows are replaced.
        package var replaced: [String] = []
        /// How many rows these have before.
        package var replacedRows: Int64 = 0
        /// Tables that are created.
        package var created: [String] = []
        /// How many rows are restored.
        package var rows: Int64 = 0
        /// What should be known, in words.
        package var remarks: [String] = []
    }

    private let snapshot: SQLiteSnapshotFile
    private let files: any FileDatabases
    private let target: SQLiteTarget
    private let names: [String]
    /// How long to wait for others that use the database.
    package var busyTimeout = Duration.seconds(5)
    /// Ends it.
    package var cancellation = Cancellation()
    /// Called where rows are replaced, when nobody can write any more; what it throws ends the
    /// restore.
    package var beforeReplacing: () throws -> Void = {}
    /// Called before the commit; what it throws ends the restore.
    var beforeCommit: () throws -> Void = {}

    /// Prepares one.
    ///
    /// - Parameters:
    ///   - names: of tables of the snapshot, as `tables()` has them.
    ///   - snapshot: what is restored.
    ///   - path: the file; made where there is none.
    ///   - files: opens databases.
    package init(
        _ names: [String], of snapshot: SQLiteSnapshotFile, to path: String,
        files: any FileDatabases
    ) {
        self.names = names
        self.snapshot = snapshot
        self.files = files
        target = SQLiteTarget(path)
    }

    /// The names of the tables of a snapshot.
    ///
    /// - Throws: `.database`.
    package static func tables(
        of snapshot: SQLiteSnapshotFile, files: any FileDatabases
    ) throws(SnapshotError) -> [String] {
        do {
            let copy = try files.open(snapshot.path, busyTimeout: .zero)
            defer { copy.close() }
            return try SQLiteTable.names(in: "main", copy)
        } catch {
            throw SnapshotError(error)
        }
    }

    /// Looks whether it can be done, and what would be; writes nothing.
    ///
    /// - Throws: `.refused`, `.database`.
    package func preview() throws(SnapshotError) -> Report {
        do {
            // Where there is no file, everything is created.
            let live = try files.open(
                target.exists ? target.path : snapshot.path, busyTimeout: busyTimeout)
            defer { live.close() }
            try snapshot.attach(to: live)
            let work = try SQLiteTablesWork(names, live, isNew: !target.exists)
            return try work.report()
        } catch {
            throw SnapshotError(tables: error)
        }
    }

    /// Restores.
    ///
    /// - Returns: what became of it.
    /// - Throws: `.refused`, `.restoreFailed`, `.database` (a lock), `.interrupted`: the database is as
    ///   it was.
    package func run() throws(SnapshotError) -> Report {
        do {
            guard !target.exists else { return try restore(into: target.path) }
            return try create()
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(tables: error)
        }
    }

    /// Makes the database beside its place, so that its name leads to all of it or to nothing.
    private func create() throws -> Report {
        try target.refuseStrays()
        let path = target.newPath(snapshot.manifest.id)
        SystemFiles.removeDatabase(path)
        defer { SystemFiles.removeDatabase(path) }
        try SequentialFile(creating: path, mode: 0o666).flush()
        let report = try restore(into: path)
        try SystemFiles.flush(path)
        try SystemFiles.move(path, to: target.path)
        return report
    }

    private func restore(into path: String) throws -> Report {
        let live = try files.open(path, busyTimeout: busyTimeout)
        defer { live.close() }
        return try cancellation.interruptible(live.interrupter) {
            try snapshot.attach(to: live)
            // Rows are checked before the commit instead; and a DELETE must not reach other tables.
            try live.query("PRAGMA foreign_keys=OFF")
            try live.query("PRAGMA trusted_schema=OFF")
            try live.query("BEGIN IMMEDIATE")
            do {
                let work = try SQLiteTablesWork(names, live, isNew: false)
                let report = try work.report()
                if !work.replaced.isEmpty { try beforeReplacing() }
                try work.run()
                try beforeCommit()
                if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
                try live.query("COMMIT")
                return report
            } catch {
                if live.transactionState != .idle { _ = try? live.query("ROLLBACK") }
                throw error
            }
        }
    }
}

extension SnapshotError {
    /// What ended a restore of tables, which was rolled back.
    fileprivate init(tables error: any Error) {
        switch error {
        case let error as SnapshotError:
            self = error
        case let error as DatabaseError:
            self.init(error)
            guard code == .database, error.code != .lockTimeout else { return }
            code = .restoreFailed
            message = "the restore failed, the target is as it was: \(error.message)"
        default:
            self.init(.restoreFailed, "the restore failed, the target is as it was")
        }
    }
}
