import Database
import Dispatch
import Migrations
import TestSupport

/// A run on a thread of its own that has the lock and stands before its first migration until it
/// is told to go on.
final class HoldingRun: Sendable {
    private let goOn = DispatchSemaphore(value: 0)
    private let run: Background<[String]>

    /// Returns once the run has the lock.
    init(_ place: Place, _ adjust: @escaping @Sendable (inout RunContext) -> Void = { _ in }) {
        let (goOn, began) = (goOn, DispatchSemaphore(value: 0))
        run = Background {
            defer { began.signal() }
            let connection = try place.connect()
            defer { connection.close() }
            var context = try place.context(connection)
            adjust(&context)
            context.observer.began = { _, index, _ in
                guard index == 0 else { return }
                began.signal()
                goOn.wait()
            }
            return try Migrator(context).up(UpRequest()).appliedVersions
        }
        began.wait()
    }

    /// Lets it go on.
    func release() { goOn.signal() }

    /// Lets it go on and waits for its end.
    ///
    /// - Returns: what it applied.
    func finish() throws -> [String] {
        release()
        return try run.wait()
    }
}
