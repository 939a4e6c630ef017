import Crypto
import Database
import Migrations
import TestSupport
import Testing

/// What counts as a change of a file that was applied.
@Suite struct ChecksumTests {
    private static let table = "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\n"

    private func hex(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    @Test func `the checksum is the SHA-256 of the text with LF at the line ends`() {
        let expected = hex("SELECT 1;\nSELECT 2;\n\nSELECT 3;\n")
        for text in [
            "SELECT 1;\nSELECT 2;\n\nSELECT 3;\n", "SELECT 1;\r\nSELECT 2;\r\n\r\nSELECT 3;\r\n",
            "\u{FEFF}SELECT 1;\r\nSELECT 2;\n\rSELECT 3;\r", "SELECT 1;\rSELECT 2;\r\rSELECT 3;\r",
        ] {
            #expect(Checksum.text(Array(text.utf8)) == expected)
        }
        #expect(Checksum.text([]) == hex(""))
        #expect(Checksum.text(Array("SELECT 1;".utf8)) != hex("SELECT 1;\n"))
    }

    @Test(
        arguments: [
            ("SELECT a, 'x  y'", "select a, 'x  y'", false),
            ("SELECT 1", "SELECT\n\t 1 -- one", true),
            ("SELECT 1;", "/* /* x */ */ SELECT 1;", true), ("SELECT 1;", "SELECT 1", false),
            ("SELECT 'a b'", "SELECT 'a  b'", false), ("SELECT 'a'", "SELECT 'a--'", false),
            ("SELECT $$a b$$", "SELECT $$a  b$$", false), ("SELECT $$a$$", "SELECT $x$a$x$", false),
            ("SELECT $$a -- x\n$$", "SELECT $$a -- y\n$$", false),
            ("SELECT a b", "SELECT ab", false), ("SELECT 1 + 2", "SELECT 1+2", true),
            ("SELECT \"a b\"", "SELECT \"a  b\"", false), ("SELECT 1;\n", "SELECT 1;\r\n", true),
            ("COPY t FROM stdin;\n1\n\\.\n", "COPY  t FROM stdin;\n1\n\\.\n", true),
            ("COPY t FROM stdin;\n1\n\\.\n", "COPY t FROM stdin;\n1 \n\\.\n", false),
        ])
    func `the second digest sees tokens, and neither comments nor white space`(
        left: String, right: String, isSame: Bool
    ) throws {
        func digest(_ text: String) throws -> String {
            try Script(Array(text.utf8), file: "f", dialect: .postgres).contentDigest
        }
        #expect(try (digest(left) == digest(right)) == isSame)
    }

    @Test(arguments: Dialect.allCases)
    func `a byte-order mark and other line ends do not matter`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": Self.table])
        try project.up()
        try project.write(
            "1_a.up.sql",
            "\u{FEFF}CREATE TABLE a (i integer);\r\nINSERT INTO a VALUES (1);\r\n")
        let plan = try project.plan()
        #expect(plan.warnings.isEmpty)
        #expect(try project.states() == ["1": .applied])
    }

    @Test(arguments: Dialect.allCases)
    func `other comments and white space are a warning`(dialect: Dialect) throws {
        let project = try Project(
            dialect, ["1_a.up.sql": Self.table, "2_b.up.sql": "CREATE TABLE b (i integer);"])
        try project.up(UpRequest(to: "1"))
        try project.write(
            "1_a.up.sql",
            "-- Licence.\nCREATE TABLE a\n  (i integer); INSERT INTO a VALUES (1); -- one\n")
        let report = try project.up()
        #expect(report.appliedVersions == ["2"])
        #expect(
            report.warnings == ["1 differs from what ran in comments or white space only"])
        let status = try project.run { try $0.status() }[0]
        #expect(status.state == .applied)
        #expect(status.onlyCommentsDiffer)
    }

    @Test(arguments: Dialect.allCases)
    func `a changed statement stops the run before anything runs`(dialect: Dialect) throws {
        let project = try Project(
            dialect,
            [
                "1_a.up.sql": Self.table, "2_b.up.sql": "CREATE TABLE b (i integer);",
                "3_c.up.sql": "CREATE TABLE c (i integer);",
            ])
        try project.up(UpRequest(to: "2"))
        let log = try project.log()
        try project.write("1_a.up.sql", Self.table + "INSERT INTO a VALUES (2);\n")
        try project.write("2_b.up.sql", "CREATE TABLE b (i bigint);")
        let error = try failure { try project.up() }
        #expect(error.code == .checksumMismatch)
        #expect(error.versions == ["1", "2"])
        #expect(error.message == "1 and 2 were changed after being applied")
        #expect(error.hint?.hasSuffix("migrate repair --accept-checksum 1 2") == true)
        #expect(try project.tables() == ["a", "b"])
        #expect(try project.log() == log)
        #expect(
            try project.states()
                == ["1": .checksumMismatch, "2": .checksumMismatch, "3": .pending])
    }

    @Test func `a change inside a dollar-quoted body counts`() throws {
        let body = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;"
        let project = try Project(.postgres, ["1_a.up.sql": body])
        try project.up()
        try project.write("1_a.up.sql", body.replacing("SELECT 1 ", with: "SELECT 1  "))
        #expect(try failure { _ = try project.plan() }.code == .checksumMismatch)
    }

    @Test(arguments: Dialect.allCases)
    func `a file that no longer parses is a mismatch, not a syntax error`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": Self.table])
        try project.up()
        try project.write("1_a.up.sql", "CREATE TABLE a (i 'integer);")
        #expect(try failure { _ = try project.plan() }.code == .checksumMismatch)
        try project.write("1_a.up.sql", "BEGIN;")
        #expect(try failure { _ = try project.plan() }.code == .checksumMismatch)
    }

    @Test(arguments: Dialect.allCases)
    func `changed down and verify files of what is applied stop nothing`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: Self.table, down: "DROP TABLE a;", verify: "SELECT 1 WHERE false;")
        try project.up()
        try project.write("1_a", up: Self.table, down: "DROP TABLE  a -- gone", verify: "SELECT 2;")
        let plan = try project.plan()
        #expect(plan.isEmpty)
        #expect(plan.warnings.isEmpty)
    }
}
