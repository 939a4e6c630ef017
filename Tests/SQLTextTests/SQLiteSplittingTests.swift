import SQLText
import Testing

@Suite struct SQLiteSplittingTests {
    @Test(arguments: [
        "'it''s;'", "\"a\"\";\"", "`a``;`", "[a;'\"]", "x'00;'", "X'AB'", "$a::b(c;d)",
        "'two\nlines;'",
        "'back\\'",
    ])
    func `a quoted text may hold a semicolon`(quoted: String) throws {
        #expect(
            try split("SELECT \(quoted);SELECT 2", .sqlite) == ["SELECT \(quoted)", "SELECT 2"])
        #expect(try tokens("\(quoted);", .sqlite) == [quoted])
    }

    @Test func `comments do not nest, and the last one may lack its end`() throws {
        #expect(
            try split("SELECT /* a /* ; */ 1; SELECT 2 /* ; ' ", .sqlite) == [
                "SELECT /* a /* ; */ 1", "SELECT 2",
            ])
        #expect(
            try split("SELECT 1; -- ; '\r +; '\nSELECT 2", .sqlite) == ["SELECT 1", "SELECT 2"])
    }

    @Test func `a semicolon in parentheses ends the statement`() throws {
        #expect(try split("SELECT (1; SELECT 2)", .sqlite) == ["SELECT (1", "SELECT 2)"])
    }

    @Test(arguments: [
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END",
        "create temp trigger if not exists a before update of b on t begin select 1; delete from t; end",
        "CREATE TEMPORARY TRIGGER a DELETE ON t WHEN old.a = CASE WHEN 1 THEN 2 END BEGIN SELECT 1; END",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 3; END",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; /* ; END; */ END",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT ';END;'; SELECT 1 AS \"END\"; -- END;\n END",
        "CREATE TRIGGER \"begin\" AFTER INSERT ON [end] BEGIN INSERT INTO [end] VALUES (1); END",
        "EXPLAIN CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END",
        "EXPLAIN QUERY PLAN CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END",
    ])
    func `a trigger is one statement with its body`(trigger: String) throws {
        #expect(try split("\(trigger);\nSELECT 1;", .sqlite) == [trigger, "SELECT 1"])
        #expect(try split("SELECT 1; \(trigger)", .sqlite) == ["SELECT 1", trigger])
    }

    @Test func `only CREATE TRIGGER begins a trigger`() throws {
        #expect(
            try split("CREATE TABLE trigger_log (a); BEGIN; SELECT 1; END;", .sqlite) == [
                "CREATE TABLE trigger_log (a)", "BEGIN", "SELECT 1", "END",
            ])
        #expect(try split("DROP TRIGGER a; SELECT 1", .sqlite) == ["DROP TRIGGER a", "SELECT 1"])
    }

    @Test func `parameters, operators and numbers are told apart`() throws {
        let text = "?1 ? :a @b $c a->>'b' || 1.5e-3 0x1F .5 a<>b a==b a!=b <<"
        let script = try SQLScript(Array(text.utf8), dialect: .sqlite)
        let found = script.tokens(of: try #require(script.statements.first))
        #expect(
            found.map { script.text(of: $0) } == [
                "?1", "?", ":a", "@b", "$c", "a", "->>", "'b'", "||", "1.5e-3", "0x1F", ".5", "a",
                "<>",
                "b", "a", "==", "b", "a", "!=", "b", "<<",
            ])
        #expect(found.prefix(5).allSatisfy { $0.kind == .parameter })
    }

    @Test func `a dot that begins no command is left to the database`() throws {
        #expect(try split("SELECT t\n.a FROM t; .5", .sqlite) == ["SELECT t\n.a FROM t", ".5"])
    }

    @Test func `a byte-order mark between tokens is white space`() throws {
        #expect(
            try split("\u{FEFF}SELECT 1;\u{FEFF}SELECT 2", .sqlite) == ["SELECT 1", "SELECT 2"])
    }
}
