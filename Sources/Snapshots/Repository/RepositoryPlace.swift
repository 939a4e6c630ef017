package import Database
package import Storage

/// Where a repository is. Opens a storage for each thread that works on it.
package struct RepositoryPlace: Sendable, Hashable {
    /// The folder's path.
    package let path: String

    /// The repository in the folder at `path`.
    package init(path: String) { self.path = path }

    /// Storage for the use of one thread.
    package var storage: LocalStorage { LocalStorage(path: path) }
}

/// How long to wait for the repository's lock, and what ends the wait.
package struct LockPatience {
    /// How long; zero is not at all.
    package var limit: Duration
    /// Ends it.
    package var cancellation: Cancellation

    /// Creates one.
    package init(limit: Duration = .zero, cancellation: Cancellation = Cancellation()) {
        self.limit = limit
        self.cancellation = cancellation
    }

    /// The storage's lock, once others let it be had.
    func lock(_ storage: some Storage, _ mode: LockMode) throws(SnapshotError) -> StorageLock {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while true {
            do throws(StorageError) {
                return try storage.lock(mode)
            } catch {
                guard error.code == .locked, clock.now < deadline else {
                    var failure = SnapshotError(error)
                    if error.code == .locked {
                        failure.message = "another run works on the repository '\(storage.display)'"
                        failure.hint = "Wait for it to end, or wait longer with --lock-wait."
                    }
                    throw failure
                }
            }
            if cancellation.wait(min(.milliseconds(50), clock.now.duration(to: deadline))) {
                throw SnapshotError(
                    .interrupted, "interrupted while waiting for the repository's lock")
            }
        }
    }
}
