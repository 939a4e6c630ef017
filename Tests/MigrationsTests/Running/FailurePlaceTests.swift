import Database
import Migrations
import TestSupport
import Testing

/// Where a failure is said to be.
@Suite struct FailurePlaceTests {
    private func place(_ dialect: Dialect, _ text: String) throws -> MigrationError.Failed {
        let project = try Project(dialect, ["1_a.up.sql": text])
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(try project.tables() == [])
        return try #require(error.failed)
    }

    @Test(
        arguments: Dialect.allCases,
        [
            // The statement itself, past characters of several bytes and of two code points.
            ("SELECT 'äöü€😀e\u{301}';\nSELECT 'é', nowhere;\n", "2:13"),
            // Several statements on a line.
            ("SELECT 1; SELECT 'ä'; SELECT nowhere; SELECT 2;", "1:30"),
            ("-- über\n\n/* é */ SELECT 1;\n\tSELECT\n\t  1,\n\t  nowhere;", "6:4"),
            // Windows' line ends, and a byte-order mark, which is no column.
            ("SELECT 1;\r\nSELECT nowhere;\r\n", "2:8"), ("\u{FEFF}SELECT nowhere;", "1:8"),
            ("SELECT 1;\nSELEC 2;", "2:1"),
            // A file's last statement needs no semicolon.
            ("SELECT 1;\nSELECT nowhere", "2:8"),
        ])
    func `line and column are counted in characters of the file`(
        dialect: Dialect, script: (text: String, place: String)
    ) throws {
        #expect(try place(dialect, script.text).place == "1_a.up.sql:" + script.place)
    }

    @Test(arguments: Dialect.allCases)
    func `a failure without a place of its own is where its statement begins`(
        dialect: Dialect
    ) throws {
        let failed = try place(
            dialect,
            """
            CREATE TABLE a (i integer NOT NULL);
            INSERT INTO a VALUES (1); INSERT INTO a
              VALUES (NULL);
            """)
        #expect(failed.place == "1_a.up.sql:2:27")
        #expect(failed.sourceLine == "INSERT INTO a VALUES (1); INSERT INTO a")
        #expect(failed.statement == 3)
        #expect(failed.statementCount == 3)
    }

    @Test func `a failure in a DO block is at the line of the block that failed`() throws {
        let failed = try place(
            .postgres,
            """
            CREATE TABLE a (i integer);
            DO $body$
            DECLARE
              n integer;
            BEGIN
              SELECT count(*) INTO n FROM a;  -- ä
              INSERT INTO a VALUES (1 / n);
            END
            $body$;
            """)
        #expect(failed.place == "1_a.up.sql:7:3")
        #expect(failed.sourceLine == "  INSERT INTO a VALUES (1 / n);")
        #expect(failed.databaseError?.sqlState == "22012")
    }

    @Test func `a failure in a function is where the DO block called it`() throws {
        let failed = try place(
            .postgres,
            """
            CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
              RAISE EXCEPTION 'no';
            END $$;
            DO LANGUAGE plpgsql '
            BEGIN
              PERFORM ''x'';
              PERFORM f();
            END';
            """)
        #expect(failed.place == "1_a.up.sql:8:3")
        #expect(failed.databaseError?.message == "no")
        #expect(failed.databaseError?.context?.contains("function f()") == true)
    }

    @Test func `a mistake in a function's body is where it stands`() throws {
        let failed = try place(
            .postgres,
            """
            CREATE FUNCTION ä() RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM 1;
              PERFROM 2;
            END $$;
            """)
        #expect(failed.place == "1_a.up.sql:4:3")
        let body = try place(
            .postgres, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n SELECT nowhere $$;")
        #expect(body.place == "1_a.up.sql:2:9")
    }

    @Test func `a failure in a trigger's body is where the trigger is created or fired`() throws {
        let failed = try place(
            .sqlite,
            """
            CREATE TABLE a (i integer);
            CREATE TRIGGER t AFTER INSERT ON a BEGIN
              SELECT RAISE(ABORT, 'not today');
            END;
            SELECT 'ä'; INSERT INTO a VALUES (1);
            """)
        #expect(failed.place == "1_a.up.sql:5:13")
        #expect(failed.databaseError?.message.contains("not today") == true)
    }

    @Test func `the server's own words come along`() throws {
        let failed = try place(
            .postgres,
            """
            DO $$ BEGIN
              RAISE EXCEPTION 'what' USING DETAIL = 'why', HINT = 'how', ERRCODE = 'P0042';
            END $$;
            """)
        #expect(failed.place == "1_a.up.sql:2:3")
        #expect(failed.databaseError?.message == "what")
        #expect(failed.databaseError?.detail == "why")
        #expect(failed.databaseError?.hint == "how")
        #expect(failed.databaseError?.sqlState == "P0042")
    }

    @Test func `a row of COPY data that is refused is named by the server`() throws {
        let failed = try place(
            .postgres,
            "CREATE TABLE a (i integer);\nCOPY a FROM stdin;\n1\nx\n\\.\nSELECT 1;\n")
        #expect(failed.place == "1_a.up.sql:2:1")
        #expect(failed.databaseError?.context?.contains("line 2") == true)
    }
}
