/// Writes scripts for psql: statements made of pieces that are hard to lex, in random order.
///
/// What psql itself gets wrong is left out: after a line end it takes the continuation of a string
/// with a prefix for one without, and it reads the rest of a line with the
/// `standard_conforming_strings` from before the line.
struct PostgresScriptGenerator {
    private var random: SeededGenerator
    private var standardStrings = true
    /// The rows of each COPY, in the order of the script.
    private(set) var copyData: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A script of `count` statements for a database with a table `t (a text)`.
    mutating func script(statements count: Int) -> String {
        var text = random.once(in: 8) ? "\u{FEFF}" : ""
        for index in 0..<count {
            text += gap() + statement()
            if index < count - 1 || !random.once(in: 3) { text += gap() + ";" }
            if text.hasSuffix(";"), random.once(in: 10) { text += ";" }
            if text.hasSuffix(";"), random.once(in: 6) { text += copy() }
            if text.hasSuffix(";"), random.once(in: 20) { text += stringMode() }
        }
        return text + gap()
    }

    private mutating func gap() -> String { randomGap(&random, nested: true) }

    private mutating func statement() -> String {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: routine()
        case 1: "CREATE RULE r AS ON INSERT TO t DO ALSO (" + pieces() + ";" + pieces() + ")"
        default: random.pick(["SELECT", "create", "DO", "x", "INSERT INTO t"]) + gap() + pieces()
        }
    }

    private mutating func pieces() -> String {
        (0..<Int.random(in: 1...7, using: &random)).map { _ in piece() + gap() }.joined()
    }

    private mutating func piece() -> String {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: return "(" + pieces() + random.pick(["", ";", "; ;"]) + ")"
        case 1: return string()
        case 2: return prefixedString() + ","
        case 3: return random.pick(["\"b;c\"\"d\"", "U&\"d\\0061;t\"", "\"a\nb;\"", "\"it's\""])
        case 4:
            return random.pick([
                "$$;$$", "$a$ $b$ ; $$ ' $a$", "$fn$ 'x; \" $fn$", "$é$;$e$;$é$", "$$\n;--\n$$",
                "$a$x$a$", "$_1$ $_$ ; $_1$", "1$$;$$",
            ])
        case 5: return random.pick(["$1", "$12", "a$b$c", "_x$$", "naïve", "größe", "表"])
        case 6:
            let name = random.pick([
                "+", "-", "*", "/", "=-", "@-", "<>", "?|", "||/", "!=-", "%", "*+", "<=", "#",
                "&&",
                "^", "`", "-+-",
            ])
            // A minus before a comment's two would move the comment's start.
            return name.hasSuffix("-") ? name + " " : name
        case 7:
            return random.pick(["1", "1.5", ".5", "1e10", "1..2", "1.e-3", "0x1F", "1e+5", "7."])
        case 8:
            return random.pick(["a[1:2]", "::text", "x := 1", "=> 2", ":zz", ":'zz'", "a.b", "["])
        case 9: return random.pick(["u", "e", "n", "x", "b", "U&x", "abe", "é"])
        case 10: return random.pick(["begin", "END", "case", "CASE a WHEN b THEN c END", "atomic"])
        case 11: return random.pick(["function", "or", "REPLACE", "copy", "from", "stdin", "set"])
        default: return random.pick(["a", "b,", "FROM t", "WHERE", "NULL", "a = b"])
        }
    }

    private mutating func string() -> String {
        standardStrings
            ? random.pick([
                "'it''s; ok'", "''", "'a\n;'", "'a'\n  ';b'", "'a' --~ ; ' ~\n ';b'", "'$$'",
                "'--'",
                "'a;\\' ,", "'/* ;'",
            ])
            : random.pick(["'it''s; ok'", "'a\\';b'", "'\\\\'", "'\\'' ", "'a'\n  ';\\''", "''"])
    }

    private mutating func prefixedString() -> String {
        let plain = [
            "B'01;'", "x'1F;'", "U&'\\0061;'", "u&'a;'''", "E'a\\';b'", "e'\\\\'", "E'a\n;'",
        ]
        return random.pick(standardStrings ? plain + ["N'n;'", "B'0;\\'", "n'\\'"] : plain)
    }

    private mutating func routine() -> String {
        let head = random.pick([
            "CREATE FUNCTION f()", "create or replace function s.f(a int)",
            "CREATE PROCEDURE p(b text)",
            "CREATE\nOR REPLACE\tPROCEDURE \"p;\"()",
        ])
        var text = head + gap() + random.pick(["RETURNS int", "LANGUAGE sql", ""]) + gap()
        text += random.pick(["BEGIN ATOMIC", "begin atomic"]) + gap()
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            text += random.pick([
                "SELECT CASE WHEN a THEN b END", "INSERT INTO t VALUES (';')",
                "select (case a when 1 then 2 end)",
                "SELECT CASE CASE 1 WHEN 2 THEN 3 END WHEN 4 THEN 5 END",
            ])
            text += gap() + ";" + gap()
        }
        return text + random.pick(["END", "end"])
    }

    /// A COPY with its rows, and sometimes more on its line.
    private mutating func copy() -> String {
        var text =
            "\n"
            + random.pick([
                "COPY t FROM stdin", "copy t (a) from STDIN", "COPY t FROM STDIN WITH (FORMAT csv)",
                "COPY\n\"t\" FROM STDIN (DELIMITER ';')",
            ])
        let rows = (0..<2).map { _ in
            random.pick([
                "", "a;b\n", "it's\n\"\n", "\\\\.\nx\n", "-- c\n/*\n", "$$\r\n", "\\.x\n(\n",
            ])
        }
        copyData.append(rows[0])
        text += random.pick([";", "\n ; --~ c ~", "; SELECT 1;", ";\r"])
        guard random.once(in: 3) else { return text + "\n" + rows[0] + "\\.\n;" }
        copyData.append(rows[1])
        let second = text.hasSuffix("~") || text.hasSuffix("\r") ? "" : " COPY t FROM stdin;"
        if second.isEmpty { copyData.removeLast() }
        text += second + "\n" + rows[0] + "\\.\n" + (second.isEmpty ? "" : rows[1] + "\\.\r\n")
        return text + ";"
    }

    private mutating func stringMode() -> String {
        standardStrings.toggle()
        return "\nSET standard_conforming_strings = \(standardStrings ? "on" : "off");\n"
    }
}
