import Dispatch
import Synchronization
import TestSupport

/// Work on a thread of its own, beside that of the test.
final class Background<Success: Sendable>: Sendable {
    private let outcome = Mutex<Result<Success, any Error>?>(nil)
    private let end = DispatchSemaphore(value: 0)

    /// Begins at once.
    init(_ body: @escaping @Sendable () throws -> Success) {
        DelayProxy.startThread { [self] in
            let result = Result(catching: body)
            outcome.withLock { $0 = result }
            end.signal()
        }
    }

    /// Waits for its end.
    ///
    /// - Throws: what it threw.
    func wait() throws -> Success {
        end.wait()
        defer { end.signal() }
        return try outcome.withLock { try $0.map { try $0.get() } }
            ?? { throw CancellationError() }()
    }
}
