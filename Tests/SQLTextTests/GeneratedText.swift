/// Takes out of a generated text what psql and we are free to keep or drop around a statement.
///
/// The generators write comments only as `--~ … ~` and `/*~ … ~*/` and no tilde anywhere else, so
/// that this needs no lexer, and cannot share a mistake with the one under test.
func squeezed(_ bytes: some Collection<UInt8>) -> String {
    var bytes = Array(bytes)
    if bytes.starts(with: "\u{FEFF}".utf8) { bytes.removeFirst(3) }
    let openings = [Array("--~".utf8), Array("/*~".utf8)]
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if openings.contains(where: { bytes[index...].starts(with: $0) }) {
            let isBlock = bytes[index] == UInt8(ascii: "/")
            let close = bytes[(index + 3)...].firstIndex(of: UInt8(ascii: "~")) ?? bytes.count
            index = close + (isBlock ? 3 : 1)
        } else {
            if !" \t\r\n".utf8.contains(bytes[index]) { result.append(bytes[index]) }
            index += 1
        }
    }
    return String(decoding: result, as: UTF8.self)
}

/// `squeezed`, without the `;` around it; nil for a statement that says nothing.
func comparable(_ bytes: some Collection<UInt8>) -> String? {
    var text = squeezed(bytes)[...]
    while text.hasPrefix(";") { text.removeFirst() }
    if text.hasSuffix(";") { text.removeLast() }
    return text.isEmpty ? nil : String(text)
}

/// What may stand between two tokens: white space and comments full of traps.
func randomGap(_ random: inout SeededGenerator, nested: Bool) -> String {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: "\n"
    case 1: "\r\n"
    case 2: "\t \n\n"
    case 3: " --~ it's ; \" $$ /* ( ~\n"
    case 4: "--~ ; ~\r\n"
    case 5: " /*~ ; ' \" $$ ( -- ~*/ "
    case 6: nested ? "/*~ /* ; */ ' /* /* */ ; */ ~*/" : "/*~ /* ; ' ~*/"
    case 7: "/*~\n;\n~*/\n"
    default: " "
    }
}
