/// Writes scripts that SQLite accepts, of pieces that are hard to lex, in random order.
struct SQLiteScriptGenerator {
    private var random: SeededGenerator
    private var names = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A script of `count` statements for a database with a table `t (a)` and a view `v`.
    mutating func script(statements count: Int) -> String {
        var text = random.once(in: 8) ? "\u{FEFF}" : ""
        for index in 0..<count {
            text += gap() + statement()
            if index < count - 1 || !random.once(in: 3) { text += gap() + ";" }
            if text.hasSuffix(";"), random.once(in: 10) { text += " ;" }
        }
        return text + (random.once(in: 4) ? "/*~ ; it's open" : gap())
    }

    private mutating func gap() -> String { randomGap(&random, nested: false) }

    private mutating func statement() -> String {
        names += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: return trigger()
        case 2: return "EXPLAIN QUERY PLAN" + gap() + select()
        case 3: return "explain" + gap() + trigger()
        case 4: return "INSERT INTO t" + gap() + "VALUES (" + parameter() + ")"
        case 5:
            return "CREATE TEMP TABLE" + gap() + "\"n;\(names)\"([a;] DEFAULT ';', `b;` CHECK (1))"
        case 6:
            return "WITH \"end\"(x) AS (SELECT" + gap() + expression() + ") SELECT x FROM \"end\""
        default: return select()
        }
    }

    private mutating func select() -> String {
        let values = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            gap() + expression() + (random.once(in: 4) ? gap() + alias() : "")
        }
        return "SELECT" + values.joined(separator: gap() + ",")
    }

    private mutating func expression() -> String {
        random.pick([
            "'it''s; ok'", "'a\n;'", "''", "x'00'", "X'3B'", "1", ".5", "1.5e-3", "0x1F", "NULL",
            "(1 - -2)", "CASE WHEN 1 THEN ';' ELSE 2 END", "'\\'", "'{}'->>'$;'", "'a' || ';'",
            "1<>2", "'--'", "'/*'", "CASE CASE 1 WHEN 2 THEN 3 END WHEN 4 THEN 5 END",
        ])
    }

    private mutating func alias() -> String {
        random.pick([
            "AS [a;'b]", "AS \"c;\"\"\"", "AS `d;```", "AS größe", "AS [end]", "\"END;\"",
            "AS _a$1",
        ])
    }

    private mutating func parameter() -> String {
        random.pick(["?", "?7", ":a", "@b", "$c", "$d::e(f;g)"])
    }

    private mutating func trigger() -> String {
        let event = random.pick(["AFTER INSERT", "BEFORE UPDATE OF a", "INSTEAD OF DELETE"])
        let row = event.hasSuffix("DELETE") ? "old" : "new"
        let name = random.pick(["\"tr;\(names)\"", "[tr \(names)]", "`tr``\(names)`", "tr\(names)"])
        let table = event.hasPrefix("INSTEAD") ? "v" : "t"
        var parts = [
            random.pick(["CREATE TRIGGER", "create temp trigger", "CREATE\nTEMPORARY\tTRIGGER"]),
            random.pick(["IF NOT EXISTS", ""]), name, event, "ON \(table)",
            random.pick(["", "WHEN CASE WHEN \(row).a THEN 2 END", "FOR EACH ROW"]), "BEGIN",
        ]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            parts.append(
                random.pick([
                    "SELECT CASE WHEN \(row).a THEN 1 END", "DELETE FROM t WHERE a = 'END;'",
                    "INSERT INTO t VALUES (';')", "SELECT 1 AS \"END\"", "UPDATE t SET a = 1",
                ]))
            parts.append(";")
        }
        parts.append(random.pick(["END", "end"]))
        return parts.map { $0 + gap() }.joined()
    }
}
