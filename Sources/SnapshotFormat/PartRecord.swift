/// A part as it stands in the manifest: its slices name chunks by their digest.
struct PartRecord {
    private let bare: Part
    private let slices: [SliceRecord]

    init(_ part: Part) {
        bare = part
        slices = part.slices.map(SliceRecord.init)
    }

    /// The part, once its slices were found to lie within the chunks they name.
    func part(_ chunks: [String: Chunk]) throws -> Part {
        let part = Part(
            kind: bare.kind, name: bare.name, rows: bare.rows, digest: bare.digest,
            slices: try slices.map { try $0.slice(chunks) }, properties: bare.properties)
        // Only the first slice has none before it to go on with.
        guard part.slices.first?.continues != true, part.isSound else {
            throw FormatError(
                .malformed, "the part '\(part.name.prefix(100))' does not hold together")
        }
        return part
    }
}

extension PartRecord: Codable {
    /// Reads the fields.
    init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["kind", "name", "rows", "bytes", "sha256", "slices", "properties"])
        let kind = try fields.choice("kind", PartKind.self)
        let properties = try fields.value("properties", [String: Property].self)
        guard Set(properties.keys) == kind.properties else {
            throw FormatError(
                .unsupported, "the properties of '\(kind.rawValue)' are not those of this version")
        }
        slices = try fields.value("slices", [SliceRecord].self)
        // A sum of up to a million slices of 64 MiB fits.
        guard slices.count <= 1_000_000,
            try fields.integer("bytes", 0...Int64.max) == slices.reduce(0, { $0 + $1.length })
        else { throw fields.invalid("bytes") }
        bare = Part(
            kind: kind, name: try fields.text("name"),
            rows: try fields.integer("rows", 0...Int64.max),
            digest: kind.hasDigest ? try fields.digest("sha256") : nil, slices: [],
            properties: properties)
        guard try kind.hasDigest || fields.optionalText("sha256") == nil else {
            throw fields.invalid("sha256")
        }
    }

    /// Writes the fields.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("kind", bare.kind.rawValue)
        try container.set("name", bare.name)
        try container.set("rows", bare.rows)
        try container.set("bytes", slices.reduce(0) { $0 + $1.length })
        try container.setOptional("sha256", bare.digest?.hex)
        try container.set("slices", slices)
        try container.set("properties", bare.properties)
    }
}

/// A slice as it stands in the manifest.
private struct SliceRecord: Codable {
    let chunk: String
    let offset: Int64
    let length: Int64
    let continues: Bool

    init(_ slice: Slice) {
        chunk = slice.chunk.digest.hex
        offset = slice.offset
        length = slice.length
        continues = slice.continues
    }

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["chunk", "offset", "length", "continues"])
        chunk = try fields.text("chunk", limit: 64)
        offset = try fields.integer("offset", 0...Int64(Chunk.maximumBytes))
        length = try fields.integer("length", 1...Int64(Chunk.maximumBytes))
        continues = try fields.value("continues", Bool.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("chunk", chunk)
        try container.set("offset", offset)
        try container.set("length", length)
        try container.set("continues", continues)
    }

    func slice(_ chunks: [String: Chunk]) throws -> Slice {
        guard let described = chunks[chunk], offset + length <= described.bytes else {
            throw FormatError(.malformed, "a slice lies outside of every chunk")
        }
        return Slice(described, offset: offset, length: length, continues: continues)
    }
}

extension Part {
    /// Whether its properties make sense and fit its bytes.
    var isSound: Bool {
        switch kind {
        case .sqliteDatabase: isSoundDatabase
        case .postgresCatalog: bytes > 0
        case .postgresTable: isSoundTable
        case .postgresLargeObjects: isSoundHash && (rows == 0) == slices.isEmpty
        }
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

    private var isSoundTable: Bool {
        func isName(_ text: String?) -> Bool {
            // NAMEDATALEN is a matter of how a server is built; a zero byte is none of it.
            guard let text else { return false }
            return !text.isEmpty && text.utf8.count <= 1024 && !text.utf8.contains(0)
        }
        guard isName(properties["schema"]?.text), isName(properties["table"]?.text),
            let columns = properties["columns"]?.texts, columns.count <= 1600,
            columns.allSatisfy(isName),
            // Byte by byte: Swift takes two spellings of an accent for one.
            Set(columns.map { Array($0.utf8) }).count == columns.count,
            let condition = properties["condition"]?.text, condition.utf8.count <= 1 << 20,
            let target = properties["loads_through"]?.texts, [0, 2].contains(target.count),
            target.allSatisfy(isName), let format = properties["format"]?.text
        else { return false }
        return isSoundHash && format == "text" && (rows == 0) == slices.isEmpty
            || isSoundHash && format == "binary"
    }

    private var isSoundHash: Bool {
        properties["content_hash"]?.text.flatMap(ContentDigest.init(hex:)) != nil
    }
}
