/// Why bytes of a repository are not what the format says, as facts.
package struct FormatError: Error, Sendable, Hashable {
    /// What kind of damage it is.
    package enum Code: String, Sendable, Hashable {
        /// The bytes do not follow the format: cut short, no JSON, a field missing or of a wrong
        /// type, a value out of its range.
        case malformed = "snapshot_malformed"
        /// The digest or length that goes with the bytes is another one.
        case digestMismatch = "snapshot_damaged"
        /// A version, field or kind that this program does not know.
        case unsupported = "snapshot_unsupported"
        /// A library call failed for want of memory.
        case outOfMemory = "out_of_memory"
    }

    /// The kind of damage.
    package var code: Code
    /// What is wrong, for people.
    package var message: String

    /// Creates an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
