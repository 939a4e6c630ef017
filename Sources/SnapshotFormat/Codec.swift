internal import CZlib
internal import CZstd

/// How the bytes of a chunk are stored: one stream that the codec's own program opens.
package enum Codec: String, Sendable, Hashable, CaseIterable {
    /// One Zstandard frame with its checksum (RFC 8878).
    case zstd
    /// One gzip member (RFC 1952).
    case gzip

    /// What the names of its chunks end in, without the dot.
    package var fileExtension: String { self == .zstd ? "zst" : "gz" }

    /// No stored form of so many bytes is longer; what is longer is not read at all.
    package func maximumStoredBytes(_ count: Int) -> Int { count + count / 64 + 1024 }

    /// The stored form of `bytes`. The same bytes give the same form with the same library.
    ///
    /// - Throws: `.outOfMemory`.
    package func compress(_ bytes: [UInt8]) throws(FormatError) -> [UInt8] {
        let compressed: [UInt8]?
        switch self {
        case .zstd: compressed = Self.compressZstd(bytes)
        case .gzip: compressed = Self.compressGzip(bytes)
        }
        guard let compressed else {
            throw FormatError(.outOfMemory, "\(rawValue) could not compress: out of memory")
        }
        return compressed
    }

    /// The bytes that were stored. Never makes more than `count` of them, whatever the stream says
    /// of itself.
    ///
    /// - Parameters:
    ///   - stored: the whole stream and nothing behind it.
    ///   - count: how many bytes come out of it.
    /// - Returns: `count` bytes.
    /// - Throws: `.malformed` where the stream is damaged, or holds more or less.
    package func decompress(_ stored: [UInt8], count: Int) throws(FormatError) -> [UInt8] {
        switch self {
        case .zstd: try Self.decompressZstd(stored, count)
        case .gzip: try Self.decompressGzip(stored, count)
        }
    }

    // MARK: zstd

    /// Fast enough not to be what a snapshot waits for, and smaller than gzip's default.
    private static let zstdLevel: Int32 = 2

    private static func compressZstd(_ bytes: [UInt8]) -> [UInt8]? {
        guard let context = ZSTD_createCCtx() else { return nil }
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, zstdLevel)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        var isFailed = false
        let result = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) {
            buffer, count in
            let written = ZSTD_compress2(
                context, buffer.baseAddress, buffer.count, bytes, bytes.count)
            isFailed = ZSTD_isError(written) != 0
            count = isFailed ? 0 : written
        }
        return isFailed ? nil : result
    }

    private static func decompressZstd(
        _ stored: [UInt8], _ wanted: Int
    ) throws(FormatError) -> [UInt8] {
        var problem: String?
        let result = [UInt8](unsafeUninitializedCapacity: max(wanted, 1)) { buffer, count in
            let written = ZSTD_decompress(buffer.baseAddress, wanted, stored, stored.count)
            if ZSTD_isError(written) != 0 {
                problem = String(cString: ZSTD_getErrorName(written)).lowercased()
                count = 0
            } else {
                count = written
            }
        }
        if let problem {
            throw FormatError(.malformed, "the zstd stream cannot be read: \(problem)")
        }
        return try checked(result, wanted)
    }

    // MARK: gzip

    private static func compressGzip(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard czlib_deflate_gzip(&stream, 6) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        var isDone = false
        let capacity = Int(deflateBound(&stream, UInt(bytes.count)))
        let result = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                isDone = deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
            count = buffer.count - Int(stream.avail_out)
        }
        return isDone ? result : nil
    }

    private static func decompressGzip(
        _ stored: [UInt8], _ wanted: Int
    ) throws(FormatError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_inflate_gzip(&stream) == Z_OK else {
            throw FormatError(.outOfMemory, "gzip could not decompress: out of memory")
        }
        defer { inflateEnd(&stream) }
        var input = stored
        var code = Z_OK
        // One byte more than wanted, so that a stream that goes on shows.
        let result = [UInt8](unsafeUninitializedCapacity: wanted + 1) { buffer, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                code = inflate(&stream, Z_FINISH)
            }
            count = buffer.count - Int(stream.avail_out)
        }
        guard result.count <= wanted else { return try checked(result, wanted) }
        guard code == Z_STREAM_END else {
            throw FormatError(.malformed, "the gzip stream is damaged or cut short")
        }
        guard stream.avail_in == 0 else {
            throw FormatError(.malformed, "there is something behind the gzip stream")
        }
        return try checked(result, wanted)
    }

    private static func checked(_ result: [UInt8], _ wanted: Int) throws(FormatError) -> [UInt8] {
        guard result.count == wanted else {
            throw FormatError(.malformed, "the stream does not hold \(wanted) bytes")
        }
        return result
    }
}
