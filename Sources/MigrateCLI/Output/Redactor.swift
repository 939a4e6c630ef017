/// Keeps secrets out of what is shown: the last line of defence behind messages that are made
/// without them.
struct Redactor {
    private var secrets: [String] = []

    /// Adds secrets; one that is also a plain part of the address (user, database, host) or shorter
    /// than four characters cannot be told from ordinary words and is left to the rules below.
    mutating func add(_ new: [String], publicParts: [String] = []) {
        secrets += new.filter { $0.utf8.count >= 4 && !publicParts.contains($0) }
        secrets.sort { $0.utf8.count > $1.utf8.count }
    }

    /// The text without secrets: the known ones, the password of anything that looks like
    /// `scheme://user:password@`, and the value of anything that looks like `password=…`.
    func redact(_ text: String) -> String {
        var text = text
        for secret in secrets where text.contains(secret) {
            text = text.replacing(secret, with: "***")
        }
        if text.contains("://") { text = Self.redactURLs(text) }
        if text.contains("password") { text = Self.redactValues(text) }
        return text
    }

    /// The user information of a URL ends at the last `@` before a slash or space.
    private static func redactURLs(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            rest = rest[scheme.upperBound...]
            let authority = rest.prefix { !" \n\t'\"?".contains($0) }
            guard let at = authority.lastIndex(of: "@"),
                let colon = authority[..<at].firstIndex(of: ":")
            else { continue }
            result += authority[..<colon] + ":***"
            rest = rest[at...]
        }
        return result + rest
    }

    /// libpq allows spaces around the `=`, and a backslash before a quote in a quoted value.
    private static func redactValues(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let key = rest.firstRange(of: "password") {
            result += rest[..<key.upperBound]
            rest = rest[key.upperBound...]
            let value = rest.drop { $0 == " " }
            guard value.first == "=" else { continue }
            result += "=***"
            rest = skipValue(value.dropFirst().drop { $0 == " " })
        }
        return result + rest
    }

    private static func skipValue(_ text: Substring) -> Substring {
        guard text.first == "'" else { return text.drop { !" \n\t&'\"".contains($0) } }
        var rest = text.dropFirst()
        while let character = rest.popFirst(), character != "'" {
            if character == "\\" { rest = rest.dropFirst() }
        }
        return rest
    }
}
