internal import Database

/// One entry of the append-only log, before it is chained.
struct LogEntry {
    /// `up`, `down`, `repeatable`, `baseline`, `repair`, …
    var action: String
    /// `success`, `failure`, `interrupted`.
    var outcome: String
    var version: String?
    var name: String?
    var error: String?
    var details: String?
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
            run.runID, run.environment, run.user, run.host, run.toolVersion, entry.error,
            details.isEmpty ? nil : details.joined(separator: "; "), tail.digest,
        ]
        let digest = Checksum.fields(fields)
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

    /// Moves the end of the chain, after the step was committed.
    mutating func committed(_ tail: LogTail) { self.tail = tail }
}
