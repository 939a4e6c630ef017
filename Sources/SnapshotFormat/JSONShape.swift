/// Looks at the shape of a JSON text before it is decoded.
///
/// What a decoder makes of a key that an object has twice, or of a thousand brackets, is its own
/// affair, and another reader's may be another one; a text with either is none that was written here.
package enum JSONShape {
    /// No document of the repository is deeper than seven levels.
    private static let maximumDepth = 16

    /// Looks at a text.
    ///
    /// - Parameter text: need not be JSON: what else is wrong with it is left to the decoder.
    /// - Returns: what is wrong with the shape; nil for nothing.
    package static func problem(_ text: ArraySlice<UInt8>) -> String? {
        text.withUnsafeBufferPointer { problem($0) }
    }

    private static func problem(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        // The keys of each object that is open; nil for a list.
        var open: [Set<[UInt8]>?] = []
        var expectsKey = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""):
                let start = index + 1
                let (end, hasEscapes) = endOfString(text, start)
                if expectsKey {
                    // Two spellings of one key would pass for two.
                    if hasEscapes { return "a key is written with an escape" }
                    let key = Array(text[start..<end])
                    guard open[open.count - 1]?.insert(key).inserted == true else {
                        return "'\(String(decoding: key.prefix(40), as: UTF8.self))' is there twice"
                    }
                    expectsKey = false
                }
                index = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < maximumDepth else { return "it is too deep" }
                expectsKey = text[index] == UInt8(ascii: "{")
                open.append(expectsKey ? .some([]) : nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
                expectsKey = false
            case UInt8(ascii: ","): expectsKey = open.last.map { $0 != nil } ?? false
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Where the closing quote is, or the text ends.
    private static func endOfString(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int
    ) -> (end: Int, hasEscapes: Bool) {
        var end = start
        var hasEscapes = false
        while end < text.count, text[end] != UInt8(ascii: "\"") {
            if text[end] == UInt8(ascii: "\\") {
                hasEscapes = true
                end += 1
            }
            end += 1
        }
        return (min(end, text.count), hasEscapes)
    }
}
