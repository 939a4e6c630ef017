internal import Database
internal import PostgresCatalog

/// One moment of a database, held open: its tables locked, its snapshot exported, its objects read.
struct Moment {
    /// The session that holds the locks and the snapshot.
    let leader: any BulkConnection
    /// The name under which others import the snapshot.
    let snapshot: String
    /// Storage of each table by its OID; empty where no rows are read.
    let storage: [UInt32: RelationStorage]
    /// The objects.
    let model: SchemaModel
    /// The state of each sequence of the model, in their order; empty where no rows are read.
    let sequences: [SequenceState]
    /// Whether there are large objects.
    let hasLargeObjects: Bool
}

/// Where a sequence stands.
package struct SequenceState: Sendable, Hashable {
    /// Its last value, or the one that comes first.
    package var lastValue: Int64
    /// Whether the last value was given out.
    package var isCalled: Bool

    /// Creates a state.
    package init(lastValue: Int64, isCalled: Bool) {
        self.lastValue = lastValue
        self.isCalled = isCalled
    }

    /// The states of sequences, in their order.
    static func read(
        _ sequences: [SequenceContents], _ connection: any Connection
    ) throws(StepFailure) -> [SequenceState] {
        let steps = sequences.map {
            Step("SELECT last_value, is_called FROM \(PostgresName.quoted($0.schema, $0.name))")
        }
        return try connection.run(steps).map { result in
            SequenceState(
                lastValue: result.rows.first?[0].integer ?? 0,
                isCalled: result.rows.first?[1].boolean ?? false)
        }
    }
}

/// Finds a moment at which the database holds still.
///
/// The snapshot is taken when all locks are held, never before: a transaction that rewrites a table
/// and commits between snapshot and lock leaves a table that looks empty to the snapshot. Then the
/// tables are listed again, and the catalogs' fingerprint is taken before and after the objects are
/// read, for what decompiles definitions does not keep to the snapshot. Any difference starts over.
///
/// Source: https://www.postgresql.org/docs/current/mvcc-caveats.html
struct MomentFinder {
    let leader: any BulkConnection
    /// A session outside of any transaction.
    let lister: any BulkConnection
    let access: CatalogAccess
    let cancellation: Cancellation
    let lockTimeout: Duration
    let patience: Duration
    /// Opens a further session on another thread, for half of the objects; nil for none.
    var connect: (@Sendable () throws -> any BulkConnection)?
    /// Whether rows are read at this moment, and not the objects alone.
    var readsRows = true
    /// For tests: called when the tables are listed, and when they are locked.
    var onStage: (Stage) -> Void = { _ in }

    enum Stage { case listed, locked, read }

    /// What went on while it was looked at.
    private enum Attempt {
        case held(Moment)
        case changed(String)
    }

    /// - Throws: `.refused` where the database does not hold still within the time.
    func find() throws -> Moment {
        let deadline = ContinuousClock.now + patience
        var wait = Duration.milliseconds(20)
        while true {
            let reason: String
            switch try attempt() {
            case .held(let moment): return moment
            case .changed(let what): reason = what
            }
            try leader.query("ROLLBACK")
            if ContinuousClock.now >= deadline {
                throw SnapshotError(
                    .refused, "no moment was found at which the database held still: \(reason)",
                    hint: "Wait for migrations and maintenance to end, and try again.")
            }
            if cancellation.wait(wait) { throw SnapshotError(.interrupted, "interrupted") }
            wait = min(wait * 2, .seconds(1))
        }
    }

    private func schema(_ snapshot: String) throws -> SchemaModel {
        guard let connect else { return try access.schema(leader) }
        return try access.sharedSchema(leader) {
            let connection = try connect()
            try connection.run(
                CatalogSession.steps + [
                    // Someone may wait for a table that the leader has locked: whoever asks for
                    // another lock of it waits behind him.
                    Step("SET lock_timeout = 200"),
                    Step("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                    Step("SET TRANSACTION SNAPSHOT \(PostgresName.literal(snapshot))"),
                ])
            return connection
        }
    }

    /// Whether no object changed since the leader's snapshot: nothing was written at all, or nothing
    /// into the catalogs.
    private func heldStill(since position: WALPosition?) throws -> Bool {
        if let position, try WALPosition(lister) == position { return true }
        return try access.fingerprint(leader) == access.fingerprint(lister)
    }

    private func attempt() throws -> Attempt {
        let listed = try RelationList(lister, withStorage: false)
        onStage(.listed)
        let milliseconds = lockTimeout / .milliseconds(1)
        let begin = [
            Step("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Step("SET LOCAL lock_timeout = \(Int(milliseconds))"),
        ]
        do {
            try leader.run(begin + listed.lockSteps() + [Step("SET LOCAL lock_timeout = 0")])
        } catch {
            switch error.error.code {
            case .lockTimeout: return .changed("a table stays locked by someone else")
            case .transactionRollback, .undefinedObject: return .changed("tables come and go")
            // What was a table is a view now.
            case .other where error.error.sqlState == "42809": return .changed("tables change")
            default: throw error.error
            }
        }
        onStage(.locked)
        let position = try WALPosition(lister)
        let exported = try leader.query(
            """
            SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_snapshot_xmin(s) \
            = pg_catalog.pg_snapshot_xmax(s) FROM pg_catalog.pg_current_snapshot() s
            """
        ).rows[0]
        let locked = try RelationList(leader, withStorage: readsRows)
        guard locked.relations == listed.relations else {
            return .changed("tables are created, dropped or rewritten")
        }
        // Whoever was writing may commit with nothing more to write.
        let isQuiet = exported[1].boolean == true
        return try read(
            snapshot: exported[0].string ?? "", locked, since: isQuiet ? position : nil)
    }

    /// Reads what is locked. `position` is where the server's log was before the snapshot; nil where
    /// others were writing.
    private func read(
        snapshot: String, _ locked: RelationList, since position: WALPosition?
    ) throws -> Attempt {
        let model: SchemaModel
        do {
            model = try schema(snapshot)
        } catch {
            // An object that was dropped meanwhile cannot be decompiled.
            guard try heldStill(since: position) else {
                return .changed("objects are created, dropped or changed")
            }
            throw error
        }
        onStage(.read)
        guard try heldStill(since: position) else {
            return .changed("objects are created, dropped or changed")
        }
        let relations = Set(locked.relations.map(\.oid))
        for table in model.tables where !relations.contains(table.oid) {
            throw SnapshotError(.refused, "the table '\(table.plainName)' was not locked")
        }
        guard readsRows else {
            return .held(
                Moment(
                    leader: leader, snapshot: snapshot, storage: [:], model: model, sequences: [],
                    hasLargeObjects: false))
        }
        // After the snapshot, so that no value in a row is ahead of its sequence.
        let sequences: [SequenceState]
        do {
            sequences = try SequenceState.read(model.sequences, lister)
        } catch {
            guard error.error.code == .undefinedObject else { throw error }
            return .changed("sequences are created, dropped or renamed")
        }
        let hasLargeObjects = try leader.query(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)"
        ).rows[0][0].boolean
        return .held(
            Moment(
                leader: leader, snapshot: snapshot, storage: locked.storage, model: model,
                sequences: sequences, hasLargeObjects: hasLargeObjects == true))
    }
}
