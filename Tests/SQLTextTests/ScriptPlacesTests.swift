import SQLText
import Testing

@Suite struct ScriptPlacesTests {
    @Test func `lines and columns count from one, in scalars`() throws {
        let script = try SQLScript(
            Array("SELECT 'é😀', x;\r\n\r\nSELECT 2;".utf8), dialect: .postgres)
        #expect(script.position(at: 0) == SourcePosition(line: 1, column: 1))
        #expect(script.position(at: 16) == SourcePosition(line: 1, column: 13))
        #expect(
            script.position(at: script.statements[1].range.lowerBound)
                == SourcePosition(line: 3, column: 1))
        #expect(script.position(at: 999) == SourcePosition(line: 3, column: 10))
        #expect(script.line(at: 16) == "SELECT 'é😀', x;")
        #expect(script.line(at: 21) == "")
        #expect(script.line(at: 999) == "SELECT 2;")
    }

    @Test func `a byte-order mark is skipped and not counted`() throws {
        let script = try SQLScript(Array("\u{FEFF}SELECT 1;\nSELECT 2".utf8), dialect: .postgres)
        #expect(script.statements[0].range == 3..<11)
        #expect(script.text(of: script.statements[0]) == "SELECT 1")
        #expect(script.position(at: 3) == SourcePosition(line: 1, column: 1))
        #expect(script.position(at: 13) == SourcePosition(line: 2, column: 1))
        #expect(script.line(at: 0) == "SELECT 1;")
    }

    @Test(arguments: ["a\nbé\r\n\n\ndef", "\u{FEFF}x\ny", "", "\n", "é"])
    func `places are the same with and without an index`(text: String) throws {
        let bytes = Array(text.utf8)
        let script = try SQLScript(bytes, dialect: .sqlite)
        for offset in 0...bytes.count {
            #expect(script.position(at: offset) == SourcePosition(offset: offset, in: bytes))
            #expect(script.line(at: offset) == SQLScript.line(at: offset, in: bytes))
        }
    }

    @Test(arguments: SQLDialect.allCases)
    func `the comment lines before the first token are the header`(dialect: SQLDialect) throws {
        let text = "-- one\r\n  --two\n/* three\n-- no */ -- four\nSELECT 1; -- five\n-- six\n"
        let script = try SQLScript(Array(text.utf8), dialect: dialect)
        #expect(
            script.headerComments.map { script.text(of: $0) } == ["-- one", "--two", "-- four"])
        let alone = try SQLScript(Array("-- a\n--\r\n;-- b".utf8), dialect: dialect)
        #expect(alone.headerComments.map { alone.text(of: $0) } == ["-- a", "--"])
    }

    @Test func `words are upper case, everything else as written`() throws {
        let text = "create /* c */ table \"Mixed\" (a int default 'x;' , größe text)"
        let script = try SQLScript(Array(text.utf8), dialect: .postgres)
        #expect(
            script.statements[0].words == [
                "CREATE", "TABLE", "\"Mixed\"", "(", "A", "INT", "DEFAULT", "'x;'", ",", "GRÖSSE",
                "TEXT", ")",
            ])
    }

    @Test func `words end after twenty-four tokens`() throws {
        let text = "SELECT " + (1...100).map(String.init).joined(separator: ",")
        let script = try SQLScript(Array(text.utf8), dialect: .sqlite)
        #expect(script.statements[0].words.count == 24)
        #expect(script.tokens(of: script.statements[0]).count == 200)
    }

    @Test func `tokens say what they are`() throws {
        let text = "SELECT \"a\", 'b', $1, 1.5 + U&\"c\" || $$d$$;"
        let script = try SQLScript(Array(text.utf8), dialect: .postgres)
        #expect(
            script.tokens(of: script.statements[0]).map(\.kind) == [
                .word, .quotedIdentifier, .punctuation, .string, .punctuation, .parameter,
                .punctuation,
                .number, .operator, .quotedIdentifier, .operator, .string,
            ])
    }
}

@Suite struct DigestTokenTests {
    private func pieces(_ text: String, _ dialect: SQLDialect = .postgres) -> [String] {
        var pieces: [String] = []
        SQLScript.forEachToken(in: Array(text.utf8), dialect: dialect) { piece in
            pieces.append(String(decoding: piece, as: UTF8.self))
        }
        return pieces
    }

    @Test func `comments and white space between tokens make no difference`() {
        let plain = pieces("SELECT 1,'a b';SELECT 2;")
        #expect(plain == ["SELECT", "1", ",", "'a b'", ";", "SELECT", "2", ";"])
        #expect(pieces("-- c\r\nSELECT /* d */ 1 ,\n'a b' ;\n\nSELECT 2; -- e") == plain)
        #expect(pieces("\u{FEFF}SELECT 1, 'a b'; SELECT 2;") == plain)
    }

    @Test(arguments: ["SELECT 12", "SELECT 1 2", "SELECT '1  2'", "SELECT '1 2'", "SELECT 1;2"])
    func `whatever else differs makes a difference`(text: String) {
        let all = ["SELECT 12", "SELECT 1 2", "SELECT '1  2'", "SELECT '1 2'", "SELECT 1;2"]
        #expect(all.filter { pieces($0) == pieces(text) } == [text])
    }

    @Test func `rows of a COPY are one piece as they stand`() {
        #expect(
            pieces("COPY t FROM stdin ;\n1 -- a\n\n\\.\nSELECT 1") == [
                "COPY", "t", "FROM", "stdin", ";", "1 -- a\n\n", "SELECT", "1",
            ])
    }

    @Test func `a text that cannot be lexed gives its rest as it stands`() {
        #expect(pieces("SELECT 1; SELECT 'a -- b") == ["SELECT", "1", ";", "SELECT", " 'a -- b"])
        #expect(pieces("SELECT 1; -- c\n\\connect  x") == ["SELECT", "1", ";", "\n\\connect  x"])
        #expect(pieces(".read  a\nb", .sqlite) == [".read  a\nb"])
        #expect(pieces("SELECT (1;") == ["SELECT", "(", "1", ";"])
        var bytes = 0
        SQLScript.forEachToken(in: [0x61, 0xFF, 0x20, 0x00, 0x27], dialect: .postgres) {
            bytes += $0.count
        }
        #expect(bytes == 4)
    }

    @Test func `what the caller throws comes through`() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try SQLScript.forEachToken(in: Array("SELECT 1".utf8), dialect: .sqlite) { _ in
                throw Stop()
            }
        }
    }
}
