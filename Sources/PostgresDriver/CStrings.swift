#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Texts laid out as C wants an array of them: each ended by a zero byte, then a null pointer.
struct CStrings {
    private var bytes: [UInt8] = []
    private var starts: [Int?] = []

    /// Copies the texts; nil becomes a null pointer.
    init(_ texts: [[UInt8]?]) {
        bytes.reserveCapacity(texts.reduce(0) { $0 + ($1?.count ?? 0) + 1 })
        for text in texts {
            starts.append(text == nil ? nil : bytes.count)
            guard let text else { continue }
            bytes.append(contentsOf: text)
            bytes.append(0)
        }
    }

    init(_ texts: [String]) { self.init(texts.map { Array($0.utf8) }) }

    /// Lends the array; the pointers are valid inside `body` only.
    func withPointers<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.assumingMemoryBound(to: CChar.self).baseAddress
            return body(starts.map { start in start.flatMap { base?.advanced(by: $0) } } + [nil])
        }
    }
}

extension String {
    /// Where the first zero byte is, in UTF-8 bytes; nil where there is none.
    var zeroByteOffset: Int? {
        var text = self
        return text.withUTF8 { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base, 0, bytes.count) else {
                return nil
            }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}
