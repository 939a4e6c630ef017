internal import Database
internal import SQLText

/// A table of an SQLite database, as far as checking its rows needs it.
struct SQLiteTable {
    struct Column {
        var name: String
        /// As declared, in upper case.
        var type: String
        var isNotNull: Bool
    }

    var name: String
    var isStrict: Bool
    var columns: [Column]
    /// The CHECK constraints of its CREATE TABLE.
    var checks: [CheckClause]

    /// As a FROM item that no index helps to read.
    var item: String { "main.\(quotedIdentifier(name)) NOT INDEXED" }

    /// All tables that hold rows, by name: no views, no virtual tables.
    ///
    /// A virtual table keeps its rows in tables of its own, which are among these.
    static func all(_ reader: SQLiteReader) throws(DatabaseError) -> [SQLiteTable] {
        let rows = try reader.connection.query(
            """
            SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0 \
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
            """
        ).rows
        var tables: [SQLiteTable] = []
        for row in rows {
            guard let name = row[0].string else { continue }
            let text = CreateTableText(row[1].string ?? "")
            tables.append(
                SQLiteTable(
                    name: name, isStrict: text.isStrict, columns: try columns(of: name, reader),
                    checks: text.checks))
        }
        return tables
    }

    /// The columns, generated ones included. Those of the key of a table WITHOUT ROWID are NOT NULL
    /// whether it says so or not, and SQLite tells them so.
    private static func columns(
        of table: String, _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Column] {
        try reader.connection.query(
            "SELECT name, type, \"notnull\" FROM pragma_table_xinfo(?1, 'main') ORDER BY cid",
            [.text(table)]
        ).rows.map { row in
            Column(
                name: row[0].string ?? "", type: (row[1].string ?? "").uppercased(),
                isNotNull: row[2].boolean ?? false)
        }
    }
}

/// A CHECK constraint as it stands in CREATE TABLE.
struct CheckClause: Hashable {
    /// Its name; nil where it has none.
    var name: String?
    /// What stands between its parentheses.
    var expression: String
}

/// What the text of a CREATE TABLE tells and no PRAGMA does.
struct CreateTableText {
    private(set) var checks: [CheckClause] = []
    private(set) var isStrict = false

    /// Reads the text by its tokens; a table made by CREATE TABLE … AS, or a text that cannot be
    /// read, has nothing to tell.
    ///
    /// Source: https://www.sqlite.org/lang_createtable.html
    init(_ sql: String) {
        guard let script = try? SQLScript(Array(sql.utf8), dialect: .sqlite),
            let statement = script.statements.first
        else { return }
        let tokens = script.tokens(of: statement)
        let words = tokens.map { token in
            token.kind == .word
                ? script.text(of: token).uppercased() : script.text(of: token)
        }
        var depth = 0
        var name: String?
        var index = 0
        while index < tokens.count {
            switch words[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 1: name = nil
            case "CONSTRAINT" where depth == 1 && tokens[index].kind == .word:
                name =
                    index + 1 < words.count
                    ? Self.unquoted(script.text(of: tokens[index + 1])) : nil
                index += 1
            case "CHECK"
            where depth == 1 && tokens[index].kind == .word && words[safely: index + 1] == "(":
                let end = Self.closing(words, from: index + 1)
                let range =
                    tokens[index + 1].range.upperBound..<tokens[end].range.lowerBound
                checks.append(CheckClause(name: name, expression: script.text(of: range)))
                name = nil
                index = end
            case "STRICT" where depth == 0 && tokens[index].kind == .word: isStrict = true
            default: break
            }
            index += 1
        }
    }

    /// The index of the parenthesis that closes the one at `start`.
    static func closing(_ words: [String], from start: Int) -> Int {
        var depth = 0
        for index in start..<words.count {
            if words[index] == "(" { depth += 1 }
            if words[index] == ")" { depth -= 1 }
            if depth == 0 { return index }
        }
        return words.count - 1
    }

    static func unquoted(_ name: String) -> String {
        guard let first = name.first, name.count >= 2 else { return name }
        switch first {
        case "[": return String(name.dropFirst().dropLast())
        case "\"", "`", "'":
            let quote = String(first)
            return String(name.dropFirst().dropLast()).replacing(quote + quote, with: quote)
        default: return name
        }
    }
}

extension Array {
    /// The element, or nil beyond the ends.
    subscript(safely index: Int) -> Element? {
        indices.contains(index) ? self[index] : nil
    }
}
