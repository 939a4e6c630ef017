internal import SnapshotFormat

/// Finds the rows in the messages of a binary COPY, each of which holds whole rows.
///
/// | bytes | |
/// |---|---|
/// | 11 | signature `PGCOPY\n\377\r\n\0` |
/// | 4 | flags |
/// | 4, n | length of a header extension, and it |
/// | 2 | a row: its count of fields, −1 at the end of all |
/// | 4, n | a field: its length, −1 for NULL, and it |
///
/// Source: https://www.postgresql.org/docs/current/sql-copy.html
struct BinaryRows {
    struct Malformed: Error {}

    private static let signature: [UInt8] = [
        0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00,
    ]
    private var hasHeader = false

    /// The sum of the rows of the next message.
    ///
    /// - Throws: `Malformed`.
    mutating func sum(_ message: UnsafeRawBufferPointer) throws(Malformed) -> ContentSum {
        var sum = ContentSum()
        var start = 0
        if !hasHeader {
            guard message.starts(with: Self.signature) else { throw Malformed() }
            start = 19 + Int(try Self.number(message, 15))
            hasHeader = true
        }
        while start < message.count {
            let end = try Self.endOfRow(message, start)
            guard let end else { return sum }
            sum.add(row: UnsafeRawBufferPointer(rebasing: message[start..<end]))
            start = end
        }
        return sum
    }

    /// Where the row that begins at `start` ends; nil for the end of all rows.
    private static func endOfRow(
        _ message: UnsafeRawBufferPointer, _ start: Int
    ) throws(Malformed) -> Int? {
        guard start + 2 <= message.count else { throw Malformed() }
        let bits = UInt16(message[start]) << 8 | UInt16(message[start + 1])
        let count = Int16(bitPattern: bits)
        guard count >= 0 else { return nil }
        var end = start + 2
        for _ in 0..<count {
            let length = try number(message, end)
            end += 4 + max(0, Int(length))
        }
        guard end <= message.count else { throw Malformed() }
        return end
    }

    private static func number(
        _ message: UnsafeRawBufferPointer, _ offset: Int
    ) throws(Malformed) -> Int32 {
        guard offset >= 0, offset + 4 <= message.count else { throw Malformed() }
        let bits = message.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return Int32(bitPattern: UInt32(bigEndian: bits))
    }

    /// The built-in types whose binary form is the same on every server that is supported, and is
    /// no longer than what it holds.
    static let types: Set<String> = [
        "bigint", "boolean", "bytea", "character", "character varying", "date", "double precision",
        "integer", "json", "jsonb", "name", "numeric", "oid", "real", "smallint", "text",
        "time without time zone", "timestamp with time zone", "timestamp without time zone", "uuid",
        "xml", "interval", "time with time zone", "\"char\"",
    ]

    /// Whether a type, as `format_type` writes it, is one of them.
    static func carries(_ type: String) -> Bool {
        guard let open = type.firstIndex(of: "(") else { return types.contains(type) }
        // `timestamp(3) without time zone`, `numeric(10,2)`
        let rest = type[open...].drop { $0 != ")" }.dropFirst()
        return types.contains(String(type[..<open] + rest))
    }
}
