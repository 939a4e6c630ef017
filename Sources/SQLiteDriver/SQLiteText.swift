/// The little that the driver itself must know of a statement's text.
enum SQLiteText {
    /// The offset in bytes of the first token at or after `offset`; nil when only white space,
    /// comments and semicolons are left.
    ///
    /// Source: https://www.sqlite.org/lang_comment.html
    static func firstToken(in text: String, after offset: Int) -> Int? {
        let bytes = text.utf8
        let end = bytes.endIndex
        var index = bytes.index(bytes.startIndex, offsetBy: offset)
        while index < end {
            let next = bytes.index(after: index)
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
                0x0c, UInt8(ascii: ";"):
                index = next
            case UInt8(ascii: "-") where next < end && bytes[next] == UInt8(ascii: "-"):
                let line = bytes[next...]
                index = line.firstIndex(of: UInt8(ascii: "\n")) ?? end
            case UInt8(ascii: "/") where next < end && bytes[next] == UInt8(ascii: "*"):
                let body = bytes.index(after: next)
                // SQLite takes '/*' at the very end of a text for two operators.
                guard body < end else { return bytes.distance(from: bytes.startIndex, to: index) }
                index = endOfComment(bytes, after: body)
            default:
                return bytes.distance(from: bytes.startIndex, to: index)
            }
        }
        return nil
    }

    /// Whether `sqlite3_changes` speaks of this statement: it is left alone by all others.
    static func isDataChange(_ text: String) -> Bool {
        guard let start = firstToken(in: text, after: 0) else { return false }
        let bytes = text.utf8.dropFirst(start).prefix(8)
        let word = String(decoding: bytes.prefix { $0 | 0x20 >= UInt8(ascii: "a") }, as: UTF8.self)
        return ["insert", "replace", "update", "delete", "with"].contains(word.lowercased())
    }

    private static func endOfComment(
        _ bytes: String.UTF8View, after start: String.UTF8View.Index
    ) -> String.UTF8View.Index {
        var index = start
        var previous: UInt8 = 0
        while index < bytes.endIndex {
            let byte = bytes[index]
            index = bytes.index(after: index)
            if previous == UInt8(ascii: "*"), byte == UInt8(ascii: "/") { return index }
            previous = byte
        }
        return index
    }
}
