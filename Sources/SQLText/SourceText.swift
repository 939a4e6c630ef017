/// The bytes that the rules below name.
enum Byte {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let verticalTab: UInt8 = 0x0B
    static let formFeed: UInt8 = 0x0C
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let doubleQuote = UInt8(ascii: "\"")
    static let hash = UInt8(ascii: "#")
    static let dollar = UInt8(ascii: "$")
    static let ampersand = UInt8(ascii: "&")
    static let quote = UInt8(ascii: "'")
    static let leftParenthesis = UInt8(ascii: "(")
    static let rightParenthesis = UInt8(ascii: ")")
    static let star = UInt8(ascii: "*")
    static let plus = UInt8(ascii: "+")
    static let comma = UInt8(ascii: ",")
    static let minus = UInt8(ascii: "-")
    static let dot = UInt8(ascii: ".")
    static let slash = UInt8(ascii: "/")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let less = UInt8(ascii: "<")
    static let equals = UInt8(ascii: "=")
    static let greater = UInt8(ascii: ">")
    static let question = UInt8(ascii: "?")
    static let at = UInt8(ascii: "@")
    static let leftBracket = UInt8(ascii: "[")
    static let backslash = UInt8(ascii: "\\")
    static let rightBracket = UInt8(ascii: "]")
    static let underscore = UInt8(ascii: "_")
    static let backtick = UInt8(ascii: "`")
    static let bar = UInt8(ascii: "|")
    static let exclamation = UInt8(ascii: "!")

    /// An ASCII letter in lower case; every other byte as it is.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// True for `A`–`Z` and `a`–`z`.
    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// True for `0`–`9`.
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// True for what an unquoted name begins with in both dialects: a letter, `_`, any non-ASCII.
    @inline(__always)
    static func startsWord(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte >= 0x80 || byte == underscore
    }

    /// True for what an unquoted name goes on with in both dialects: also digits and `$`.
    @inline(__always)
    static func continuesWord(_ byte: UInt8) -> Bool {
        startsWord(byte) || isDigit(byte) || byte == dollar
    }

    /// True for white space: blank, tab, line feed, vertical tab, form feed, carriage return.
    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool { byte == space || byte &- tab < 5 }
}

/// What is to be known of a text before it is lexed, and how its lines are counted.
enum SourceText {
    /// 3 if the text begins with a UTF-8 byte-order mark, else 0.
    static func markLength(of bytes: [UInt8]) -> Int {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// How many Unicode scalars begin in a range of valid UTF-8; every byte that is no continuation
    /// byte counts, so the answer is also sensible for text that is not UTF-8.
    static func scalarCount(of bytes: [UInt8], from start: Int, to end: Int) -> Int {
        guard start < end else { return 0 }
        return bytes[start..<end].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }

    /// The line that begins at `start`, without its line end.
    static func line(of bytes: [UInt8], from start: Int) -> String {
        var line = bytes[start...].prefix { $0 != Byte.lineFeed }
        if line.last == Byte.carriageReturn { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }

    /// Checks that the text is UTF-8 without a byte 0, and notes where its lines begin.
    ///
    /// - Returns: the byte offset of the start of each line; the first is behind a byte-order mark.
    /// - Throws: `.nulByte` or `.invalidUTF8`, whichever comes first in the text.
    static func lineStarts(
        of source: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(SQLTextError) -> [Int] {
        var starts = [start]
        var index = start
        while index < source.count {
            let byte = source[index]
            if byte >= 0x80 {
                let length = sequenceLength(source, index)
                guard length > 0 else {
                    throw SQLTextError(
                        .invalidUTF8, "the text is not UTF-8",
                        hint: "Save the file in the encoding UTF-8.", offset: index)
                }
                index += length
                continue
            }
            if byte == 0 {
                throw SQLTextError(
                    .nulByte, "the text holds a NUL byte",
                    hint: "SQL text cannot hold one; is this a text file in UTF-8?",
                    offset: index)
            }
            index += 1
            if byte == Byte.lineFeed { starts.append(index) }
        }
        return starts
    }

    /// The length of the well-formed multi-byte sequence at `index`; 0 if there is none.
    ///
    /// Source: The Unicode Standard 15, table 3-7, "Well-Formed UTF-8 Byte Sequences".
    private static func sequenceLength(_ source: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        let lead = source[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard index + length <= source.count, second.contains(source[index + 1]) else { return 0 }
        for offset in 2..<max(2, length) where source[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
