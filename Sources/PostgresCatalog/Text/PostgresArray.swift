/// The text form of a one-dimensional array: `{a,"b c",NULL}`.
///
/// Source: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
enum PostgresArray {
    /// The elements; nil for a NULL.
    static func elements(_ text: String) -> [String?] {
        var bytes = text.utf8.dropFirst()
        var elements: [String?] = []
        if bytes.first == UInt8(ascii: "}") { return [] }
        while !bytes.isEmpty {
            elements.append(element(&bytes))
            // The comma, or the closing brace.
            bytes = bytes.dropFirst()
        }
        return elements
    }

    /// The elements of an array that holds no NULL.
    static func strings(_ text: String) -> [String] { elements(text).compactMap { $0 } }

    private static func element(_ bytes: inout Substring.UTF8View) -> String? {
        var value: [UInt8] = []
        let isQuoted = bytes.first == UInt8(ascii: "\"")
        if isQuoted { bytes = bytes.dropFirst() }
        while let byte = bytes.first {
            if byte == UInt8(ascii: "\\") {
                bytes = bytes.dropFirst()
                if let escaped = bytes.first { value.append(escaped) }
            } else if isQuoted ? byte == UInt8(ascii: "\"") : isEnd(byte) {
                if isQuoted { bytes = bytes.dropFirst() }
                break
            } else {
                value.append(byte)
            }
            bytes = bytes.dropFirst()
        }
        let text = String(decoding: value, as: UTF8.self)
        return !isQuoted && text == "NULL" ? nil : text
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
    }
}
