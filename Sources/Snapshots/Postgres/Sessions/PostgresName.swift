internal import PostgresCatalog

/// Names and texts in statements. Every name is quoted, so that none is ever read as anything else.
enum PostgresName {
    static func quoted(_ name: String) -> String {
        "\"" + QuotedText.doubling([UInt8(ascii: "\"")], in: name) + "\""
    }

    static func quoted(_ schema: String, _ name: String) -> String {
        quoted(schema) + "." + quoted(name)
    }

    static func literal(_ text: String) -> String {
        // The E form reads the same whatever standard_conforming_strings says.
        "E'" + QuotedText.doubling([UInt8(ascii: "\\"), UInt8(ascii: "'")], in: text) + "'"
    }

    /// A name for people: without quotes.
    static func plain(_ schema: String, _ name: String) -> String { "\(schema).\(name)" }
}

extension TableContents {
    /// Its name in a statement.
    var quotedName: String { PostgresName.quoted(schema, name) }
    /// Its name for people.
    var plainName: String { PostgresName.plain(schema, name) }
}
