/// The name of a snapshot: time, environment and four random digits,
/// `20261123T210722Z-production-4c1e`.
///
/// It is part of file names, so nothing else is ever taken for one.
package struct SnapshotID: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    package let text: String

    /// The same as `text`.
    package var description: String { text }

    /// Makes a name.
    ///
    /// - Parameters:
    ///   - time: RFC 3339 in UTC.
    ///   - environment: any text; what may not stand in a name becomes `_`.
    ///   - number: the last four digits.
    package init?(time: String, environment: String, number: UInt16) {
        let stamp = time.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        let word = environment.unicodeScalars.prefix(40).map {
            Self.isWordByte($0) ? String($0) : "_"
        }
        let digits = String(number, radix: 16)
        let pad = String(repeating: "0", count: 4 - digits.count)
        self.init("\(stamp)-\(word.joined())-\(pad)\(digits)")
    }

    /// Reads a name; nil where the text is none.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (23...62).contains(bytes.count) else { return nil }
        let time = bytes[..<16]
        for (index, byte) in time.enumerated() {
            switch index {
            case 8: guard byte == UInt8(ascii: "T") else { return nil }
            case 15: guard byte == UInt8(ascii: "Z") else { return nil }
            default: guard Self.isDigit(byte) else { return nil }
            }
        }
        let rest = bytes[16...]
        guard rest.first == UInt8(ascii: "-"), bytes[bytes.count - 5] == UInt8(ascii: "-") else {
            return nil
        }
        let word = rest.dropFirst().dropLast(5)
        guard !word.isEmpty,
            word.allSatisfy({ Self.isWordByte(Unicode.Scalar($0)) }),
            bytes.suffix(4).allSatisfy({
                Self.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        self.text = text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isWordByte(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
