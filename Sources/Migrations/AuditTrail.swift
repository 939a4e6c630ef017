internal import Database

/// One entry of the log as it stands in the database.
package struct AuditEntry: Sendable, Hashable {
    /// Its number, from 1.
    package var sequence: Int64
    /// RFC 3339, UTC, milliseconds.
    package var at: String
    /// What was done.
    package var entry: LogEntry
    /// The run.
    package var runID: String?
    /// The environment that the run worked for.
    package var environment: String?
    /// The operating system's user.
    package var user: String?
    /// The machine.
    package var host: String?
    /// The program's version.
    package var toolVersion: String?
    /// Digest of the entry before it.
    var previousDigest: String
    /// Digest of all of the above.
    package var digest: String

    /// What its digest must be.
    var computedDigest: String {
        LogChain.digest([
            String(sequence), at, entry.action, entry.outcome, entry.version, entry.name, runID,
            environment, user, host, toolVersion, entry.error, entry.details, previousDigest,
        ])
    }
}

/// What is wrong with the log.
package struct AuditProblem: Sendable, Hashable {
    /// What kind of problem it is. The raw values stand in JSON.
    package enum Kind: String, Sendable {
        /// A field is not what was written.
        case changed
        /// Entries are missing before this one.
        case removed
        /// The entry before it is not the one that was there when it was written.
        case chain
        /// The history has a migration whose entry is not there.
        case unlogged
    }

    /// The kind.
    package var kind: Kind
    /// The entry that it was noticed at; nil for one that is not there.
    package var sequence: Int64?
    /// Lower case, no full stop.
    package var message: String

    /// Creates a problem.
    package init(kind: Kind, sequence: Int64?, message: String) {
        self.kind = kind
        self.sequence = sequence
        self.message = message
    }
}

/// The log as a whole, oldest entry first.
package struct AuditTrail: Sendable {
    /// The entries in the order of their numbers.
    package var entries: [AuditEntry]
    /// The history that belongs to them.
    package var history: [HistoryRow]

    /// Every entry that is not as it was written, or not where it was.
    ///
    /// What cannot show here is the removal of the newest entries where they are about no migration
    /// that is applied: keep the newest digest elsewhere to notice that.
    package var problems: [AuditProblem] {
        var problems: [AuditProblem] = []
        var previous: AuditEntry?
        for entry in entries {
            let expected = (previous?.sequence ?? 0) + 1
            if entry.sequence != expected {
                let last = entry.sequence - 1
                problems.append(
                    AuditProblem(
                        kind: .removed, sequence: entry.sequence,
                        message: last == expected
                            ? "entry \(expected) is missing"
                            : "entries \(expected) to \(last) are missing"))
            } else if entry.previousDigest != previous?.digest ?? "" {
                problems.append(
                    AuditProblem(
                        kind: .chain, sequence: entry.sequence,
                        message: previous.map {
                            "it does not follow entry \($0.sequence) as that one is now"
                        } ?? "it was not the first one when it was written"))
            }
            if entry.digest != entry.computedDigest {
                problems.append(
                    AuditProblem(
                        kind: .changed, sequence: entry.sequence,
                        message: "it is not as it was written"))
            }
            previous = entry
        }
        return problems + unlogged
    }

    /// Migrations that a run of this program has applied and of which the log says nothing.
    private var unlogged: [AuditProblem] {
        let logged = Set(entries.map { [$0.entry.version, $0.runID] })
        return history.filter { row in
            row.state == .applied && row.runID != nil && !logged.contains([row.version, row.runID])
        }.sorted { $0.version < $1.version }.map { row in
            AuditProblem(
                kind: .unlogged, sequence: nil,
                message: "the history has \(row.version), applied by run \(row.runID ?? ""), and "
                    + "no entry says so")
        }
    }
}

