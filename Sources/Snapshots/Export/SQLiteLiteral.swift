internal import Database

/// Values as literals that every SQLite reads back as the same values.
enum SQLiteLiteral {
    /// A value of a row; `isText` where it is the bytes of a text.
    static func of(_ value: DatabaseValue, isText: Bool, isUTF8: Bool) -> String {
        switch value {
        case .null: "NULL"
        case .integer(let value): String(value)
        case .real(let value): of(value)
        case .text(let text): quoted(text)
        case .blob(let bytes): isText ? text(bytes, isUTF8) : hex(bytes)
        }
    }

    /// A text.
    static func quoted(_ text: String) -> String {
        "'" + QuotedText.doubling([UInt8(ascii: "'")], in: text) + "'"
    }

    /// The bytes of a text in the encoding of the database. As a blob where a string of the script
    /// would not be the same: the shell drops a CR at the end of a line, and SQLite ends a string at
    /// a zero byte.
    private static func text(_ bytes: [UInt8], _ isUTF8: Bool) -> String {
        let hasBreaking = bytes.contains { $0 == 0 || $0 == UInt8(ascii: "\r") }
        if isUTF8, !hasBreaking, let text = String(validating: bytes, as: UTF8.self) {
            return quoted(text)
        }
        return "CAST(\(hex(bytes)) AS TEXT)"
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = [UInt8(ascii: "x"), UInt8(ascii: "'")]
        text.reserveCapacity(bytes.count * 2 + 3)
        let digits = Array("0123456789abcdef".utf8)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        text.append(UInt8(ascii: "'"))
        return String(decoding: text, as: UTF8.self)
    }

    /// A number with a point. SQLite's own reading of decimals is exact for up to 15 digits; a
    /// longer one is written as a whole number, multiplied or divided by powers of two, each step of
    /// which is exact.
    ///
    /// Source: https://www.sqlite.org/floatingpoint.html
    static func of(_ value: Double) -> String {
        if value.isInfinite { return value < 0 ? "-9e999" : "9e999" }
        let text = value.description
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        let digits = mantissa.reversed().drop { $0 == "0" }.count
        if digits <= 15, (1e-7..<1e22).contains(value.magnitude) || value == 0 { return text }
        return exact(value)
    }

    private static func exact(_ value: Double) -> String {
        // value = whole * 2^exponent
        let fraction =
            value.isNormal ? 1 << 52 | value.significandBitPattern : value.significandBitPattern
        let exponent = Int(max(value.exponentBitPattern, 1)) - 1075
        let whole = (value < 0 ? "-" : "") + String(fraction)
        let sign = exponent < 0 ? "/" : "*"
        var rest = exponent.magnitude
        var text = "(" + whole + (rest == 0 ? "*1.0" : "")
        while rest > 0 {
            let bits = min(rest, 30)
            text += sign + String(1 << bits) + ".0"
            rest -= bits
        }
        return text + ")"
    }
}
