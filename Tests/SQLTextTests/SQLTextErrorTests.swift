import SQLText
import Testing

/// A text that cannot be split, and what is said about it.
struct BadText: Sendable, CustomTestStringConvertible {
    var text: String
    var code: SQLTextError.Code
    var line: Int
    var column: Int
    var dialect = SQLDialect.postgres

    var testDescription: String { "\(dialect) \(text.debugDescription)" }
}

@Suite struct SQLTextErrorTests {
    @Test(arguments: [
        BadText(text: "SELECT 1;\n SELECT 'a", code: .unterminatedString, line: 2, column: 9),
        BadText(text: "SELECT E'a\\'", code: .unterminatedString, line: 1, column: 8),
        BadText(text: "SELECT E'a\\", code: .unterminatedString, line: 1, column: 8),
        BadText(text: "SELECT U&'a''", code: .unterminatedString, line: 1, column: 8),
        BadText(text: "SELECT 'é', 'a\n'\n'b", code: .unterminatedString, line: 1, column: 13),
        BadText(text: "SELECT \"a\"\"", code: .unterminatedQuotedIdentifier, line: 1, column: 8),
        BadText(text: "\n\n/* a /* b */", code: .unterminatedComment, line: 3, column: 1),
        BadText(text: "SELECT $a$ $$ $b$ $A$", code: .unterminatedDollarQuote, line: 1, column: 8),
        BadText(
            text: "SELECT 1;\nSELECT (1, (2);\nSELECT 3", code: .unterminatedBlock, line: 2,
            column: 8),
        BadText(
            text: "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;",
            code: .unterminatedBlock,
            line: 2, column: 1),
        BadText(
            text: "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT CASE WHEN a THEN 1; END;",
            code: .unterminatedBlock, line: 2, column: 1),
        BadText(text: "SELECT 1 \\gexec", code: .metaCommand, line: 1, column: 10),
        BadText(text: "SELECT 1 \\; SELECT 2;", code: .metaCommand, line: 1, column: 10),
        BadText(text: "SELECT (1 \\: 2);", code: .metaCommand, line: 1, column: 11),
        BadText(text: "-- c\n\\connect shop", code: .metaCommand, line: 2, column: 1),
        BadText(text: "SELECT 'a", code: .unterminatedString, line: 1, column: 8, dialect: .sqlite),
        BadText(
            text: "SELECT x'a", code: .unterminatedString, line: 1, column: 8, dialect: .sqlite),
        BadText(
            text: "SELECT `a``", code: .unterminatedQuotedIdentifier, line: 1, column: 8,
            dialect: .sqlite),
        BadText(
            text: "SELECT [a", code: .unterminatedQuotedIdentifier, line: 1, column: 8,
            dialect: .sqlite),
        BadText(
            text:
                "CREATE TRIGGER a AFTER INSERT ON t\nBEGIN SELECT 1; SELECT CASE 1 WHEN 1 THEN 1 END;",
            code: .unterminatedBlock, line: 2, column: 1, dialect: .sqlite),
        BadText(
            text: ";\nCREATE TRIGGER a; SELECT 1;", code: .unterminatedBlock, line: 2, column: 1,
            dialect: .sqlite),
        BadText(
            text: "SELECT 1;\n.read a", code: .metaCommand, line: 2, column: 1, dialect: .sqlite),
        BadText(text: "\u{FEFF}.tables", code: .metaCommand, line: 1, column: 1, dialect: .sqlite),
    ])
    func `an error says what is wrong and where`(bad: BadText) throws {
        let error = try #require(failure(bad.text, bad.dialect))
        #expect(error.code == bad.code)
        #expect(error.position == SourcePosition(line: bad.line, column: bad.column))
        #expect(error.position == SourcePosition(offset: error.offset, in: Array(bad.text.utf8)))
        #expect(error.message.first?.isLowercase == true || error.message.hasPrefix("'"))
        #expect(!error.message.hasSuffix("."))
        #expect(error.hint?.hasSuffix(".") ?? true)
    }

    @Test(arguments: [
        ("\\connect shop", "'\\connect'", "environment's URL"),
        ("\\c shop", "'\\c'", "environment's URL"),
        ("\\i a.sql", "'\\i'", "of that file"),
        ("\\copy t from a", "'\\copy'", "COPY … FROM stdin"),
        ("SELECT 1\\gset", "'\\gset'", "';'"), ("\\restrict abc", "'\\restrict'", "pg_dump"),
        ("1\n\\.\n", "'\\.'", "none before it"), ("\\unheard_of", "'\\unheard_of'", "SQL"),
        ("\\if :a\\else", "'\\if'", "DO block"), ("SELECT 1\\;", "'\\;'", "';'"),
    ])
    func `a command of psql is refused by its name`(text: String, name: String, hint: String) throws
    {
        let error = try #require(failure(text))
        #expect(error.code == .metaCommand)
        #expect(error.message == "\(name) is a command of psql, not SQL")
        #expect(error.hint?.contains(hint) == true)
    }

    @Test func `a command of the sqlite3 shell is refused by its name`() throws {
        let error = try #require(failure("-- c\n.read other.sql\n", .sqlite))
        #expect(error.message == "'.read' is a command of the sqlite3 shell, not SQL")
        #expect(error.hint == "Put the statements of that file into this one.")
    }

    @Test(arguments: SQLDialect.allCases)
    func `a NUL byte is refused wherever it stands`(dialect: SQLDialect) throws {
        for text in ["\0", "SELECT 1;\n-- é\0", "SELECT 'a\0b'", "COPY t FROM stdin;\na\0\n\\.\n"] {
            let bytes = Array(text.utf8)
            let error = try #require(failure(bytes, dialect))
            #expect(error.code == .nulByte)
            #expect(error.offset == bytes.firstIndex(of: 0))
        }
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
            [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xEF, 0xBB], [0xE2, 0x82, 0x28],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(sequence: [UInt8]) throws {
        let head = Array("SELECT 1;\nSELECT 'é".utf8)
        for tail in [[], Array("';".utf8)] {
            let error = try #require(failure(head + sequence + tail))
            #expect(error.code == .invalidUTF8)
            #expect(error.offset == head.count)
            #expect(error.position == SourcePosition(line: 2, column: 10))
        }
    }

    @Test func `every scalar of Unicode but NUL is accepted`() throws {
        var text = "SELECT '"
        for value in [0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF] {
            text.unicodeScalars.append(try #require(Unicode.Scalar(UInt32(value))))
        }
        #expect(try split(text + "'") == [text + "'"])
    }

    @Test func `the first fault of a file is the one reported`() throws {
        #expect(failure(Array("SELECT '".utf8) + [0xFF, 0])?.code == .invalidUTF8)
        #expect(failure(Array("SELECT '".utf8) + [0, 0xFF])?.code == .nulByte)
    }
}
