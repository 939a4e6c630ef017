package import Database
import Dispatch
internal import PostgresCatalog
internal import SnapshotFormat
import Synchronization

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
        let leader = try openSession()
        defer { leader.close() }
        let lister = try openSession()
        let group = InterrupterGroup()
        group.add(leader.interrupter)
        group.add(lister.interrupter)
        let moment = try cancellation.interruptible(group) {
            var finder = MomentFinder(
                leader: leader, lister: lister, access: access, cancellation: cancellation,
                lockTimeout: options.lockTimeout, patience: options.patience)
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
            exclusions.append("the rows of all tables: a snapshot of the schema only")
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

    // MARK: - Rows

    private func rows(_ moment: Moment) throws -> [Part] {
        let model = moment.model
        // Reading the objects has set the session as that needs it.
        try moment.leader.run(PostgresSession.reading)
        let units = CopyPlan.units(
            model.tables, moment.storage, hasLargeObjects: moment.hasLargeObjects)
        let work = CopyWork(units, onProgress: onProgress)
        let facts = MomentFacts(
            snapshot: moment.snapshot, tables: model.tables, encoding: model.database.encoding)
        try cancellation.interruptible(work.interrupters) {
            try read(units, work, facts, moment.leader)
        }
        let (segments, binary) = try work.result()
        return parts(model.tables, segments, binary, moment.hasLargeObjects)
    }

    private func read(
        _ units: [CopyUnit], _ work: CopyWork, _ facts: MomentFacts, _ leader: any BulkConnection
    ) throws {
        let workers = DispatchGroup()
        for _ in 1..<max(1, min(options.jobs, units.count)) {
            DispatchQueue(label: "snapshot.read").async(group: workers) {
                do {
                    let connection = try openSession()
                    defer { connection.close() }
                    work.interrupters.add(connection.interrupter)
                    var session = CopySession(
                        connection, isLeader: false, facts, work, writer)
                    try session.run()
                } catch {
                    work.fail(error)
                }
            }
        }
        work.interrupters.add(leader.interrupter)
        do {
            var session = CopySession(leader, isLeader: true, facts, work, writer)
            try session.run()
            workers.wait()
            // What the workers left for it meanwhile.
            try session.run()
        } catch {
            work.fail(error)
            workers.wait()
        }
    }

    private func parts(
        _ tables: [TableContents], _ segments: [StoredSegment], _ binary: Set<Int>,
        _ hasLargeObjects: Bool
    ) -> [Part] {
        var ofTable: [Int?: [StoredSegment]] = [:]
        for segment in segments {
            // What was read as text of a table that then had to be read in binary is of no use.
            let isBinary = segment.place.table.map(binary.contains) ?? false
            guard segment.place.isBinary == isBinary else { continue }
            ofTable[segment.place.table, default: []].append(segment)
        }
        func sorted(_ table: Int?) -> [StoredSegment] {
            (ofTable[table] ?? []).sorted {
                ($0.place.stream, $0.place.position) < ($1.place.stream, $1.place.position)
            }
        }
        let parts = tables.enumerated().map { index, table in
            Part(table, sorted(index), isBinary: binary.contains(index))
        }
        return hasLargeObjects ? parts + [Part(largeObjects: sorted(nil))] : parts
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
        default: self.init(.refused, "\(error)")
        }
    }
}
