internal import Database

/// What happens under the lock before the first statement of a run.
package struct RunPreamble: Sendable {
    /// Goes into the log before anything runs.
    package var entries: [LogEntry]
    /// Goes into the log with a failure of the run: what a person needs to go back.
    package var note: String?

    /// Creates one.
    package init(entries: [LogEntry] = [], note: String? = nil) {
        self.entries = entries
        self.note = note
    }
}

extension Migrator {
    /// Lets whoever set `beforeRun` have their say, and writes what they want to have in the log. A
    /// run whose preamble fails runs nothing.
    func runPreamble(
        _ plan: Plan, _ snapshot: inout HistorySnapshot
    ) throws(MigrationError) -> String? {
        guard let beforeRun = context.beforeRun else { return nil }
        let preamble: RunPreamble
        do {
            preamble = try beforeRun(plan)
        } catch {
            var failure = error
            failure.report = failure.report ?? RunReport(runID: context.identity.runID)
            throw failure
        }
        guard !preamble.entries.isEmpty else { return preamble.note }
        var chain = LogChain(store: store, run: context.identity, tail: snapshot.logTail)
        try commit(preamble.entries.map { chain.add($0) })
        snapshot.logTail = chain.tail
        return preamble.note
    }
}

extension LogChain {
    /// The step that appends `entry`, as if it were committed: for a transaction of which all or
    /// nothing is used.
    mutating func add(_ entry: LogEntry) -> Step {
        let (step, tail) = append(entry)
        committed(tail)
        return step
    }
}
