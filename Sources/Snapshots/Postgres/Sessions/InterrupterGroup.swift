internal import Database
import Synchronization

/// Several connections that are cancelled together. Thread-safe.
final class InterrupterGroup: Interrupter {
    private struct State {
        var members: [any Interrupter] = []
        var isInterrupted = false
    }

    private let state = Mutex(State())

    /// Adds a connection; cancels it where the group was cancelled before.
    func add(_ member: any Interrupter) {
        let isLate = state.withLock { state in
            state.members.append(member)
            return state.isInterrupted
        }
        if isLate { member.interrupt() }
    }

    func interrupt() {
        let members = state.withLock { state in
            state.isInterrupted = true
            return state.members
        }
        for member in members { member.interrupt() }
    }

    /// Whether it was cancelled; work that goes from statement to statement asks between them.
    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }
}
