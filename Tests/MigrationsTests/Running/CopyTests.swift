import Database
import Migrations
import TestSupport
import Testing

/// `COPY … FROM stdin` with its data in the file.
@Suite struct CopyTests {
    @Test(arguments: [false, true])
    func `the rows of a file are loaded, between other statements`(together: Bool) throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                CREATE TABLE a (i integer, t text);
                COPY a (i, t) FROM stdin;
                1\tone; two
                2\t\\N
                3\tä'€\\ttab -- no comment
                \\.
                UPDATE a SET t = 'was null' WHERE t IS NULL;
                COPY a FROM STDIN WITH (FORMAT csv);
                4,"x, y"
                \\.
                """)
        try project.write("2_b", up: "CREATE TABLE b AS SELECT count(*) AS n FROM a;")
        try project.up { $0.settings.isOneTransaction = together }
        #expect(
            try project.sql("SELECT i, t FROM a ORDER BY i") == [
                ["1", "one; two"], ["2", "was null"], ["3", "ä'€\ttab -- no comment"],
                ["4", "x, y"],
            ])
        #expect(try project.value("SELECT n FROM b") == "4")
    }

    @Test func `a row that is refused rolls all of it back`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a", up: "CREATE TABLE a (i integer);\nCOPY a FROM stdin;\n1\nx\n\\.\n")
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.line == 2)
        #expect(try project.tables() == [])
        #expect(try project.applied() == [])
    }

    @Test func `without a transaction, the rows and their record are one`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                CREATE TABLE a (i integer PRIMARY KEY);
                COPY a FROM stdin;
                1
                2
                \\.
                COPY a FROM stdin;
                3
                2
                \\.

                """)
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.place == "1_a.up.sql:7:1")
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["2"]])
        #expect(try project.history()[0]["statements_done"] == "2")
        let text = try String(decoding: Files.read(project.path + "/1_a.up.sql"), as: UTF8.self)
        try project.write("1_a", up: text.replacing("3\n2", with: "3\n4"))
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.value("SELECT string_agg(i::text, '' ORDER BY i) FROM a") == "1234")
    }

    @Test func `a COPY to the client is refused`() throws {
        let project = try Project(.postgres, ["1_a.up.sql": "COPY (SELECT 1) TO stdout;"])
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.message == "COPY … TO STDOUT has nowhere to go")
        #expect(try project.applied() == [])
    }

    @Test func `SQLite has no COPY, and says so`() throws {
        let project = try Project(.sqlite, ["1_a.up.sql": "COPY a FROM stdin;"])
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.place == "1_a.up.sql:1:1")
    }
}
