internal import Database
import Dispatch
import Synchronization

/// Batches of queries that two sessions of the same snapshot share: the one that wants the answers
/// takes batches from the front, a companion on a thread of its own from the back, until they meet.
///
/// Without a companion, or where it fails, all of them are run by the one session.
final class SharedQueries: Sendable {
    private struct State {
        /// The batches that nobody has taken.
        var open: Range<Int>
        var outcomes: [Int: Result<[StepResult], StepFailure>] = [:]
        /// A batch that the companion took and failed at.
        var returned: Int?
        /// Whether the answers are not wanted any more.
        var isOver = false
    }

    private let batches: [[Step]]
    private let state: Mutex<State>
    private let isAnswered: [DispatchSemaphore]
    private let companion = DispatchGroup()

    /// - Parameter batches: what is asked, each batch in one round trip.
    init(_ batches: [[Step]]) {
        self.batches = batches
        state = Mutex(State(open: batches.indices))
        isAnswered = batches.map { _ in DispatchSemaphore(value: 0) }
    }

    /// Starts the companion.
    ///
    /// - Parameter connect: opens its session, on its thread.
    func share(with connect: @escaping @Sendable () throws -> any Connection) {
        DispatchQueue(label: "catalog").async(group: companion) { [self] in
            guard let connection = try? connect() else { return }
            defer { connection.close() }
            while let batch = take(fromFront: false) {
                // It may not wait for long for a lock that the other session holds and it does not.
                guard let results = try? connection.run(batches[batch]) else {
                    state.withLock { $0.returned = batch }
                    isAnswered[batch].signal()
                    return
                }
                finish(batch, .success(results))
            }
        }
    }

    /// The answers to one batch, which must be asked for in their order, each once.
    ///
    /// - Parameters:
    ///   - batch: its index.
    ///   - connection: the session that runs what the companion has not taken.
    /// - Returns: a result for each query of the batch.
    /// - Throws: what the server says.
    func answers(
        _ batch: Int, _ connection: any Connection
    ) throws(StepFailure) -> [StepResult] {
        while true {
            if let outcome = state.withLock({ $0.outcomes.removeValue(forKey: batch) }) {
                return try outcome.get()
            }
            if let next = take(fromFront: true) ?? takeReturned() {
                finish(next, Result { () throws(StepFailure) in try connection.run(batches[next]) })
            } else {
                isAnswered[batch].wait()
            }
        }
    }

    /// Waits for the companion to be gone; it begins no further batch.
    func end() {
        state.withLock { $0.isOver = true }
        companion.wait()
    }

    private func take(fromFront: Bool) -> Int? {
        state.withLock { state in
            guard !state.isOver, !state.open.isEmpty else { return nil }
            defer {
                state.open = fromFront ? state.open.dropFirst() : state.open.dropLast()
            }
            return fromFront ? state.open.first : state.open.last
        }
    }

    private func takeReturned() -> Int? {
        state.withLock { state in
            defer { state.returned = nil }
            return state.returned
        }
    }

    private func finish(_ batch: Int, _ outcome: Result<[StepResult], StepFailure>) {
        state.withLock { $0.outcomes[batch] = outcome }
        isAnswered[batch].signal()
    }
}
