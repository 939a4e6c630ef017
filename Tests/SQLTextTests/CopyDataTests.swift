import SQLText
import Testing

@Suite struct CopyDataTests {
    private func parts(_ text: String) throws -> [String] {
        let script = try SQLScript(Array(text.utf8), dialect: .postgres)
        return script.statements.flatMap { statement in
            [script.text(of: statement)]
                + (statement.copyData.map { ["<\(script.text(of: $0))>"] } ?? [])
        }
    }

    @Test(arguments: [
        "COPY t FROM stdin", "copy t from STDIN", "COPY s.t (a, \"b;\") FROM STDIN",
        "COPY \"from\" FROM stdin WITH (FORMAT csv, HEADER)", "COPY t FROM stdin CSV DELIMITER ';'",
        "COPY BINARY t FROM stdin", "COPY t FROM stdin WHERE a > 1", "COPY t FROM stdout",
        "COPY t /* FROM x */ FROM -- c\n stdin",
    ])
    func `rows follow a COPY from standard input`(copy: String) throws {
        #expect(
            try parts("\(copy);\n1\t'a;\n\\N\t\"\n\\.\nSELECT 1;") == [
                copy, "<1\t'a;\n\\N\t\"\n>", "SELECT 1",
            ])
    }

    @Test(arguments: [
        "COPY t TO stdout", "COPY (SELECT a FROM stdin) TO stdout", "COPY t FROM 'stdin'",
        "COPY t FROM \"stdin\"", "COPY t FROM PROGRAM 'stdin'", "SELECT copy FROM stdin",
        "COPY t (stdin) TO 'a'",
    ])
    func `no rows follow any other statement`(statement: String) throws {
        #expect(try parts("\(statement);\nSELECT 1;\n") == [statement, "SELECT 1"])
    }

    @Test func `only a line of its own ends the rows`() throws {
        #expect(
            try parts("COPY t FROM stdin;\n\\.x\n \\.\n\\\\.\n\n\\.\r\nSELECT 1") == [
                "COPY t FROM stdin", "<\\.x\n \\.\n\\\\.\n\n>", "SELECT 1",
            ])
    }

    @Test func `rows may be none, and the end of the file ends them too`() throws {
        #expect(try parts("COPY t FROM stdin;\n\\.\n") == ["COPY t FROM stdin", "<>"])
        #expect(try parts("COPY t FROM stdin;\n1\n2") == ["COPY t FROM stdin", "<1\n2>"])
        #expect(try parts("COPY t FROM stdin;\n1\n\\.") == ["COPY t FROM stdin", "<1\n>"])
        #expect(try parts("COPY t FROM stdin;") == ["COPY t FROM stdin", "<>"])
        #expect(
            try parts("SELECT 1; COPY t FROM stdin") == ["SELECT 1", "COPY t FROM stdin", "<>"])
    }

    @Test func `what stands on the line of a COPY comes before its rows`() throws {
        let text = "COPY a FROM stdin; SELECT 1; COPY b FROM stdin; -- c\n1\n\\.\n2\n\\.\nSELECT 2;"
        #expect(
            try parts(text) == [
                "COPY a FROM stdin", "<1\n>", "SELECT 1", "COPY b FROM stdin", "<2\n>", "SELECT 2",
            ])
    }

    @Test(arguments: [
        ("COPY t FROM stdin; SELECT\n1\n\\.\n2;", 19), ("COPY t FROM stdin; /* a\n1\n\\.\n*/", 19),
        ("COPY t FROM stdin; SELECT 'a\n1\n\\.\n';", 19),
    ])
    func `a statement that goes on behind the rows is refused`(text: String, offset: Int) throws {
        let error = try #require(failure(text))
        #expect(error.code == .interleavedCopyData)
        #expect(error.offset == offset)
    }

    @Test func `rows are kept byte for byte`() throws {
        let text = "COPY t FROM stdin;\r\na\tb\r\n\r\nc -- d\r\n\\.\r\n"
        #expect(try parts(text) == ["COPY t FROM stdin", "<a\tb\r\n\r\nc -- d\r\n>"])
    }
}
