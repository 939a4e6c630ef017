import Database
import Foundation
import Synchronization
import TestSupport
import Testing

/// A statement that runs on a connection and a thread of its own.
final class BackgroundStatement: Sendable {
    private let ended = DispatchSemaphore(value: 0)
    private let failure = Mutex<(any Error)?>(nil)

    init(_ database: TestDatabase, _ sql: String) throws {
        let thread = Thread { [self] in
            do {
                try database.connect().query(sql)
            } catch {
                failure.withLock { $0 = error }
            }
            ended.signal()
        }
        thread.start()
    }

    /// Waits for its end.
    func wait() throws {
        #expect(ended.wait(timeout: .now() + 30) == .success, "the statement did not end")
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
