internal import Crypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The sum of the SHA-256 of rows, as numbers modulo 2²⁵⁶: equal for the same rows in whatever
/// order, and another one if a row is missing, changed or there once more.
///
/// It tells accidents: who may write the manifest can write any sum.
package struct ContentSum: Sendable, Hashable {
    // The number in words of 64 bits, the most significant first.
    private var word0: UInt64 = 0
    private var word1: UInt64 = 0
    private var word2: UInt64 = 0
    private var word3: UInt64 = 0
    /// How many rows were added.
    package private(set) var rows: Int64 = 0

    /// The sum of no rows.
    package init() {}

    /// Adds a row: a line of COPY text without its line end, or a tuple of COPY binary from its
    /// count of fields on.
    package mutating func add(row: UnsafeRawBufferPointer) {
        let digest = SHA256.hash(data: row)
        digest.withUnsafeBytes { bytes in
            add(
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)))
        }
        rows += 1
    }

    /// Adds the rows of another sum.
    package mutating func add(_ other: ContentSum) {
        add(other.word0, other.word1, other.word2, other.word3)
        rows += other.rows
    }

    /// Adds each line of COPY text, whole lines only.
    package mutating func add(lines: UnsafeRawBufferPointer) {
        guard var line = lines.baseAddress else { return }
        let end = line + lines.count
        while line < end {
            let length = memchr(line, 0x0A, end - line).map { UnsafeRawPointer($0) - line }
            let count = length ?? (end - line)
            add(row: UnsafeRawBufferPointer(start: line, count: count))
            line += count + 1
        }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        [word0, word1, word2, word3].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private mutating func add(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
        func sum(_ left: UInt64, _ right: UInt64, _ carry: Bool) -> (UInt64, Bool) {
            let (first, overflow) = left.addingReportingOverflow(right)
            let (second, overflowOfCarry) = first.addingReportingOverflow(carry ? 1 : 0)
            return (second, overflow || overflowOfCarry)
        }
        var carry = false
        (word3, carry) = sum(word3, d, carry)
        (word2, carry) = sum(word2, c, carry)
        (word1, carry) = sum(word1, b, carry)
        (word0, _) = sum(word0, a, carry)
    }
}
