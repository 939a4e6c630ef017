/// Reads the fields of SSH's binary encoding, in order.
///
/// Source: RFC 4251, section 5 (`uint32` is big-endian; `string` is a `uint32` length and its bytes;
/// `mpint` is a `string` holding a two's complement number).
struct SSHReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    /// True where nothing is left.
    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(SignatureError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Self.short }
        return byte
    }

    mutating func bytes(_ count: Int) throws(SignatureError) -> [UInt8] {
        guard count >= 0, rest.count >= count else { throw Self.short }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func uint32() throws(SignatureError) -> UInt32 {
        try bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() throws(SignatureError) -> [UInt8] { try bytes(Int(uint32())) }

    /// A string of ASCII, as names of keys and hashes are.
    mutating func name() throws(SignatureError) -> String {
        let bytes = try string()
        guard bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw SignatureError(.malformed, "a name in it is not plain ASCII")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The magnitude of a number that is not negative, without leading zeros.
    mutating func positiveNumber() throws(SignatureError) -> [UInt8] {
        let bytes = try string()
        guard let first = bytes.first, first < 0x80 else {
            throw SignatureError(.malformed, "a number in it is not positive")
        }
        return Array(bytes.drop { $0 == 0 })
    }

    func expectEnd() throws(SignatureError) {
        guard rest.isEmpty else {
            throw SignatureError(.malformed, "there are bytes behind its end")
        }
    }

    private static let short = SignatureError(.malformed, "it ends too early")
}

/// The bytes as an SSH `string`: the length as four big-endian bytes, and the bytes.
func sshString(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let count = UInt32(bytes.count)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) } + bytes
}
