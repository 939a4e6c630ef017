internal import Database

/// One entry of the append-only log, before it is chained.
package struct LogEntry: Sendable, Hashable {
    /// `up`, `down`, `repeatable`, `baseline`, `stamp`, `snapshot`, `restore`, `refusal`, …
    package var action: String
    /// `success`, `failure`, `interrupted`, `refused`.
    package var outcome: String
    /// The migration's version, where it is about one.
    package var version: String?
    /// The migration's name.
    package var name: String?
    /// What went wrong, in words; no secret.
    package var error: String?
    /// Further facts, in words; no secret.
    package var details: String?

    /// False for the stamp of a database that belongs to no environment.
    var namesEnvironment = true

    /// Creates an entry.
    package init(
        action: String, outcome: String = "success", version: String? = nil, name: String? = nil,
        error: String? = nil, details: String? = nil
    ) {
        self.action = action
        self.outcome = outcome
        self.version = version
        self.name = name
        self.error = error
        self.details = details
    }

    /// The entry that says which environment's database this is: the newest one counts.
    static let stampAction = "stamp"

    /// The database is that of the run's environment from here on, or (`isUnclaimed`) of none.
    static func stamp(instead of: String?, isUnclaimed: Bool = false) -> LogEntry {
        var entry = LogEntry(action: stampAction, details: of.map { "before: \($0)" })
        entry.namesEnvironment = !isUnclaimed
        return entry
    }
}

/// Appends to `schema_migrations_log`: each entry carries the digest of the one before, so that a
/// changed, removed or reordered row shows.
///
/// Only the holder of the run's lock appends, so the end of the chain is known without asking.
struct LogChain {
    let store: HistoryStore
    let run: RunIdentity
    private(set) var tail: LogTail

    init(store: HistoryStore, run: RunIdentity, tail: LogTail) {
        self.store = store
        self.run = run
        self.tail = tail
    }

    /// The step that appends `entry`, and the end of the chain once it is committed.
    func append(_ entry: LogEntry) -> (step: Step, tail: LogTail) {
        let sequence = tail.sequence + 1
        let at = run.now()
        let details = [entry.details, run.reason.map { "reason: \($0)" }].compactMap(\.self)
        // In the order of the columns; what the digest covers is exactly what is stored.
        let fields: [String?] = [
            String(sequence), at, entry.action, entry.outcome, entry.version, entry.name,
            run.runID, entry.namesEnvironment ? run.environment : nil, run.user, run.host,
            run.toolVersion, entry.error,
            details.isEmpty ? nil : details.joined(separator: "; "), tail.digest,
        ]
        let digest = Self.digest(fields)
        let types = ["bigint", "timestamptz"] + Array(repeating: "text", count: 13)
        let placeholders = types.enumerated().map { store.parameter($0.offset + 1, $0.element) }
        let values: [DatabaseValue] =
            [.integer(sequence)] + fields.dropFirst().map { .init($0) } + [.text(digest)]
        let step = Step(
            """
            INSERT INTO \(store.logTable) (seq, at, action, outcome, version, name, run_id, \
            environment, performed_by, host, tool_version, error, details, previous_digest, \
            digest) VALUES (\(placeholders.joined(separator: ", ")))
            """, values)
        return (step, LogTail(sequence: sequence, digest: digest))
    }

    /// The digest of an entry's fields, in the order of the columns; the last one is the digest of the
    /// entry before it.
    static func digest(_ fields: [String?]) -> String { Checksum.fields(fields) }

    /// Moves the end of the chain, after the step was committed.
    mutating func committed(_ tail: LogTail) { self.tail = tail }
}
