/// Places in a file that are filled in when it is read.
struct Placeholders {
    /// How they are written.
    enum Syntax {
        /// goose's: `${NAME}`, `$NAME`, `${NAME:-default}`, `${NAME-default}`, `${NAME?message}`, each a
        /// variable of the process.
        case shell
        /// Flyway's: `${name}`, the variable `FLYWAY_PLACEHOLDERS_NAME` of the process.
        case flyway
    }

    let syntax: Syntax
    /// The file's name, for messages.
    let file: String
    /// The file's bytes, for places.
    let original: [UInt8]

    /// Fills in what stands in `ranges`; lines stay where they are unless a value has several.
    ///
    /// - Throws: `.invalidFiles` with line and column for one that has no value.
    func filled(
        _ bytes: [UInt8], in ranges: [Range<Int>], _ variable: (String) -> String?
    ) throws(MigrationError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        for range in ranges {
            result += bytes[index..<range.lowerBound]
            index = range.lowerBound
            while index < range.upperBound {
                guard bytes[index] == Self.dollar,
                    let found = placeholder(bytes, at: index, range.upperBound)
                else {
                    result.append(bytes[index])
                    index += 1
                    continue
                }
                result += try value(found.text, at: index, variable).utf8
                index = found.end
            }
        }
        return result + bytes[index...]
    }

    /// Where the first place stands that would be filled in; nil where there is none.
    func first(in bytes: [UInt8], _ ranges: [Range<Int>]) -> Int? {
        for range in ranges {
            let found = range.first { index in
                bytes[index] == Self.dollar
                    && placeholder(bytes, at: index, range.upperBound) != nil
            }
            if let found { return found }
        }
        return nil
    }

    private static let dollar = UInt8(ascii: "$")

    /// The text between the braces, or the bare name, and where it ends.
    private func placeholder(
        _ bytes: [UInt8], at start: Int, _ limit: Int
    ) -> (text: String, end: Int)? {
        var index = start + 1
        guard index < limit else { return nil }
        if bytes[index] == UInt8(ascii: "{") {
            guard let end = bytes[index..<limit].firstIndex(of: UInt8(ascii: "}")), end > index + 1
            else { return nil }
            let text = String(decoding: bytes[index + 1..<end], as: UTF8.self)
            return text.contains(where: \.isNewline) ? nil : (text, end + 1)
        }
        guard syntax == .shell, Self.isLetter(bytes[index]) else { return nil }
        while index < limit, Self.isLetter(bytes[index]) || (0x30...0x39).contains(bytes[index]) {
            index += 1
        }
        // '$body$' begins a string of PostgreSQL's.
        if index < limit, bytes[index] == Self.dollar { return nil }
        return (String(decoding: bytes[start + 1..<index], as: UTF8.self), index)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }

    private func value(
        _ text: String, at offset: Int, _ variable: (String) -> String?
    ) throws(MigrationError) -> String {
        switch syntax {
        case .shell: try shellValue(text, at: offset, variable)
        case .flyway: try flywayValue(text, at: offset, variable)
        }
    }

    private func shellValue(
        _ text: String, at offset: Int, _ variable: (String) -> String?
    ) throws(MigrationError) -> String {
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let value = variable(String(name))
        let rest = text.dropFirst(name.count)
        if rest.hasPrefix(":-") {
            return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(rest.dropFirst(2))
        }
        if let value { return value }
        if rest.hasPrefix("-") { return String(rest.dropFirst()) }
        let message = rest.hasPrefix("?") ? String(rest.dropFirst()) : ""
        throw missing(
            "the variable '\(name)' is not set" + (message.isEmpty ? "" : ": \(message)"), offset,
            "Set it, or give it a default: ${\(name):-default}.")
    }

    private func flywayValue(
        _ text: String, at offset: Int, _ variable: (String) -> String?
    ) throws(MigrationError) -> String {
        let upper = text.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
        let name = "FLYWAY_PLACEHOLDERS_" + String(upper)
        if let value = variable(name) { return value }
        if text == "flyway:filename" { return file }
        throw missing(
            "the placeholder '${\(text)}' has no value", offset,
            text.hasPrefix("flyway:")
                ? "Of Flyway's own placeholders only ${flyway:filename} is known here; set "
                    + "\(name) for this one."
                : "Set \(name), as for Flyway.")
    }

    private func missing(_ message: String, _ offset: Int, _ hint: String) -> MigrationError {
        .inFile(file, original, at: offset, message, hint: hint)
    }
}
