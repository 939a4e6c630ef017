import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether this run was asked to stop (SIGINT, SIGTERM), and the one place that turns the request
/// into a cancelled statement.
///
/// Thread-safe. `request()` is called by the thread that waits for signals; the thread that works
/// brackets every piece of work that may be cancelled with `interruptible(_:_:)`, so that a request
/// never cancels the ROLLBACK or the log entry that follows.
package final class Cancellation: Sendable {
    private struct State {
        var isRequested = false
        var target: (any Interrupter)?
    }

    private let state = Mutex(State())
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Creates one that nobody has requested.
    package init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        readEnd = ends[0]
        writeEnd = ends[1]
        for end in ends where end >= 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        _ = Self.closeDescriptor(readEnd)
        _ = Self.closeDescriptor(writeEnd)
    }

    private static func closeDescriptor(_ descriptor: Int32) -> Int32 {
        descriptor >= 0 ? close(descriptor) : 0
    }

    /// True once `request()` was called.
    package var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Asks the run to stop, and cancels the statement that runs, if one may be cancelled. Callers
    /// repeat it until the process ends: a request that arrives just before a statement reaches the
    /// server finds nothing to cancel there.
    package func request() {
        state.withLock { state in
            if !state.isRequested {
                state.isRequested = true
                var byte: UInt8 = 1
                _ = write(writeEnd, &byte, 1)
            }
            state.target?.interrupt()
        }
    }

    /// Runs `work`, during which a request cancels what `interrupter`'s connection is running.
    package func interruptible<Result, Failure: Error>(
        _ interrupter: any Interrupter, _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        state.withLock { $0.target = interrupter }
        defer { state.withLock { $0.target = nil } }
        return try work()
    }

    /// Waits until `duration` is over or a request arrives.
    ///
    /// - Returns: true when a request ended or forestalled the wait.
    package func wait(_ duration: Duration) -> Bool {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, Int32(clamping: max(0, milliseconds)))
        return isRequested
    }
}
