internal import Database
internal import SnapshotFormat

/// Writes the contents of large objects, which their entries have created.
///
/// A line is `number TAB offset TAB \\xHEX`, as COPY writes them.
struct LargeObjectLoad {
    /// So many pieces of 256 KiB go to the server at a time.
    private static let batch = 16

    let connection: any BulkConnection
    let reader: any ChunkReader

    func load(_ part: Part) throws {
        var line: [UInt8] = []
        var steps: [Step] = []
        for slice in part.slices {
            let content = try reader.read(slice.chunk)
            for byte in content[Int(slice.offset)..<Int(slice.offset + slice.length)] {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                steps.append(try step(line))
                line.removeAll(keepingCapacity: true)
                if steps.count == Self.batch {
                    try connection.run(steps)
                    steps = []
                }
            }
        }
        guard line.isEmpty else { throw malformed }
        try connection.run(steps)
    }

    private func step(_ line: [UInt8]) throws -> Step {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == 3, let number = UInt32(String(decoding: fields[0], as: UTF8.self)),
            let offset = Int64(String(decoding: fields[1], as: UTF8.self)),
            fields[2].starts(with: Array(#"\\x"#.utf8)), let bytes = bytes(fields[2].dropFirst(3))
        else { throw malformed }
        return Step(
            "SELECT pg_catalog.lo_put($1::pg_catalog.oid, $2::pg_catalog.int8, $3)",
            [.text(String(number)), .integer(offset), .blob(bytes)], rowLimit: 0)
    }

    private var malformed: SnapshotError {
        SnapshotError(.damaged, "the contents of the large objects cannot be read")
    }

    private func bytes(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = Self.value(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
