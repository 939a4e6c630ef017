#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Takes a line of an allowed signers file apart: principals, options, type, key, comment.
struct SignersLine {
    private var rest: Substring

    init(_ line: Substring) { rest = line }

    mutating func entry() throws(SignatureError) -> AllowedSigners.Entry {
        let principals = try word("the principals")
        guard !principals.isEmpty else {
            throw SignatureError(.malformed, "the line names no principal")
        }
        var second = try word("a key", keepsQuotes: true)
        var options = ""
        if !SSHPublicKey.isType(second) {
            options = second
            second = try word("a key behind the options")
        }
        guard SSHPublicKey.isType(second) else {
            throw SignatureError(
                .malformed, "'\(options.isEmpty ? second : options)' is neither options nor a key",
                hint: "A line has principals, options where needed, and a key as in a .pub file.")
        }
        let key = try SSHPublicKey(type: second, base64: try word("the key's base64"))
        var entry = AllowedSigners.Entry(principals: PatternList(principals), key: key)
        try Self.read(options[...], into: &entry)
        return entry
    }

    /// The next word; blanks within quotes belong to it.
    private mutating func word(
        _ wanted: String, keepsQuotes: Bool = false
    ) throws(SignatureError) -> String {
        rest = rest.drop { $0 == " " || $0 == "\t" }
        var word = ""
        var isQuoted = false
        while let character = rest.first {
            if !isQuoted, character == " " || character == "\t" { break }
            rest.removeFirst()
            if character == "\"" {
                isQuoted.toggle()
                if !keepsQuotes { continue }
            } else if character == "\\", isQuoted, rest.first == "\"" {
                word += keepsQuotes ? "\\\"" : "\""
                rest.removeFirst()
                continue
            }
            word.append(character)
        }
        guard !isQuoted else { throw SignatureError(.malformed, "a quote in the line has no end") }
        guard !word.isEmpty else { throw SignatureError(.malformed, "the line lacks \(wanted)") }
        return word
    }

    // MARK: - Options

    private static func read(
        _ text: Substring, into entry: inout AllowedSigners.Entry
    ) throws(SignatureError) {
        var rest = text
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != "," }
            rest = rest.dropFirst(name.count)
            var value: String?
            if rest.first == "=" {
                rest.removeFirst()
                value = try quoted(&rest, name)
            }
            switch (name.lowercased(), value) {
            case ("cert-authority", nil): entry.isAuthority = true
            case ("namespaces", let value?): entry.namespaces = PatternList(value)
            case ("valid-after", let value?): entry.validAfter = try time(value, name)
            case ("valid-before", let value?): entry.validBefore = try time(value, name)
            default:
                throw SignatureError(
                    .malformed, "the option '\(name)' is unknown, or wants a value that it lacks",
                    hint: "Options are cert-authority, namespaces=\"…\", valid-after=\"…\" and "
                        + "valid-before=\"…\".")
            }
            if rest.isEmpty { return }
            guard rest.first == "," else {
                throw SignatureError(.malformed, "there is no comma behind the option '\(name)'")
            }
            rest.removeFirst()
        }
    }

    private static func quoted(
        _ rest: inout Substring, _ name: Substring
    ) throws(SignatureError) -> String {
        guard rest.popFirst() == "\"" else {
            throw SignatureError(.malformed, "the value of '\(name)' must stand in quotes")
        }
        var value = ""
        while let character = rest.popFirst() {
            if character == "\"" { return value }
            if character == "\\", rest.first == "\"" {
                rest.removeFirst()
                value.append("\"")
            } else {
                value.append(character)
            }
        }
        throw SignatureError(.malformed, "the value of '\(name)' has no closing quote")
    }

    /// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in local time, or in UTC with `Z` behind it.
    private static func time(_ text: String, _ name: Substring) throws(SignatureError) -> Int64 {
        let isUTC = text.hasSuffix("Z") || text.hasSuffix("z")
        let digits = Array((isUTC ? text.dropLast() : text[...]).utf8)
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            throw badTime(text, name)
        }
        func number(_ range: Range<Int>) -> Int32 {
            guard range.upperBound <= digits.count else { return 0 }
            return digits[range].reduce(0) { $0 * 10 + Int32($1 - 0x30) }
        }
        var parts = tm()
        parts.tm_year = number(0..<4) - 1900
        parts.tm_mon = number(4..<6) - 1
        parts.tm_mday = number(6..<8)
        parts.tm_hour = number(8..<10)
        parts.tm_min = number(10..<12)
        parts.tm_sec = number(12..<14)
        parts.tm_isdst = -1
        let asked = parts
        let time = isUTC ? timegm(&parts) : mktime(&parts)
        // The C library carries 31 February over into March.
        guard time != -1, parts.tm_mday == asked.tm_mday, parts.tm_mon == asked.tm_mon,
            asked.tm_hour < 24, asked.tm_min < 60, asked.tm_sec < 61
        else { throw badTime(text, name) }
        return Int64(time)
    }

    private static func badTime(_ text: String, _ name: Substring) -> SignatureError {
        SignatureError(
            .malformed, "'\(text)' is no time for '\(name)'",
            hint: "Write YYYYMMDD or YYYYMMDDHHMM, with Z behind it for UTC.")
    }
}
