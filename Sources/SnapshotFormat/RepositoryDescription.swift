/// The file `repository.json`: which repository this is.
package struct RepositoryDescription: Sendable, Hashable, Codable {
    /// The file's name.
    package static let name = "repository.json"
    /// The version of the format that this program reads and writes.
    package static let formatVersion: Int64 = 1
    /// A longer file is refused unread.
    package static let maximumBytes = 64 * 1024

    /// 32 lower-case hexadecimal digits, drawn when the repository was made; every manifest
    /// repeats it.
    package let id: String
    /// When it was made, RFC 3339 in UTC.
    package let createdAt: String
    /// How new chunks are stored.
    package let codec: Codec

    /// Describes a new repository.
    package init(id: String, createdAt: String, codec: Codec) {
        self.id = id
        self.createdAt = createdAt
        self.codec = codec
    }

    /// Reads the file.
    ///
    /// - Throws: `FormatError`.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        self = try Envelope.read(bytes, Self.self)
    }

    /// The file's bytes.
    ///
    /// - Throws: `FormatError` where a text is not valid.
    package func bytes() throws(FormatError) -> [UInt8] { try Envelope.write(self) }

    /// Reads the fields.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["format", "id", "created_at", "codec"])
        try Self.checkVersion(fields)
        id = try fields.text("id")
        guard Self.isID(id) else { throw fields.invalid("id") }
        createdAt = try fields.text("created_at", limit: 40)
        codec = try fields.choice("codec", Codec.self)
    }

    /// Writes the fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        try container.set("format", Self.formatVersion)
        try container.set("id", id)
        try container.set("created_at", createdAt)
        try container.set("codec", codec.rawValue)
    }

    static func checkVersion(_ fields: Fields) throws {
        let version = try fields.value("format", Int64.self)
        guard version == formatVersion else {
            throw FormatError(
                .unsupported,
                "it is written in format \(version), and this version reads \(formatVersion)")
        }
    }

    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32 && ContentDigest(hex: text + text) != nil
    }
}
