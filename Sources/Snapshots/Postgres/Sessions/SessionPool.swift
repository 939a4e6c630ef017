internal import Database
import Dispatch
import Synchronization

/// Several sessions that do the same kind of work side by side.
struct SessionPool: Sendable {
    let connect: @Sendable () throws -> any BulkConnection
    let jobs: Int
    let cancellation: Cancellation

    /// Runs `body` with each of up to `jobs` sessions, each on a thread of its own, and waits for
    /// all. The failure of one cancels the others, and is thrown.
    ///
    /// - Parameters:
    ///   - count: how many pieces of work there are, for no session is opened for none.
    ///   - body: takes work from where it is until none is left. Asks between two whether the group
    ///     was interrupted.
    /// - Throws: what `connect` and `body` throw; `.interrupted`.
    func run(
        count: Int,
        _ body: @escaping @Sendable (any BulkConnection, InterrupterGroup) throws -> Void
    ) throws {
        guard count > 0 else { return }
        let interrupters = InterrupterGroup()
        let group = DispatchGroup()
        try cancellation.interruptible(interrupters) {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            let shared = SharedFailure()
            for _ in 0..<min(jobs, count) {
                DispatchQueue(label: "restore").async(group: group) {
                    do {
                        let connection = try connect()
                        defer { connection.close() }
                        interrupters.add(connection.interrupter)
                        try body(connection, interrupters)
                    } catch {
                        shared.set(error)
                        interrupters.interrupt()
                    }
                }
            }
            group.wait()
            if let error = shared.error { throw error }
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        }
    }
}

/// The first of several failures. Thread-safe.
private final class SharedFailure: Sendable {
    private let first = Mutex<(any Error)?>(nil)

    func set(_ error: any Error) { first.withLock { $0 = $0 ?? error } }

    var error: (any Error)? { first.withLock { $0 } }
}

/// Work that several sessions take from. Thread-safe.
final class WorkList<Item: Sendable>: Sendable {
    private let items: Mutex<[Item]>
    /// How many there were.
    let count: Int

    /// A list whose first item is taken first.
    init(_ items: [Item]) {
        count = items.count
        self.items = Mutex(items.reversed())
    }

    /// The next item; nil when none is left.
    func next() -> Item? { items.withLock { $0.popLast() } }
}
