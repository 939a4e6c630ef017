import Foundation
import Synchronization
import Testing

/// Work on a thread of its own.
final class BackgroundTask: Sendable {
    private let ended = DispatchSemaphore(value: 0)
    private let failure = Mutex<(any Error)?>(nil)

    init(_ work: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [self] in
            do {
                try work()
            } catch {
                failure.withLock { $0 = error }
            }
            ended.signal()
        }
        thread.start()
    }

    /// Waits for its end, and throws what it threw.
    func wait() throws {
        #expect(ended.wait(timeout: .now() + 30) == .success, "it did not end")
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

/// Asks again until it is true, or half a minute is over.
func waitUntil(
    sourceLocation: SourceLocation = #_sourceLocation, _ isTrue: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !isTrue() {
        guard ContinuousClock.now < deadline else {
            Issue.record("it did not become true in time", sourceLocation: sourceLocation)
            return
        }
        usleep(5000)
    }
}
