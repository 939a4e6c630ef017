/// How names and texts stand in the DDL that is written.
enum SQLQuoting {
    /// An identifier, in double quotes where it needs them on any server that is supported.
    static func identifier(_ name: String) -> String {
        guard needsQuotes(name) else { return name }
        return "\"" + doubling(UInt8(ascii: "\""), in: name) + "\""
    }

    /// An identifier in its schema.
    static func qualified(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// A string literal, for `standard_conforming_strings = on`.
    static func literal(_ text: String) -> String {
        "'" + doubling(UInt8(ascii: "'"), in: text) + "'"
    }

    /// A text between dollar signs, with a tag that it does not hold and that begins with `tag`.
    static func dollarQuoted(_ text: String, tag: String = "") -> String {
        var quote = "$\(tag)$"
        var attempt = 0
        // A text that ends in the beginning of the quote would run into it.
        while contains(text, String(quote.dropLast())) {
            attempt += 1
            quote = "$\(tag)_\(attempt)$"
        }
        return quote + text + quote
    }

    private static func needsQuotes(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return true }
        guard first == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        else { return true }
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return !isPlain || reservedWords.contains(name)
    }

    /// Byte by byte: a quote before a combining mark is one character with it for Swift.
    private static func doubling(_ quote: UInt8, in text: String) -> String {
        guard text.utf8.contains(quote) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            bytes.append(byte)
            if byte == quote { bytes.append(quote) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { start in
            text[start] == part[0] && text[start..<(start + part.count)].elementsEqual(part)
        }
    }
}
