/// What the bytes of a part are.
package enum PartKind: String, Sendable, Hashable {
    /// The file of an SQLite database, in rollback-journal form.
    case sqliteDatabase = "sqlite_database"
    /// The objects of a PostgreSQL database.
    case postgresCatalog = "postgres_catalog"
    /// The rows of one PostgreSQL table, as COPY streams.
    case postgresTable = "postgres_table"
    /// The contents of all large objects of a PostgreSQL database, as COPY text of number, offset
    /// and bytes.
    case postgresLargeObjects = "postgres_large_objects"

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
        case .postgresTable:
            [
                "schema", "table", "columns", "format", "content_hash", "condition",
                "loads_through",
            ]
        case .postgresLargeObjects: ["content_hash"]
        }
    }

    /// Whether its rows have an order, so that one digest of all its bytes says what it holds; the
    /// rows of a table have none, and their `content_hash` does.
    var hasDigest: Bool { self == .sqliteDatabase || self == .postgresCatalog }
}

/// A fact of a part.
package enum Property: Sendable, Hashable {
    /// A number.
    case integer(Int64)
    /// A text.
    case text(String)
    /// Several texts.
    case texts([String])

    /// Texts byte by byte: Swift takes two spellings of an accent for one.
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.texts(let left), .texts(let right)):
            left.elementsEqual(right) { $0.utf8.elementsEqual($1.utf8) }
        default: false
        }
    }

    /// Hashes the number, or the bytes of the texts.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let value): hasher.combine(value)
        case .text(let value): hasher.combine(Array(value.utf8))
        case .texts(let values): hasher.combine(values.map { Array($0.utf8) })
        }
    }

    /// The number; nil for anything else.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The text; nil for anything else.
    package var text: String? { if case .text(let value) = self { value } else { nil } }
    /// The texts; nil for anything else.
    package var texts: [String]? { if case .texts(let value) = self { value } else { nil } }
}

/// One part of a snapshot's content.
package struct Part: Sendable, Hashable {
    /// What its bytes are.
    package let kind: PartKind
    /// Its name inside the database, `main` for SQLite.
    package let name: String
    /// How many rows it holds.
    package let rows: Int64
    /// SHA-256 of its bytes; nil for rows, which `content_hash` stands for.
    package let digest: ContentDigest?
    /// The pieces of chunks whose bytes, one behind the other, are its own.
    package let slices: [Slice]
    /// The facts that belong to the kind.
    package let properties: [String: Property]

    /// Describes a part of slices.
    package init(
        kind: PartKind, name: String, rows: Int64, digest: ContentDigest?, slices: [Slice],
        properties: [String: Property]
    ) {
        self.kind = kind
        self.name = name
        self.rows = rows
        self.digest = digest
        self.slices = slices
        self.properties = properties
    }

    /// Describes a part of whole chunks, one stream.
    package init(
        kind: PartKind, name: String, rows: Int64, digest: ContentDigest?, chunks: [Chunk],
        properties: [String: Property]
    ) {
        self.init(
            kind: kind, name: name, rows: rows, digest: digest,
            slices: chunks.enumerated().map { Slice($1, continues: $0 > 0) },
            properties: properties)
    }

    /// The chunks that it needs, in the order of its slices.
    package var chunks: [Chunk] { slices.map(\.chunk) }
    /// How many bytes it has.
    package var bytes: Int64 { slices.reduce(0) { $0 + $1.length } }
}

/// A piece of a chunk: tables that are small share one.
package struct Slice: Sendable, Hashable {
    /// The chunk.
    package let chunk: Chunk
    /// Where the piece begins in the chunk's content.
    package let offset: Int64
    /// How many bytes it has.
    package let length: Int64
    /// Whether it goes on with what the slice before it began. Where it does not, it begins a
    /// stream of its own, which can be loaded by itself and in any order.
    package let continues: Bool

    /// Names a piece of a chunk.
    package init(_ chunk: Chunk, offset: Int64, length: Int64, continues: Bool) {
        self.chunk = chunk
        self.offset = offset
        self.length = length
        self.continues = continues
    }

    /// The whole of a chunk.
    package init(_ chunk: Chunk, continues: Bool) {
        self.init(chunk, offset: 0, length: chunk.bytes, continues: continues)
    }
}
