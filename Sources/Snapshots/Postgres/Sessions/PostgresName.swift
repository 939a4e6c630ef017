internal import PostgresCatalog

/// Names and texts in statements. Every name is quoted, so that none is ever read as anything else.
enum PostgresName {
    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    static func quoted(_ schema: String, _ name: String) -> String {
        quoted(schema) + "." + quoted(name)
    }

    static func literal(_ text: String) -> String {
        // The E form reads the same whatever standard_conforming_strings says.
        "E'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
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
