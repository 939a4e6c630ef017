package import Database
internal import PostgresCatalog
package import SnapshotFormat

/// Restores some tables of a snapshot into a database that is there: one transaction creates those
/// that are missing and replaces the rows of the others, or does nothing.
package struct PostgresTablesRestore {
    /// What is done, before or after.
    package struct Report: Sendable {
        /// Tables whose rows are replaced.
        package var replaced: [RestoredTable]
        /// How many rows are there before.
        package var replacedRows: ReplacedRows
        /// Tables that are created.
        package var created: [RestoredTable]
        /// How many tables with rows of their own are restored.
        package var tables: Int
        /// How many rows.
        package var rows: Int64
        /// What came along, and what could not, in words.
        package var remarks: [String]
        /// Whether rows and objects were compared.
        package var isProven: Bool
    }

    private let connection: any BulkConnection
    private let access: CatalogAccess
    private let reader: any ChunkReader
    private let options: PostgresRestore.Options
    private let cancellation: Cancellation
    private let transaction: InPlaceTransaction
    /// Called before each phase; what it throws ends the restore.
    package var onPhase: (PostgresRestore.Phase) throws -> Void = { _ in }
    /// Called for each piece of rows that was sent.
    package var onProgress: @Sendable (TakeProgress) -> Void = { _ in }
    /// Called where rows are replaced, when nobody can write them any more; what it throws ends the
    /// restore.
    package var beforeReplacing: () throws -> Void = {}

    /// Prepares a restore of `options.tables`; the parameters are those of `PostgresInPlaceRestore`.
    package init(
        _ connection: any BulkConnection,
        reconnect: @escaping @Sendable () throws -> any BulkConnection,
        access: CatalogAccess, reader: any ChunkReader, options: PostgresRestore.Options,
        cancellation: Cancellation
    ) {
        self.connection = connection
        self.access = access
        self.reader = reader
        self.options = options
        self.cancellation = cancellation
        transaction = InPlaceTransaction(
            connection: connection, reconnect: reconnect, cancellation: cancellation,
            patience: options.deadline)
    }

    /// Looks whether it can be done, and what would be; writes nothing.
    ///
    /// - Throws: `.refused`, `.damaged`, `.unsupported`, `.database`, `.storage`, `.interrupted`.
    package func preview(
        _ parts: [Part], serverVersion: String
    ) throws(SnapshotError) -> Report {
        do {
            let whole = try content(parts, serverVersion)
            try connection.run(PostgresSession.restore + [Step("BEGIN READ ONLY")])
            defer { _ = try? connection.query("ROLLBACK") }
            try transaction.prepare()
            return try transaction.interruptible {
                let work = try plan(whole)
                return try report(work)
            }
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(postgres: error)
        }
    }

    /// Restores.
    ///
    /// - Returns: what became of it.
    /// - Throws: as `preview`, and `.restoreFailed`: the database is as it was.
    package func run(
        _ parts: [Part], serverVersion: String
    ) throws(SnapshotError) -> Report {
        do {
            let whole = try content(parts, serverVersion)
            return try transaction.run { try restore(whole) }
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(inPlace: error, connection)
        }
    }

    private func content(_ parts: [Part], _ serverVersion: String) throws -> RestoreContent {
        var options = options
        options.tables = nil
        return try RestoreContent(parts, reader, serverVersion, options)
    }

    private func enter(_ phase: PostgresRestore.Phase) throws {
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        try onPhase(phase)
    }

    // MARK: - The plan

    private func plan(_ whole: RestoreContent) throws -> TablesWork {
        try Preflight(whole, connection).checkVersion()
        let target = try access.schema(connection)
        let plan = try SelectionPlan(options.tables ?? [], of: whole.model, into: target)
        guard plan.replaced.isEmpty || whole.holdsRows else {
            throw SnapshotError(
                .refused,
                "\(plan.replaced.sorted()[0].text) is there, and there are no rows to replace its "
                    + "own with",
                hint: "The snapshot, or this restore, is one of the schema only.")
        }
        try transaction.prepare()
        return TablesWork(
            connection: connection, access: access,
            content: whole.selecting(plan.tables), plan: plan, target: target,
            roles: try RolePolicy(
                options.missingRoles,
                SchemaModel(database: target.database, entries: plan.entries), connection),
            existing: try ReplacedTables(plan.replaced, connection))
    }

    private func report(_ work: TablesWork) throws -> Report {
        Report(
            replaced: work.plan.replaced.sorted(),
            replacedRows: try ReplacedRows(connection, of: work.existing.oids),
            created: work.plan.created.sorted(), tables: work.content.tables.count,
            rows: work.content.rows,
            remarks: work.plan.brought + work.plan.leftOut.map { "left out: " + $0 }
                + work.staleViews.map { "\($0) is not refreshed" },
            isProven: options.proves)
    }

    /// Plans, locks what the plan names, and plans again, for what was locked may have changed before.
    private func lockedPlan(_ whole: RestoreContent) throws -> TablesWork {
        let first = try plan(whole)
        try TableLocks(connection).lock(first.lockedTables.map(\.quoted), mode: "EXCLUSIVE")
        let second = try plan(whole)
        guard first.lockedTables == second.lockedTables else {
            throw SnapshotError(
                .refused, "tables were created or dropped meanwhile", hint: "Try again.")
        }
        return second
    }

    // MARK: - The work

    private func restore(_ whole: RestoreContent) throws -> Report {
        try enter(.preflight)
        let work = try transaction.interruptible { try lockedPlan(whole) }
        var report = try transaction.interruptible { try self.report(work) }
        if !work.plan.replaced.isEmpty { try beforeReplacing() }
        try enter(.schema)
        try transaction.interruptible {
            try work.roles.createRoles(connection)
            try work.begin()
        }
        try enter(.rows)
        let rows = InPlaceRows(
            connection: connection, content: work.content, reader: reader,
            cancellation: cancellation, onProgress: onProgress)
        try transaction.interruptible {
            try rows.load()
            try work.setSequences()
        }
        try enter(.indexes)
        try transaction.interruptible {
            try connection.query("SET LOCAL maintenance_work_mem = '256MB'")
            try work.finishTables()
        }
        if options.proves, whole.holdsRows {
            try enter(.proof)
            let tables = try transaction.interruptible {
                try access.schema(connection).tables.filter {
                    work.plan.tables.contains(RestoredTable($0))
                }
            }
            try work.proof.check(
                rows: try rows.read(tables, encoding: whole.model.database.encoding))
            try transaction.prepare()
        }
        try enter(.privileges)
        try transaction.interruptible { try work.end() }
        try enter(.swap)
        report.remarks += work.roles.report + work.content.paths.remarks
        return report
    }
}
