/// Texts inside quotes, byte by byte: for Swift a quote and a combining mark behind it are one
/// character, which a search for the quote passes over.
enum QuotedText {
    /// The text with each of some ASCII characters written twice.
    static func doubling(_ characters: [UInt8], in text: String) -> String {
        putting({ $0 }, before: characters, in: text)
    }

    /// The text with a backslash before each of some ASCII characters.
    static func escaping(_ characters: [UInt8], in text: String) -> String {
        putting({ _ in UInt8(ascii: "\\") }, before: characters, in: text)
    }

    private static func putting(
        _ mark: (UInt8) -> UInt8, before characters: [UInt8], in text: String
    ) -> String {
        guard text.utf8.contains(where: characters.contains) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if characters.contains(byte) { bytes.append(mark(byte)) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An identifier of SQLite.
    static func sqliteName(_ name: String) -> String {
        "\"" + doubling([UInt8(ascii: "\"")], in: name) + "\""
    }
}
