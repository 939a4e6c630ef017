/// Why an object could not be read, written or removed, as facts.
package struct StorageError: Error, Sendable, Hashable {
    /// What kind of failure it is, as far as a caller acts on it.
    package enum Code: String, Sendable, Hashable {
        /// There is no such object.
        case missing = "object_missing"
        /// There is one of that name already.
        case exists = "object_exists"
        /// It is longer than the reader takes.
        case tooLong = "object_too_long"
        /// It is a symbolic link, or leads through one, or is something else than a file.
        case foreign = "object_foreign"
        /// The name is none that an object may have.
        case invalidName = "object_name"
        /// Another process holds the lock.
        case locked = "repository_locked"
        /// The system refused: permissions, a full disk, a broken one.
        case failed = "storage_failed"
    }

    /// The kind of failure.
    package var code: Code
    /// What was tried, such as `write`.
    package var operation: String
    /// The path.
    package var path: String
    /// The system's words, in lower case.
    package var reason: String

    /// Creates an error.
    package init(_ code: Code, _ operation: String, _ path: String, _ reason: String) {
        self.code = code
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    /// `cannot write 'snapshots/chunks/…': no space left on device`.
    package var message: String { "cannot \(operation) '\(path)': \(reason)" }
}
