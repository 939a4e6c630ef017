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
