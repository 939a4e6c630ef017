import SQLText
import Testing

@Suite struct PostgresSplittingTests {
    @Test func `a statement runs from its first token to its last before the semicolon`() throws {
        #expect(
            try split("\n -- a\n SELECT 1 /* b */ + 1 -- c\n ; ;; SELECT 2 /* d */\n") == [
                "SELECT 1 /* b */ + 1", "SELECT 2",
            ])
    }

    @Test(arguments: ["", " \n\t\r\n", "-- only a comment", "/* one */;;;-- two\n", "\u{FEFF}"])
    func `a text without tokens holds no statement`(text: String) throws {
        #expect(try split(text) == [])
    }

    @Test func `comments nest`() throws {
        #expect(
            try split("SELECT /* a /* ; */ ; */ 1; SELECT /*/**/*/ 2; SELECT /***/ 3") == [
                "SELECT /* a /* ; */ ; */ 1", "SELECT /*/**/*/ 2", "SELECT /***/ 3",
            ])
    }

    @Test func `a line comment ends at LF and at a CR of its own`() throws {
        #expect(
            try split("SELECT 1 -- ' ;\r+ 2;\r\nSELECT 3 -- \" ;\n+ 4") == [
                "SELECT 1 -- ' ;\r+ 2", "SELECT 3 -- \" ;\n+ 4",
            ])
    }

    @Test(arguments: [
        "'a;b'", "'it''s; fine'", "''", "'a\\'", "E'a\\';b'", "e'\\\\'", "E'\\x27;'", "B'01;'",
        "x'1F;'",
        "N'a;'", "n'a\\'", "U&'d\\0061;'", "u&'\\'", "\"a;b\"\"c;\"", "U&\"d\\0061;\"", "u&\"\\\"",
        "$$ ' ; \" $$", "$a$ $b$ ; $$ $a $a$", "$é_1$;$é_1$", "$a$;$b$a$", "$$$a$$", "$a$x$a$",
        "'two\nlines;'", "'a'\n';b'", "'a' -- c ; '\n  ';b'", "'a'\r';b'", "E'a'\n'\\';b'",
        "B'0'\n'\\'",
    ])
    func `a quoted text may hold a semicolon`(quoted: String) throws {
        #expect(try split("SELECT \(quoted);SELECT 2") == ["SELECT \(quoted)", "SELECT 2"])
        #expect(try tokens("\(quoted);") == [quoted])
    }

    @Test func `a string goes on only behind a line end`() throws {
        #expect(try tokens("'a' 'b'") == ["'a'", "'b'"])
        #expect(try tokens("'a' /* c */\n'b'") == ["'a'", "'b'"])
        #expect(try tokens("'a'\n/* c */'b'") == ["'a'", "'b'"])
        #expect(try tokens("'a'\n-'b'") == ["'a'", "-", "'b'"])
    }

    @Test func `a dollar sign inside a name or behind a number opens no quote`() throws {
        #expect(
            try split("SELECT a$b$c; SELECT x$$; SELECT 1a$x$; SELECT $1$; SELECT $ 1") == [
                "SELECT a$b$c", "SELECT x$$", "SELECT 1a$x$", "SELECT $1$", "SELECT $ 1",
            ])
        #expect(try split("SELECT 1$$;$$; SELECT 2") == ["SELECT 1$$;$$", "SELECT 2"])
    }

    @Test func `a prefix letter counts only where a word begins`() throws {
        #expect(try split("SELECT abe'a\\'; SELECT 2") == ["SELECT abe'a\\'", "SELECT 2"])
        #expect(
            try tokens("SELECT u& 'a', u&b") == ["SELECT", "u", "&", "'a'", ",", "u", "&", "b"])
    }

    @Test func `an operator ends where a comment begins`() throws {
        #expect(
            try tokens("a +-- ;\n b */* ; */ c <=-- ;\n d") == [
                "a", "+", "b", "*", "c", "<=", "d",
            ])
    }

    @Test func `trailing signs belong to an operator only if it holds an unusual character`() throws
    {
        #expect(
            try tokens("1=-2 @-3 +-+ 4 - -5 <>+6 ||-7") == [
                "1", "=", "-", "2", "@-", "3", "+", "-", "+", "4", "-", "-", "5", "<>", "+", "6",
                "||-",
                "7",
            ])
    }

    @Test func `numbers and the signs around them are told apart`() throws {
        #expect(
            try tokens("1.5 .5 1. 1..2 1e10 1.e-3 0x1F 1_000 $12 a[1:2] b::c d:=e") == [
                "1.5", ".5", "1.", "1", "..", "2", "1e10", "1.e-3", "0x1F", "1_000", "$12", "a",
                "[", "1",
                ":", "2", "]", "b", "::", "c", "d", ":=", "e",
            ])
    }

    @Test func `names may hold any character beyond ASCII`() throws {
        #expect(
            try tokens("SELECT größe, 表$1 FROM naïve") == [
                "SELECT", "größe", ",", "表$1", "FROM", "naïve",
            ])
    }

    @Test func `a semicolon in parentheses ends nothing`() throws {
        let rule =
            "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b)"
        #expect(try split("\(rule); SELECT 1") == [rule, "SELECT 1"])
    }

    @Test func `a closing parenthesis too many does not swallow what follows`() throws {
        #expect(
            try split("SELECT 1); SELECT (2); SELECT 3") == [
                "SELECT 1)", "SELECT (2)", "SELECT 3",
            ])
    }

    @Test(arguments: [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace function f() returns int begin atomic select case when a then 1 end; end",
        "CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); DELETE FROM t; END",
        "CREATE OR REPLACE PROCEDURE p() LANGUAGE SQL BEGIN ATOMIC SELECT (CASE WHEN 1=1 THEN 2 END); END",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC /* END; */ SELECT 'END;'; -- END;\n END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a[1:END]; END",
        "CREATE /* a */ FUNCTION f(\"begin\" int, begin int) RETURNS int RETURN 1",
    ])
    func `a routine is one statement with its body`(routine: String) throws {
        #expect(try split("\(routine);\nSELECT 1;") == [routine, "SELECT 1"])
    }

    @Test func `BEGIN and CASE outside of a routine open nothing`() throws {
        #expect(
            try split("BEGIN; SELECT CASE WHEN a THEN b END; END; CREATE TABLE begin (a int);") == [
                "BEGIN", "SELECT CASE WHEN a THEN b END", "END", "CREATE TABLE begin (a int)",
            ])
    }

    @Test(arguments: [
        ("SET standard_conforming_strings = off", true),
        ("set session Standard_Conforming_Strings to 'off'", true),
        ("SET LOCAL \"standard_conforming_strings\" = 0", true),
        ("SELECT pg_catalog.set_config('standard_conforming_strings', 'false', false)", true),
        ("select set_config( 'standard_conforming_strings', 'no', true )", true),
        ("SET standard_conforming_strings = on", false),
        ("SET search_path = standard_conforming_strings, off", false),
        ("SET standard_conforming_strings = off; RESET standard_conforming_strings", false),
        ("SET standard_conforming_strings = off; RESET ALL", false),
        ("SET standard_conforming_strings = off; DISCARD ALL", false),
        (
            "SET standard_conforming_strings = off; SET standard_conforming_strings TO DEFAULT",
            false
        ),
        ("SET standard_conforming_strings = off; SET standard_conforming_strings TO yes", false),
        ("BEGIN; SET standard_conforming_strings = off; ROLLBACK", false),
        ("BEGIN; SET standard_conforming_strings = off; COMMIT", true),
        ("BEGIN; SET LOCAL standard_conforming_strings = off; COMMIT", false),
        ("BEGIN; SAVEPOINT a; SET standard_conforming_strings = off; ROLLBACK TO b", true),
    ])
    func `a script may change how its strings are read`(setting: String, escapes: Bool) throws {
        let script = "\(setting);\nSELECT 'a\\';SELECT 1;--';\nSELECT 2"
        let expected =
            escapes
            ? ["SELECT 'a\\';SELECT 1;--'", "SELECT 2"]
            : ["SELECT 'a\\'", "SELECT 1", "SELECT 2"]
        #expect(try split(script).suffix(expected.count + 1).dropFirst() == expected[...])
    }

    @Test func `tokens are lexed again under the setting of their statement`() throws {
        let text = "SET standard_conforming_strings = off;\nSELECT 'a\\'b', 1"
        let script = try SQLScript(Array(text.utf8), dialect: .postgres)
        let last = try #require(script.statements.last)
        #expect(
            script.tokens(of: last).map { script.text(of: $0) } == ["SELECT", "'a\\'b'", ",", "1"])
        #expect(last.words == ["SELECT", "'a\\'b'", ",", "1"])
    }

    @Test func `variables of psql are left as they stand`() throws {
        #expect(
            try split("SELECT :a, :'b;', :\"c;\"; SELECT 2") == [
                "SELECT :a, :'b;', :\"c;\"", "SELECT 2",
            ])
    }

    @Test func `a file with CRLF line ends splits like one with LF`() throws {
        #expect(try split("SELECT 1;\r\n-- c\r\nSELECT\r\n2;\r\n") == ["SELECT 1", "SELECT\r\n2"])
    }
}
