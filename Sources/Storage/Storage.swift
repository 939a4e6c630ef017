/// A place that keeps objects: bytes under names such as `chunks/3f/3fa1….zst`.
///
/// Names are made of parts of ASCII letters, digits, `_`, `-` and `.`, separated by `/`; no part
/// begins with a dot. Used by one thread at a time.
package protocol Storage: AnyObject {
    /// How the place is shown to a person.
    var display: String { get }

    /// The objects whose names begin with `folder` and a slash, sorted by name; none where there is
    /// no such folder. What is no object of this protocol is left out.
    ///
    /// - Throws: `.failed`, `.invalidName`.
    func list(_ folder: String) throws(StorageError) -> [StoredObject]

    /// Everything that is there, objects and what is none, sorted by name.
    ///
    /// - Throws: `.failed`.
    func contents() throws(StorageError) -> [StoredEntry]

    /// All bytes of an object.
    ///
    /// - Throws: `.missing`; `.tooLong` where it has more than `limit` bytes, before they are read;
    ///   `.failed`, `.invalidName`.
    func read(_ name: String, limit: Int) throws(StorageError) -> [UInt8]

    /// Writes an object, replacing one of that name. When it returns, the bytes are on disk and will
    /// be there after a power failure; until then the name leads to the old object or none.
    ///
    /// - Throws: `.failed`, `.invalidName`.
    func write(_ name: String, _ bytes: [UInt8]) throws(StorageError)

    /// Writes an object that must not be there yet; as durable as `write`.
    ///
    /// - Throws: `.exists`, `.failed`, `.invalidName`.
    func create(_ name: String, _ bytes: [UInt8]) throws(StorageError)

    /// Removes an object; one that is not there is fine.
    ///
    /// - Throws: `.failed`, `.invalidName`.
    func delete(_ name: String) throws(StorageError)

    /// Tries to lock the place, without waiting: shared by those who read, exclusive for one who
    /// writes. The lock ends with the value that is returned, and with the process.
    ///
    /// - Throws: `.locked` where another one holds it; `.failed`.
    func lock(_ mode: LockMode) throws(StorageError) -> StorageLock

    /// Removes what a writer that was killed left behind. Only under the exclusive lock.
    ///
    /// - Returns: how many files it were.
    /// - Throws: `.failed`.
    func removeLeftovers() throws(StorageError) -> Int
}

/// Who may be there at the same time.
package enum LockMode: Sendable {
    /// Others that read.
    case shared
    /// Nobody.
    case exclusive
}

/// An object as a listing shows it.
package struct StoredObject: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Its length.
    package var bytes: Int64
    /// When it was written, in seconds since 1970.
    package var modifiedAt: Int64

    /// Creates one.
    package init(name: String, bytes: Int64, modifiedAt: Int64) {
        self.name = name
        self.bytes = bytes
        self.modifiedAt = modifiedAt
    }
}

/// Something that is in a storage.
package struct StoredEntry: Sendable, Hashable {
    /// What it is.
    package enum Kind: Sendable, Hashable {
        /// An object.
        case object
        /// What a writer is at, or left when it was killed.
        case temporary
        /// Neither: no regular file, or a name that no object has.
        case other
    }

    /// Its name.
    package var name: String
    /// What it is.
    package var kind: Kind
    /// Its length.
    package var bytes: Int64
    /// When it was written, in seconds since 1970.
    package var modifiedAt: Int64

    /// Creates one.
    package init(name: String, kind: Kind, bytes: Int64, modifiedAt: Int64) {
        self.name = name
        self.kind = kind
        self.bytes = bytes
        self.modifiedAt = modifiedAt
    }
}