extension Migrator {
    /// Reads the whole log. A database without one has an empty one.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func auditTrail() throws(MigrationError) -> AuditTrail {
        let snapshot = try interruptible { () throws(MigrationError) in
            try store.read(connection, withLog: true).snapshot
        }
        stamp = snapshot.stamp
        guard snapshot.logTail != .empty else {
            return AuditTrail(entries: [], history: snapshot.rows)
        }
        let rows = try interruptible { () throws(MigrationError) in
            try connection.runOwn([store.logQuery])[0].rows
        }
        return AuditTrail(entries: rows.map(AuditEntry.init), history: snapshot.rows)
    }

    /// The newest entry of a run of migrations; nil where there was none.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func lastRun() throws(MigrationError) -> AuditEntry? {
        try last(["up", "down", "repeatable", "run"])
    }

    /// The runs that applied migrations before the newest one that did, where nothing of that is among
    /// `rows` any more; none otherwise.
    func runsBeforeOneTakenBack(_ rows: [HistoryRow]) throws(MigrationError) -> Set<String> {
        guard let newest = try last(["up"], ofSuccess: true)?.runID,
            !rows.contains(where: { $0.runID == newest })
        else { return [] }
        return Set(try entries(of: "up").compactMap(\.runID)).subtracting([newest])
    }

    /// Refuses to go on where the newest run of migrations is another one.
    ///
    /// - Throws: `.refused`; `.foreignHistory`, `.database`, `.interrupted`.
    package func requireLastRun(_ runID: String) throws(MigrationError) {
        guard try lastRun()?.runID == runID else { throw .anotherRun }
    }

    /// The newest entry of a verification after a run; nil where there was none.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func lastVerification() throws(MigrationError) -> AuditEntry? { try last(["verify"]) }

    /// The entry of the newest watch over a release, where that found a failure and something of the
    /// release is still among `rows`, and nobody has confirmed it; nil otherwise.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func standingBakeFailure(_ rows: [HistoryRow]) throws(MigrationError) -> AuditEntry? {
        guard let bake = try last(["bake", "confirm"]), bake.entry.action == "bake",
            bake.entry.outcome != "success"
        else { return nil }
        let release = try auditTrail().entries.last {
            $0.sequence < bake.sequence && ["up", "repeatable"].contains($0.entry.action)
                && $0.entry.outcome == "success"
        }
        guard let runID = release?.runID, rows.contains(where: { $0.runID == runID }) else {
            return nil
        }
        return bake
    }

    /// The newest entry of one of the actions that tells of a success; nil where there is none.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func lastSuccess(of actions: [String]) throws(MigrationError) -> AuditEntry? {
        try last(actions, ofSuccess: true)
    }

    /// Every entry of one action, oldest first.
    ///
    /// - Throws: `.foreignHistory`, `.database`, `.interrupted`.
    package func entries(of action: String) throws(MigrationError) -> [AuditEntry] {
        let rows = try interruptible { () throws(MigrationError) in
            let tail = try store.read(connection, withLog: true).snapshot.logTail
            return tail == .empty ? [] : try connection.runOwn([store.query(of: action)])[0].rows
        }
        return rows.map(AuditEntry.init)
    }

    private func last(
        _ actions: [String], ofSuccess: Bool = false
    ) throws(MigrationError) -> AuditEntry? {
        let rows = try interruptible { () throws(MigrationError) in
            let tail = try store.read(connection, withLog: true).snapshot.logTail
            return tail == .empty
                ? []
                : try connection.runOwn([store.lastQuery(actions, ofSuccess: ofSuccess)])[0].rows
        }
        return rows.first.map(AuditEntry.init)
    }

    /// Appends entries to the log under the run's lock, which it takes. A database that has no log
    /// gets none.
    ///
    /// - Returns: false where there is no log.
    /// - Throws: what taking the lock throws; `.wrongDatabase`, `.database`.
    @discardableResult
    package func append(_ entries: [LogEntry]) throws(MigrationError) -> Bool {
        try checkEnvironment()
        return try holdingLock { () throws(MigrationError) in try appendUnderLock(entries) }.get()
    }

    /// Appends entries to the log; whoever calls it sees to it that nobody else does meanwhile.
    ///
    /// - Parameters:
    ///   - entries: what is appended.
    ///   - stamps: whether an entry is added that makes the database the run's environment's, where
    ///     it is stamped with another one, or with none; that of no environment where the run does
    ///     not know whose it is.
    /// - Returns: false where there is no log.
    /// - Throws: `.database`, `.foreignHistory`.
    @discardableResult
    package func appendUnderLock(
        _ entries: [LogEntry], stamps: Bool = false
    ) throws(MigrationError) -> Bool {
        let snapshot = try store.read(connection, withLog: true).snapshot
        guard snapshot.logTail != .empty else { return false }
        var chain = LogChain(store: store, run: context.identity, tail: snapshot.logTail)
        var entries = entries
        let claimed = context.claim.isCertain ? context.identity.environment : nil
        if stamps, snapshot.stamp != claimed {
            entries.append(.stamp(instead: snapshot.stamp, isUnclaimed: claimed == nil))
        }
        var steps: [Step] = []
        for entry in entries {
            let (step, tail) = chain.append(entry)
            steps.append(step)
            chain.committed(tail)
        }
        try commit(steps)
        return true
    }
}

extension MigrationError {
    /// A way back would take back what a later run has done.
    static var anotherRun: MigrationError {
        MigrationError(
            .refused, "another run has changed the database since",
            hint: "'migrate audit' shows it; both ways back would take its work along.")
    }
}

extension HistoryStore {
    /// Every entry of the log, in order.
    var logQuery: Step { Step("\(selectEntries) ORDER BY seq") }

    /// Every entry of an action, which is a name, in order.
    func query(of action: String) -> Step {
        Step("\(selectEntries) WHERE action = '\(action)' ORDER BY seq")
    }

    /// The newest entry of one of the actions, which are names; with `ofSuccess` of those that tell of
    /// one.
    func lastQuery(_ actions: [String], ofSuccess: Bool) -> Step {
        let names = actions.map { "'\($0)'" }.joined(separator: ", ")
        return Step(
            "\(selectEntries) WHERE action IN (\(names)) "
                + (ofSuccess ? "AND outcome = 'success' " : "") + "ORDER BY seq DESC LIMIT 1")
    }

    private var selectEntries: String {
        let time =
            dialect == .postgres
            ? "pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            : "at"
        return "SELECT seq, \(time), action, outcome, version, name, run_id, environment, "
            + "performed_by, host, tool_version, error, details, previous_digest, digest "
            + "FROM \(logTable)"
    }
}

extension AuditEntry {
    init(_ row: Row) {
        self.init(
            sequence: row[0].integer ?? 0, at: row[1].string ?? "",
            entry: LogEntry(
                action: row[2].string ?? "", outcome: row[3].string ?? "", version: row[4].string,
                name: row[5].string, error: row[11].string, details: row[12].string),
            runID: row[6].string, environment: row[7].string, user: row[8].string,
            host: row[9].string, toolVersion: row[10].string,
            previousDigest: row[13].string ?? "", digest: row[14].string ?? "")
    }
}
