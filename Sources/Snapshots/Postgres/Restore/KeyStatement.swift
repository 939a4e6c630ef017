internal import PostgresCatalog

/// A primary key or a unique constraint, taken apart so that its index can be built first: building
/// it lets other indexes of the table be built meanwhile, and adding the constraint does not.
///
/// ```
/// ALTER TABLE ONLY table ADD CONSTRAINT name
///     {PRIMARY KEY | UNIQUE [NULLS NOT DISTINCT]} (column, …) [INCLUDE (column, …)]
///     [WITH (…)] [USING INDEX TABLESPACE name] [DEFERRABLE [INITIALLY DEFERRED]]
/// ```
///
/// Source: https://www.postgresql.org/docs/current/sql-altertable.html
struct KeyStatement: Equatable {
    /// The table's name within its schema, without quotes.
    let tableName: String
    /// Builds the index, which has the constraint's name.
    let index: String
    /// Makes it the constraint's.
    let constraint: String

    /// Takes a statement apart; nil where it is anything else, an EXCLUDE or a key WITHOUT OVERLAPS:
    /// these have no index that CREATE INDEX could build.
    init?(_ sql: String) {
        var text = StatementText(sql)
        guard text.skip("ALTER TABLE ONLY "), let schema = text.name(), text.skip("."),
            let table = text.name(), text.skip(" ADD CONSTRAINT "), let name = text.name()
        else { return nil }
        let kind: String
        var nulls = ""
        if text.skip(" PRIMARY KEY ") {
            kind = "PRIMARY KEY"
        } else if text.skip(" UNIQUE ") {
            kind = "UNIQUE"
            if text.skip("NULLS NOT DISTINCT ") { nulls = " NULLS NOT DISTINCT" }
        } else {
            return nil
        }
        guard let columns = text.names() else { return nil }
        var included = ""
        if text.skip(" INCLUDE ") {
            guard let names = text.names() else { return nil }
            included = " INCLUDE \(names)"
        }
        var options = ""
        if text.skip(" WITH ") {
            guard let list = text.parentheses() else { return nil }
            options = " WITH \(list)"
        }
        if text.skip(" USING INDEX TABLESPACE ") {
            guard let space = text.name() else { return nil }
            options += " TABLESPACE \(space)"
        }
        let ending = text.rest
        guard ["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"].contains(ending) else {
            return nil
        }
        tableName = StatementText.withoutQuotes(table)
        index =
            "CREATE UNIQUE INDEX \(name) ON ONLY \(schema).\(table) USING btree \(columns)"
            + included + nulls + options
        constraint =
            "ALTER TABLE ONLY \(schema).\(table) ADD CONSTRAINT \(name) \(kind) USING INDEX \(name)\(ending)"
    }
}

/// A statement that is read from its beginning, in the words in which the catalog writes it.
private struct StatementText {
    private var bytes: ArraySlice<UInt8>

    init(_ sql: String) { bytes = Array(sql.utf8)[...] }

    /// What was not read yet.
    var rest: String { String(decoding: bytes, as: UTF8.self) }

    mutating func skip(_ words: String) -> Bool {
        guard bytes.starts(with: words.utf8) else { return false }
        bytes = bytes.dropFirst(words.utf8.count)
        return true
    }

    /// A name, with its quotes where it has any.
    mutating func name() -> String? {
        let end = bytes.first == UInt8(ascii: "\"") ? endOfQuotes(bytes) : endOfWord
        guard let end, end > bytes.startIndex else { return nil }
        return take(end)
    }

    /// A name as the catalogs have it.
    static func withoutQuotes(_ name: String) -> String {
        let quote = UInt8(ascii: "\"")
        guard name.utf8.first == quote else { return name }
        var bytes: [UInt8] = []
        var isSecond = false
        for byte in name.utf8.dropFirst().dropLast() {
            isSecond = byte == quote && !isSecond
            if !isSecond { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `(name, …)`: no more than names.
    mutating func names() -> String? {
        guard skip("(") else { return nil }
        var names: [String] = []
        repeat {
            guard let name = name() else { return nil }
            names.append(name)
        } while skip(", ")
        return skip(")") ? "(\(names.joined(separator: ", ")))" : nil
    }

    /// Whatever is in parentheses, with them.
    mutating func parentheses() -> String? {
        guard bytes.first == UInt8(ascii: "(") else { return nil }
        var depth = 0
        var place = bytes.startIndex
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard let end = endOfQuotes(bytes[place...]) else { return nil }
                place = end
                continue
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            default: break
            }
            place += 1
            if depth == 0 { return take(place) }
        }
        return nil
    }

    private mutating func take(_ end: Int) -> String {
        defer { bytes = bytes[end...] }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// Behind the quote that ends what begins with one; two of them are one within it.
    private func endOfQuotes(_ text: ArraySlice<UInt8>) -> Int? {
        guard let quote = text.first else { return nil }
        var place = text.startIndex + 1
        while let next = text[place...].firstIndex(of: quote) {
            place = next + 1
            guard place < text.endIndex, text[place] == quote else { return place }
            place += 1
        }
        return nil
    }

    /// Behind the letters, digits and underscores that a name without quotes is made of.
    private var endOfWord: Int {
        bytes.firstIndex { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), 0x80...:
                false
            default: true
            }
        } ?? bytes.endIndex
    }
}
