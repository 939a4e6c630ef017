package import Database
package import SnapshotFormat
package import Storage

/// Why a snapshot could not be taken, checked or restored, as facts.
package struct SnapshotError: Error, Sendable {
    /// What kind of failure it is, as far as a caller acts on it.
    package enum Code: String, Sendable {
        /// The folder holds no repository.
        case noRepository = "repository_missing"
        /// There is no snapshot of that name.
        case notFound = "snapshot_not_found"
        /// Bytes of the repository are not those that were written.
        case damaged = "snapshot_damaged"
        /// The snapshot needs another version of the program.
        case unsupported = "snapshot_unsupported"
        /// The database is not sound.
        case databaseDamaged = "database_damaged"
        /// Something that is asked for must not be done.
        case refused = "refused"
        /// The restore failed; the target is as it was.
        case restoreFailed = "restore_failed"
        /// The run was asked to stop.
        case interrupted = "interrupted"
        /// The storage failed; `storage` says how.
        case storage = "storage_failed"
        /// The database failed; `database` says how.
        case database = "database"
    }

    /// The kind of failure.
    package var code: Code
    /// What happened, for people.
    package var message: String
    /// What to do about it.
    package var hint: String?
    /// The database's error behind it.
    package var database: DatabaseError?
    /// The storage's error behind it.
    package var storage: StorageError?
    /// What is damaged.
    package var damage: [Damage]

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, hint: String? = nil, database: DatabaseError? = nil,
        damage: [Damage] = []
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.database = database
        self.damage = damage
    }

    /// The storage's error as it is; what is no file of the repository's own is damage.
    package init(_ error: StorageError) {
        guard error.code != .foreign else {
            self.init(
                .damaged, error.message,
                damage: [Damage(object: error.path, problem: error.reason)])
            return
        }
        self.init(.storage, error.message)
        storage = error
    }

    /// The database's error as it is.
    package init(_ error: DatabaseError) {
        self.init(error.code == .cancelled ? .interrupted : .database, error.message)
        hint = error.hint
        database = error
    }
}

/// One object of a repository that is not as it must be.
package struct Damage: Sendable, Hashable {
    /// The object's name.
    package var object: String
    /// What is wrong with it, for people.
    package var problem: String

    /// Creates one.
    package init(object: String, problem: String) {
        self.object = object
        self.problem = problem
    }

    init(_ object: String, _ error: StorageError) {
        self.init(object: object, problem: error.code == .missing ? "it is missing" : error.reason)
    }
}

extension SnapshotError {
    /// What is wrong with the bytes of `object`.
    package init(_ object: String, _ error: FormatError) {
        let damage = Damage(object: object, problem: error.message)
        switch error.code {
        case .unsupported:
            self.init(
                .unsupported, "'\(object)' needs another version of this program: \(error.message)",
                damage: [damage])
        case .outOfMemory:
            self.init(.storage, "'\(object)' cannot be processed: \(error.message)")
        case .malformed, .digestMismatch:
            self.init(.damaged, "'\(object)' is damaged: \(error.message)", damage: [damage])
        }
    }
}
