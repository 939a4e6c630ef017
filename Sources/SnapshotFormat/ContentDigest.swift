internal import Crypto

/// SHA-256 of bytes, the name under which they are kept.
///
/// Source: FIPS 180-4.
package struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    /// The digest of `bytes`.
    package init(of bytes: some Sequence<UInt8>) {
        var hasher = ContentHasher()
        if bytes.withContiguousStorageIfAvailable({ hasher.update($0) }) == nil {
            Array(bytes).withUnsafeBufferPointer { hasher.update($0) }
        }
        self = hasher.finish()
    }

    /// Reads a digest; nil for anything but 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        let isDigest =
            hex.utf8.count == 64
            && hex.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        guard isDigest else { return nil }
        self.hex = hex
    }

    fileprivate init(_ digest: SHA256.Digest) {
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        hex = String(decoding: text, as: UTF8.self)
    }

    /// The same as `hex`.
    package var description: String { hex }
}

/// SHA-256 of bytes that come piece by piece.
package struct ContentHasher {
    private var hash = SHA256()

    /// A hasher that has seen nothing.
    package init() {}

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    /// The digest of all that was added.
    package func finish() -> ContentDigest { ContentDigest(hash.finalize()) }
}
