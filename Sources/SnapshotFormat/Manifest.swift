/// The description of one snapshot, all that it takes to restore it but the chunks themselves.
///
/// A snapshot exists when its manifest does. A database is a list of parts, each the bytes of its
/// chunks one behind the other: an SQLite database is one part; a PostgreSQL database is to be its
/// catalog and one part for each table.
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

/// What the bytes of a part are.
package enum PartKind: String, Sendable, Hashable {
    /// The file of an SQLite database, in rollback-journal form.
    case sqliteDatabase = "sqlite_database"
    /// The objects of a PostgreSQL database.
    case postgresCatalog = "postgres_catalog"
    /// The rows of one PostgreSQL table, as COPY text.
    case postgresTable = "postgres_table"

    /// The system whose snapshots have it.
    package var system: DatabaseSystem { self == .sqliteDatabase ? .sqlite : .postgresql }

    /// The names of its properties, all of which must be there.
    var properties: Set<String> {
        switch self {
        case .sqliteDatabase:
            [
                "page_size", "page_count", "application_id", "user_version", "journal_mode",
                "tables",
            ]
        case .postgresCatalog: []
        case .postgresTable: ["content_hash"]
        }
    }
}

/// A fact of a part.
package enum Property: Sendable, Hashable {
    /// A number.
    case integer(Int64)
    /// A text.
    case text(String)

    /// The number; nil for a text.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The text; nil for a number.
    package var text: String? { if case .text(let value) = self { value } else { nil } }
}

/// One part of a snapshot's content.
package struct Part: Sendable, Hashable {
    /// What its bytes are.
    package let kind: PartKind
    /// Its name inside the database, `main` for SQLite.
    package let name: String
    /// How many rows it holds.
    package let rows: Int64
    /// SHA-256 of its bytes.
    package let digest: ContentDigest
    /// The chunks whose bytes, one behind the other, are its own.
    package let chunks: [Chunk]
    /// The facts that belong to the kind.
    package let properties: [String: Property]

    /// Describes a part.
    package init(
        kind: PartKind, name: String, rows: Int64, digest: ContentDigest, chunks: [Chunk],
        properties: [String: Property]
    ) {
        self.kind = kind
        self.name = name
        self.rows = rows
        self.digest = digest
        self.chunks = chunks
        self.properties = properties
    }

    /// How many bytes it has.
    package var bytes: Int64 { chunks.reduce(0) { $0 + $1.bytes } }
}

/// A piece of content that is stored once, whatever uses it.
package struct Chunk: Sendable, Hashable {
    /// The length at which content is cut: a multiple of every page size.
    package static let targetBytes = 16 * 1024 * 1024
    /// A longer chunk is refused unread: reading never takes more memory than this and its stored
    /// form.
    package static let maximumBytes = 64 * 1024 * 1024

    /// SHA-256 of the content.
    package let digest: ContentDigest
    /// Length of the content.
    package let bytes: Int64
    /// How it is stored.
    package let codec: Codec
    /// SHA-256 of the stored form.
    package let storedDigest: ContentDigest
    /// Length of the stored form.
    package let storedBytes: Int64

    /// Describes a chunk.
    package init(
        digest: ContentDigest, bytes: Int64, codec: Codec, storedDigest: ContentDigest,
        storedBytes: Int64
    ) {
        self.digest = digest
        self.bytes = bytes
        self.codec = codec
        self.storedDigest = storedDigest
        self.storedBytes = storedBytes
    }

    /// The object's name in the repository, `chunks/3f/3fa1….zst`.
    package var objectName: String { Self.objectName(digest, codec) }

    /// The name of the object that stores the content with this digest.
    package static func objectName(_ digest: ContentDigest, _ codec: Codec) -> String {
        "chunks/\(digest.hex.prefix(2))/\(digest.hex).\(codec.fileExtension)"
    }

    /// The content, once the stored form and what comes out of it were found to be as described.
    ///
    /// - Throws: `FormatError`.
    package func content(of stored: [UInt8]) throws(FormatError) -> [UInt8] {
        guard stored.count == storedBytes else {
            throw FormatError(
                .digestMismatch, "it has \(stored.count) bytes in the place of \(storedBytes)")
        }
        guard ContentDigest(of: stored) == storedDigest else {
            throw FormatError(.digestMismatch, "its bytes are not those that were written")
        }
        let content = try codec.decompress(stored, count: Int(bytes))
        guard ContentDigest(of: content) == digest else {
            throw FormatError(.digestMismatch, "its content is not what its name says")
        }
        return content
    }
}
