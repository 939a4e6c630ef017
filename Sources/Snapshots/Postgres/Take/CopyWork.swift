internal import Database
import Synchronization

/// The units that are to be done, and what came of those that are. Thread-safe.
final class CopyWork: Sendable {
    private struct State {
        /// The next one last.
        var units: [CopyUnit]
        /// What a worker was kept from by a lock, which the leader holds.
        var deferred: [CopyUnit] = []
        var stored: [StoredSegment] = []
        /// Tables with a row that is too long for COPY's text.
        var binary: Set<Int> = []
        var failure: (any Error)?
        var bytes: Int64 = 0
    }

    /// The sessions, cancelled together by a request to stop or by the failure of one.
    let interrupters = InterrupterGroup()
    /// Length of all units.
    let totalBytes: Int64
    private let state: Mutex<State>
    private let onProgress: @Sendable (TakeProgress) -> Void

    init(_ units: [CopyUnit], onProgress: @escaping @Sendable (TakeProgress) -> Void) {
        state = Mutex(State(units: units.reversed()))
        totalBytes = units.reduce(0) { $0 + $1.bytes }
        self.onProgress = onProgress
    }

    /// The next unit; nil where there is none, or the work has failed.
    func next(isLeader: Bool) -> CopyUnit? {
        state.withLock { state in
            guard state.failure == nil, !interrupters.isInterrupted else { return nil }
            if isLeader, let unit = state.deferred.popLast() { return unit }
            while let unit = state.units.popLast() {
                // The rest of a table that is to be read anew is not worth reading.
                switch unit.content {
                case .pages(let table, _, _) where state.binary.contains(table): continue
                case .tables(let tables)
                where tables.count == 1 && state.binary.contains(tables[0]):
                    continue
                default: return unit
                }
            }
            return nil
        }
    }

    /// Leaves a unit to the leader.
    func leaveToLeader(_ unit: CopyUnit) { state.withLock { $0.deferred.append(unit) } }

    /// Has a table read anew in binary; only once, whoever finds that it must be.
    func readInBinary(_ table: Int, bytes: Int64) {
        state.withLock { state in
            guard state.binary.insert(table).inserted else { return }
            state.units.append(CopyUnit(content: .binary(table: table), bytes: bytes))
        }
    }

    /// Keeps what was stored.
    func add(_ segments: [StoredSegment]) { state.withLock { $0.stored += segments } }

    /// Tells how far it is.
    func advance(_ bytes: Int64) {
        let done = state.withLock { state in
            state.bytes += bytes
            return state.bytes
        }
        onProgress(TakeProgress(bytes: done, totalBytes: max(totalBytes, done)))
    }

    /// Ends the work of all sessions; the first failure is the one that counts.
    func fail(_ error: any Error) {
        state.withLock { $0.failure = $0.failure ?? error }
        interrupters.interrupt()
    }

    /// All that was stored, where nothing failed.
    func result() throws -> (segments: [StoredSegment], binary: Set<Int>) {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if interrupters.isInterrupted { throw SnapshotError(.interrupted, "interrupted") }
            return (state.stored, state.binary)
        }
    }
}

/// How far a snapshot is.
package struct TakeProgress: Sendable {
    /// Bytes of rows that were read, as text.
    package let bytes: Int64
    /// About how many there will be.
    package let totalBytes: Int64
}
