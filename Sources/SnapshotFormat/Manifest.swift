/// The description of one snapshot, all that it takes to restore it but the chunks themselves.
///
/// A snapshot exists when its manifest does. A database is a list of parts, each the bytes of its
/// slices one behind the other: an SQLite database is one part; a PostgreSQL database is its
/// catalog, one part for each table, and one for its large objects if it has any.
package struct Manifest: Sendable, Hashable {
    /// A longer manifest is refused unread.
    package static let maximumBytes = 64 * 1024 * 1024

    /// The snapshot's name, the same as in the file's name.
    package let id: SnapshotID
    /// The repository that it was made in.
    package let repositoryID: String
    /// When it was taken, RFC 3339 in UTC with milliseconds.
    package let createdAt: String
    /// The environment that it was taken of.
    package let environment: String
    /// What the user called it.
    package let label: String?
    /// The version of the program that took it.
    package let toolVersion: String
    /// The database that it was taken of.
    package let database: SourceDatabase
    /// What it holds.
    package let parts: [Part]
    /// What was left out, in words; empty where nothing was.
    package let exclusions: [String]

    /// Describes a snapshot.
    package init(
        id: SnapshotID, repositoryID: String, createdAt: String, environment: String,
        label: String?, toolVersion: String, database: SourceDatabase, parts: [Part],
        exclusions: [String] = []
    ) {
        self.id = id
        self.repositoryID = repositoryID
        self.createdAt = createdAt
        self.environment = environment
        self.label = label
        self.toolVersion = toolVersion
        self.database = database
        self.parts = parts
        self.exclusions = exclusions
    }

    /// Length of the content, uncompressed.
    package var bytes: Int64 { parts.reduce(0) { $0 + $1.bytes } }
    /// The different chunks that it needs, in the order of their first use.
    package var distinctChunks: [Chunk] {
        var seen: Set<ContentDigest> = []
        return parts.flatMap(\.chunks).filter { seen.insert($0.digest).inserted }
    }
    /// Length of the different chunks as they are stored.
    package var storedBytes: Int64 { distinctChunks.reduce(0) { $0 + $1.storedBytes } }
}

/// The system that a database runs on, as the manifest names it.
package enum DatabaseSystem: String, Sendable, Hashable {
    /// SQLite.
    case sqlite
    /// PostgreSQL.
    case postgresql
}

/// The database that a snapshot was taken of.
package struct SourceDatabase: Sendable, Hashable {
    /// The system.
    package let system: DatabaseSystem
    /// Its address without password and parameters.
    package let name: String
    /// The version of the server or library.
    package let version: String

    /// Names a database.
    package init(system: DatabaseSystem, name: String, version: String) {
        self.system = system
        self.name = name
        self.version = version
    }
}
