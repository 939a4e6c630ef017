package import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// Takes a snapshot of one PostgreSQL database: everything but the manifest.
///
/// It never waits for long with locks held before its snapshot exists, and keeps other sessions from
/// nothing but `ALTER`, `DROP`, `TRUNCATE` and the like of its tables while it reads.
package struct PostgresTake: Sendable {
    /// How it is done.
    package struct Options: Sendable {
        /// How many sessions read at the same time, 1 or more.
        package var jobs: Int
        /// Leaves the rows out.
        package var isSchemaOnly: Bool
        /// How long one attempt waits for a lock of a table.
        package var lockTimeout: Duration
        /// How long it is tried to find a moment at which nothing changes.
        package var patience: Duration

        /// Creates options.
        package init(
            jobs: Int = 2, isSchemaOnly: Bool = false, lockTimeout: Duration = .seconds(5),
            patience: Duration = .seconds(60)
        ) {
            self.jobs = max(1, jobs)
            self.isSchemaOnly = isSchemaOnly
            self.lockTimeout = lockTimeout
            self.patience = patience
        }
    }

    /// What the manifest of a snapshot without rows says of them.
    static let schemaOnly = "the rows of all tables: a snapshot of the schema only"

    private let connect: @Sendable () throws -> any BulkConnection
    private let access: CatalogAccess
    private let writer: any ChunkWriter
    private let options: Options
    private let cancellation: Cancellation
    private let onProgress: @Sendable (TakeProgress) -> Void
    var onStage: @Sendable (MomentFinder.Stage) -> Void = { _ in }

    /// Prepares a snapshot.
    ///
    /// - Parameters:
    ///   - connect: opens a session to the database, on the thread that will use it.
    ///   - access: how the objects are read.
    ///   - writer: where chunks go.
    ///   - options: how it is done.
    ///   - cancellation: ends it.
    ///   - onProgress: called on any thread, about once for each MiB of rows.
    package init(
        connect: @escaping @Sendable () throws -> any BulkConnection, access: CatalogAccess,
        writer: any ChunkWriter, options: Options, cancellation: Cancellation,
        onProgress: @escaping @Sendable (TakeProgress) -> Void = { _ in }
    ) {
        self.connect = connect
        self.access = access
        self.writer = writer
        self.options = options
        self.cancellation = cancellation
        self.onProgress = onProgress
    }

    /// Takes it.
    ///
    /// - Throws: `.refused` where the database holds what cannot be taken or does not hold still;
    ///   `.database`, `.storage`, `.interrupted`.
    package func run() throws(SnapshotError) -> PostgresContent {
        do {
            return try take()
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(postgres: error)
        }
    }

    private func take() throws -> PostgresContent {
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        let leader = try openCatalogSession()
        defer { leader.close() }
        let lister = try openCatalogSession()
        let group = InterrupterGroup()
        group.add(leader.interrupter)
        group.add(lister.interrupter)
        let moment = try cancellation.interruptible(group) {
            var finder = MomentFinder(
                leader: leader, lister: lister, access: access, cancellation: cancellation,
                lockTimeout: options.lockTimeout, patience: options.patience,
                readsRows: !options.isSchemaOnly)
            if options.jobs > 1 {
                finder.connect = {
                    let connection = try connect()
                    group.add(connection.interrupter)
                    return connection
                }
            }
            finder.onStage = onStage
            return try finder.find()
        }
        lister.close()
        let document = CatalogDocument(
            moment.model, states: options.isSchemaOnly ? nil : moment.sequences)
        let catalog = try Part(catalog: document, writer)
        var exclusions = moment.model.exclusions
        var parts = [catalog]
        if options.isSchemaOnly {
            exclusions.append(Self.schemaOnly)
        } else {
            parts += try rows(moment)
        }
        // Its success shows that locks and snapshot were held to the end.
        try leader.query("COMMIT")
        return PostgresContent(
            databaseName: moment.model.database.name, serverVersion: leader.serverVersion,
            parts: parts, exclusions: exclusions)
    }

    private func openSession() throws -> any BulkConnection {
        let connection = try connect()
        try connection.run(PostgresSession.reading)
        return connection
    }

    /// One that is to read catalogs first.
    private func openCatalogSession() throws -> any BulkConnection {
        let connection = try connect()
        try connection.run(PostgresSession.reading + CatalogSession.steps)
        return connection
    }

    private func rows(_ moment: Moment) throws -> [Part] {
        // Reading the objects has set the session as that needs it.
        try moment.leader.run(PostgresSession.reading)
        let facts = MomentFacts(
            snapshot: moment.snapshot, tables: moment.model.tables,
            encoding: moment.model.database.encoding)
        let reading = RowReading(
            connect: { try openSession() }, writer: writer, jobs: options.jobs,
            cancellation: cancellation, onProgress: onProgress)
        return try reading.parts(
            facts, moment.storage, hasLargeObjects: moment.hasLargeObjects, leader: moment.leader)
    }
}

extension SnapshotError {
    /// Whatever was thrown, as an error of a snapshot.
    init(postgres error: any Error) {
        switch error {
        case let error as SnapshotError: self = error
        case let error as DatabaseError: self.init(error)
        case let failure as StepFailure: self.init(failure.error)
        case let error as CatalogError:
            self.init(
                error.code == .database ? .database : .refused, error.message, hint: error.hint,
                database: error.cause)
        default: self.init(.refused, "an unexpected error occurred")
        }
    }
}
