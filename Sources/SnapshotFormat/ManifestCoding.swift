extension Manifest {
    /// Where the manifest of a snapshot is kept.
    package static func objectName(_ id: SnapshotID) -> String { "snapshots/\(id.text).json" }

    /// Reads a manifest.
    ///
    /// Nothing in it is believed before its digest fits; then every field must be known, every
    /// value within its range, and the parts must fit the system.
    ///
    /// - Throws: `FormatError`.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        self = try Envelope.read(bytes, Self.self)
    }

    /// The file's bytes.
    ///
    /// - Throws: `FormatError`.
    package func encoded() throws(FormatError) -> [UInt8] { try Envelope.write(self) }
}

extension Manifest: Codable {
    /// Reads the fields.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder,
            [
                "format", "id", "repository", "created_at", "environment", "label", "tool_version",
                "database", "parts", "exclusions",
            ])
        try RepositoryDescription.checkVersion(fields)
        guard let id = SnapshotID(try fields.text("id")) else { throw fields.invalid("id") }
        let repositoryID = try fields.text("repository")
        guard RepositoryDescription.isID(repositoryID) else { throw fields.invalid("repository") }
        let database = try fields.value("database", SourceDatabase.self)
        let parts = try fields.value("parts", [Part].self)
        let exclusions = try fields.value("exclusions", [String].self)
        let isSound =
            !parts.isEmpty && parts.allSatisfy { $0.kind.system == database.system }
            && (database.system != .sqlite || parts.count == 1)
        guard isSound else { throw fields.invalid("parts") }
        self.init(
            id: id, repositoryID: repositoryID,
            createdAt: try fields.text("created_at", limit: 40),
            environment: try fields.text("environment"), label: try fields.optionalText("label"),
            toolVersion: try fields.text("tool_version"), database: database, parts: parts,
            exclusions: exclusions)
    }

    /// Writes the fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("format", RepositoryDescription.formatVersion)
        try container.set("id", id.text)
        try container.set("repository", repositoryID)
        try container.set("created_at", createdAt)
        try container.set("environment", environment)
        try container.setOptional("label", label)
        try container.set("tool_version", toolVersion)
        try container.set("database", database)
        try container.set("parts", parts)
        try container.set("exclusions", exclusions)
    }
}

extension SourceDatabase: Codable {
    /// Reads the fields.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["system", "name", "version"])
        self.init(
            system: try fields.choice("system", DatabaseSystem.self),
            name: try fields.text("name", limit: 8192), version: try fields.text("version"))
    }

    /// Writes the fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("system", system.rawValue)
        try container.set("name", name)
        try container.set("version", version)
    }
}

extension Part: Codable {
    /// Reads the fields.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["kind", "name", "rows", "bytes", "sha256", "chunks", "properties"])
        let kind = try fields.choice("kind", PartKind.self)
        let properties = try fields.value("properties", [String: Property].self)
        guard Set(properties.keys) == kind.properties else {
            throw FormatError(
                .unsupported, "the properties of '\(kind.rawValue)' are not those of this version")
        }
        self.init(
            kind: kind, name: try fields.text("name"),
            rows: try fields.integer("rows", 0...Int64.max), digest: try fields.digest("sha256"),
            chunks: try fields.value("chunks", [Chunk].self), properties: properties)
        // A sum of up to a million chunks of 64 MiB fits.
        guard chunks.count <= 1_000_000, try fields.integer("bytes", 0...Int64.max) == bytes else {
            throw fields.invalid("bytes")
        }
        if kind == .sqliteDatabase, !isSoundDatabase { throw fields.invalid("properties") }
    }

    /// Whether the pages are as many bytes as there are.
    private var isSoundDatabase: Bool {
        guard let size = properties["page_size"]?.integer,
            let count = properties["page_count"]?.integer,
            (512...65536).contains(size), size & (size - 1) == 0, (1...0xFFFF_FFFF).contains(count),
            let mode = properties["journal_mode"]?.text,
            ["delete", "truncate", "persist", "memory", "off", "wal"].contains(mode)
        else { return false }
        let numbers = ["application_id", "user_version", "tables"]
        return size * count == bytes && numbers.allSatisfy { properties[$0]?.integer != nil }
    }

    /// Writes the fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("kind", kind.rawValue)
        try container.set("name", name)
        try container.set("rows", rows)
        try container.set("bytes", bytes)
        try container.set("sha256", digest.hex)
        try container.set("chunks", chunks)
        try container.set("properties", properties)
    }
}

extension Property: Codable {
    /// Reads a number or a text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// Writes the value.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

extension Chunk: Codable {
    /// Reads the fields.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["sha256", "bytes", "codec", "stored_sha256", "stored_bytes"])
        let bytes = try fields.integer("bytes", 1...Int64(Self.maximumBytes))
        let codec = try fields.choice("codec", Codec.self)
        let longest = Int64(codec.maximumStoredBytes(Int(bytes)))
        self.init(
            digest: try fields.digest("sha256"), bytes: bytes, codec: codec,
            storedDigest: try fields.digest("stored_sha256"),
            storedBytes: try fields.integer("stored_bytes", 1...longest))
    }

    /// Writes the fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("sha256", digest.hex)
        try container.set("bytes", bytes)
        try container.set("codec", codec.rawValue)
        try container.set("stored_sha256", storedDigest.hex)
        try container.set("stored_bytes", storedBytes)
    }
}
