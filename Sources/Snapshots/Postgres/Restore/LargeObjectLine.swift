internal import SnapshotFormat

/// A piece of a large object: a line `number TAB offset TAB \\xHEX`, as COPY writes it.
struct LargeObjectLine {
    /// The object's number.
    let number: UInt32
    /// Where in it the piece begins, in bytes.
    let offset: Int64
    /// The bytes, two hexadecimal digits each.
    let digits: ArraySlice<UInt8>

    /// Reads a line without its end; nil where it is none.
    init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == 3, let number = UInt32(String(decoding: fields[0], as: UTF8.self)),
            let offset = Int64(String(decoding: fields[1], as: UTF8.self)), offset >= 0,
            fields[2].starts(with: Array(#"\\x"#.utf8))
        else { return nil }
        digits = fields[2].dropFirst(3)
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ Self.value($0) != nil }) else {
            return nil
        }
        self.number = number
        self.offset = offset
    }

    /// The bytes themselves.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            let value = Self.value(digit) ?? 0
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

extension ChunkReader {
    /// Hands the lines of the part of large objects to `body`, one after the other.
    ///
    /// - Throws: `.damaged` for a line that is none, what `body` throws, and as `read`.
    func readLines(
        ofLargeObjects part: Part, _ body: (LargeObjectLine) throws -> Void
    ) throws {
        let malformed = SnapshotError(
            .damaged, "the contents of the large objects cannot be read")
        var rest: [UInt8] = []
        for slice in part.slices {
            let content = try read(slice.chunk)
            rest += content[Int(slice.offset)..<Int(slice.offset + slice.length)]
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                guard let line = LargeObjectLine(rest[start..<end]) else { throw malformed }
                try body(line)
                start = end + 1
            }
            rest.removeFirst(start)
            // A piece is 256 KiB, and its line no longer than three times that.
            guard rest.count < 1 << 20 else { throw malformed }
        }
        guard rest.isEmpty else { throw malformed }
    }
}
