import CSQLite
import Database
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Interrupts what an SQLite connection is running, also while it waits for another connection's
/// lock. Thread-safe: closing the connection and interrupting it exclude each other.
final class SQLiteInterrupter: Interrupter {
    private struct State {
        /// The address of the `sqlite3*`, 0 once it is closed.
        var address: UInt
        var isRunning = false
        var isInterrupted = false
    }

    private let state: Mutex<State>
    private let timeout: Mutex<Duration>

    init(_ address: UInt, busyTimeout: Duration) {
        state = Mutex(State(address: address))
        timeout = Mutex(busyTimeout)
    }

    func interrupt() {
        state.withLock { state in
            guard state.isRunning, let handle = OpaquePointer(bitPattern: state.address) else {
                return
            }
            state.isInterrupted = true
            // Closing takes the same lock first, so the handle is open here.
            sqlite3_interrupt(handle)
        }
    }

    /// Called by the connection's thread before it closes the handle.
    func disconnect() { state.withLock { $0.address = 0 } }

    /// Called by the connection's thread before a run; a request that came earlier is forgotten.
    func begin() {
        state.withLock { state in
            state.isRunning = true
            state.isInterrupted = false
        }
    }

    /// Called by the connection's thread after a run.
    func end() { state.withLock { $0.isRunning = false } }

    /// True when a request came since `begin()`.
    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    /// How long a statement waits for a lock that another connection holds.
    var busyTimeout: Duration {
        get { timeout.withLock { $0 } }
        set { timeout.withLock { $0 = newValue } }
    }

    /// The busy handler: waits a moment for the lock; false when the time is up or a request came.
    /// The waits of `sqlite3_busy_timeout` cannot be interrupted, these can. `attempt` counts the
    /// waits of this statement for this lock, from 0.
    func waitsForLock(attempt: Int32) -> Bool {
        let (pause, waited) = Self.pause(attempt: Int(attempt))
        guard !isInterrupted, waited < busyTimeout else { return false }
        var time = timespec(tv_sec: 0, tv_nsec: pause * 1_000_000)
        nanosleep(&time, nil)
        return !isInterrupted
    }

    /// The length in milliseconds of the pause number `attempt`, and all that was waited before it:
    /// short ones first, as most locks are held for a moment only.
    private static func pause(attempt: Int) -> (milliseconds: Int, waited: Duration) {
        let first = [1, 2, 5, 10, 15, 20]
        if attempt < first.count {
            return (first[attempt], .milliseconds(first[..<attempt].reduce(0, +)))
        }
        let waited = first.reduce(0, +) + (attempt - first.count) * 25
        return (25, .milliseconds(waited))
    }
}
