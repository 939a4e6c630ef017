package import Database
internal import PostgresCatalog
package import SnapshotFormat

/// Restores a snapshot into a database of its own, proves that it is the same, and puts it in the
/// place of the target. Whatever fails, the target goes on as it is.
package struct PostgresRestore: Sendable {
    /// How it is done.
    package struct Options: Sendable {
        /// How many sessions load and build at the same time, 1 or more.
        package var jobs: Int
        /// What happens where a role is missing.
        package var missingRoles: MissingRoles
        /// Restores the objects and no rows.
        package var isSchemaOnly: Bool
        /// Whether rows and objects are read again and compared.
        package var proves: Bool
        /// How long sessions of the target may take to end, once they were told to.
        package var deadline: Duration
        /// The tables that are restored, with all that they need; nil for everything.
        package var tables: Set<RestoredTable>?

        /// Creates options.
        package init(
            jobs: Int = 2, missingRoles: MissingRoles = .fail, isSchemaOnly: Bool = false,
            proves: Bool = true, deadline: Duration = .seconds(30),
            tables: Set<RestoredTable>? = nil
        ) {
            self.tables = tables
            self.jobs = max(1, jobs)
            self.missingRoles = missingRoles
            self.isSchemaOnly = isSchemaOnly
            self.proves = proves
            self.deadline = deadline
        }
    }

    /// What a restore does, one after the other.
    package enum Phase: String, Sendable, CaseIterable {
        /// Looks whether it can succeed; writes nothing.
        case preflight
        /// Creates the objects that rows need.
        case schema
        /// Loads the rows.
        case rows
        /// Creates indexes, constraints and triggers.
        case indexes
        /// Grants privileges, and creates what comes last.
        case privileges
        /// Reads all again and compares.
        case proof
        /// Puts the database in its place.
        case swap
    }

    /// What became of a restore.
    package struct Report: Sendable {
        /// The database that has the snapshot's content now.
        package let database: String
        /// What the database that was replaced is called; nil where there was none.
        package let keptDatabase: String?
        /// For `PostgresRestoreCleanup.forget`.
        package let id: String
        /// How many tables have their rows.
        package let tables: Int
        /// How many rows.
        package let rows: Int64
        /// Whether rows and objects were compared.
        package let isProven: Bool
        /// What is not as it was, in words.
        package let remarks: [String]
    }

    let connect: @Sendable (_ database: String) throws -> any BulkConnection
    let access: CatalogAccess
    let reader: any ChunkReader
    let options: Options
    let cancellation: Cancellation
    let onPhase: @Sendable (Phase) throws -> Void
    let onProgress: @Sendable (TakeProgress) -> Void

    /// Prepares a restore.
    ///
    /// - Parameters:
    ///   - connect: opens a session to a database of the server, on the thread that will use it.
    ///   - access: how the objects are read.
    ///   - reader: where chunks come from.
    ///   - options: how it is done.
    ///   - cancellation: ends it.
    ///   - onPhase: called before each phase; what it throws ends the restore.
    ///   - onProgress: called on any thread, for each piece of rows that was sent.
    package init(
        connect: @escaping @Sendable (_ database: String) throws -> any BulkConnection,
        access: CatalogAccess, reader: any ChunkReader, options: Options,
        cancellation: Cancellation, onPhase: @escaping @Sendable (Phase) throws -> Void = { _ in },
        onProgress: @escaping @Sendable (TakeProgress) -> Void = { _ in }
    ) {
        self.connect = connect
        self.access = access
        self.reader = reader
        self.options = options
        self.cancellation = cancellation
        self.onPhase = onPhase
        self.onProgress = onProgress
    }

    /// Restores.
    ///
    /// - Parameters:
    ///   - parts: of the manifest.
    ///   - serverVersion: the version of the server that the snapshot was taken of, `15.18`.
    ///   - target: the database that is created, or replaced.
    ///   - hold: what keeps runs of migrations out of the target, where it is there.
    /// - Returns: what became of it.
    /// - Throws: `.refused` before anything was written; `.damaged`, `.unsupported`,
    ///   `.restoreFailed`, `.database`, `.storage`, `.interrupted`: the target is as it was.
    package func run(
        _ parts: [Part], serverVersion: String, target: String, hold: TargetHold? = nil
    ) throws(SnapshotError) -> Report {
        do {
            return try restore(parts, serverVersion, target, hold)
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(postgres: error)
        }
    }

    private func restore(
        _ parts: [Part], _ serverVersion: String, _ target: String, _ hold: TargetHold?
    ) throws -> Report {
        let names = try RestoreNames(target: target)
        let session = try MaintenanceSession({ try connect($0) }, besides: target)
        defer { session.connection.close() }
        guard try session.lock(names) else {
            throw SnapshotError(.refused, "another restore has drawn the same name; try again")
        }
        try enter(.preflight)
        let content = try RestoreContent(parts, reader, serverVersion, options)
        let roles = try Preflight(content, session.connection).check(
            options.missingRoles, target: target)
        try TargetObstacles(target, session.connection).check()
        var isSwapping = false
        func report(_ kept: String?) -> Report {
            Report(
                database: target, keptDatabase: kept, id: names.id, tables: content.tables.count,
                rows: content.rows, isProven: options.proves,
                remarks: content.remarks + roles.report + content.paths.remarks)
        }
        do {
            try CreatedRoles.create(roles.toCreate, for: names, session.connection)
            try session.create(names.restored, like: content.model.database)
            let work = RestoreWork(
                restore: self, content: content, roles: roles, database: names.restored)
            try work.run()
            try enter(.swap)
            isSwapping = true
            let kept = try DatabaseSwap(
                session: session, names: names, hold: hold, roles: roles.toCreate,
                deadline: options.deadline, cancellation: cancellation
            ).run()
            return report(kept)
        } catch {
            guard let kept = try undo(names, session, isSwapping: isSwapping, error) else {
                throw error
            }
            return report(kept.isEmpty ? nil : kept)
        }
    }

    func enter(_ phase: Phase) throws {
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        try onPhase(phase)
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
    }

    /// Removes what was made, by a session of its own: the other one may be what failed.
    ///
    /// - Returns: where the swap took effect and only its answer was lost, what the database that was
    ///   there is called now, nothing where there was none; nil where it did not.
    private func undo(
        _ names: RestoreNames, _ old: MaintenanceSession, isSwapping: Bool, _ cause: any Error
    ) throws -> String? {
        do {
            let session = try MaintenanceSession({ try connect($0) }, besides: names.target)
            defer { session.connection.close() }
            // What it does for a client that it lost is to be over before anyone looks.
            try session.end(old)
            if isSwapping, try !session.find(names.restored).exists {
                return try session.find(names.kept).exists ? names.kept : ""
            }
            var roles: [String] = []
            try PostgresRestoreCleanup.undo(names, session, &roles)
            return nil
        } catch {
            var failure = SnapshotError(postgres: cause)
            failure.hint =
                "What is left of '\(names.restored)' is removed with: migrate restore --cleanup"
            if isSwapping {
                failure.code = .database
                failure.message =
                    "the connection broke at the swap, and whether it took effect is unknown: "
                    + failure.message
            }
            throw failure
        }
    }
}
