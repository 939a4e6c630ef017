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
                "database", "chunks", "parts", "exclusions",
            ])
        try RepositoryDescription.checkVersion(fields)
        guard let id = SnapshotID(try fields.text("id")) else { throw fields.invalid("id") }
        let repositoryID = try fields.text("repository")
        guard RepositoryDescription.isID(repositoryID) else { throw fields.invalid("repository") }
        let database = try fields.value("database", SourceDatabase.self)
        let chunks = try fields.value("chunks", [Chunk].self)
        let parts = try Self.parts(fields.value("parts", [PartRecord].self), chunks)
        let exclusions = try fields.value("exclusions", [String].self)
        guard Self.areSound(parts, database.system) else { throw fields.invalid("parts") }
        self.init(
            id: id, repositoryID: repositoryID,
            createdAt: try fields.text("created_at", limit: 40),
            environment: try fields.text("environment"), label: try fields.optionalText("label"),
            toolVersion: try fields.text("tool_version"), database: database, parts: parts,
            exclusions: exclusions)
        guard distinctChunks == chunks else { throw fields.invalid("chunks") }
    }

    /// The parts, once every chunk that their slices name is there.
    private static func parts(_ records: [PartRecord], _ chunks: [Chunk]) throws -> [Part] {
        var known: [String: Chunk] = [:]
        for chunk in chunks where known.updateValue(chunk, forKey: chunk.digest.hex) != nil {
            throw FormatError(.malformed, "a chunk is described twice")
        }
        return try records.map { try $0.part(known) }
    }

    /// Whether the parts are those that a database of the system is made of.
    private static func areSound(_ parts: [Part], _ system: DatabaseSystem) -> Bool {
        func count(_ kind: PartKind) -> Int { parts.count { $0.kind == kind } }
        guard parts.allSatisfy({ $0.kind.system == system }) else { return false }
        switch system {
        case .sqlite: return parts.count == 1
        case .postgresql:
            return count(.postgresCatalog) == 1 && parts.first?.kind == .postgresCatalog
                && count(.postgresLargeObjects) <= 1
                && Set(parts.map { [$0.properties["schema"], $0.properties["table"]] }).count
                    == count(.postgresTable) + 1
        }
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
        try container.set("chunks", distinctChunks)
        try container.set("parts", parts.map(PartRecord.init))
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

extension Property: Codable {
    /// Reads a number, a text or several.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .texts(try container.decode([String].self))
        }
    }

    /// Writes the value.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .texts(let texts): try container.encode(texts)
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
