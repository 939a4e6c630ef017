import SQLText
import Testing

/// Every byte of a text belongs to exactly one of: a statement, COPY data, or what may stand
/// between them. The check for the latter is written anew here, without the lexer.
@Suite struct PartitionTests {
    @Test func `every byte of a generated PostgreSQL script has one place`() throws {
        let start = UInt64.random(in: 0 ... .max)
        for seed in (0..<50).map({ start &+ $0 }) {
            var generator = PostgresScriptGenerator(seed: seed)
            let bytes = Array(generator.script(statements: 20).utf8)
            guard let script = try? SQLScript(bytes, dialect: .postgres) else { continue }
            try check(script, "seed \(seed)\n\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func `every byte of a generated SQLite script has one place`() throws {
        let start = UInt64.random(in: 0 ... .max)
        for seed in (0..<50).map({ start &+ $0 }) {
            var generator = SQLiteScriptGenerator(seed: seed)
            let bytes = Array(generator.script(statements: 20).utf8)
            let script = try SQLScript(bytes, dialect: .sqlite)
            try check(script, "seed \(seed)\n\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    /// Any bytes at all: they split into places, or fail with a place inside the text.
    @Test(arguments: SQLDialect.allCases)
    func `no text of odd characters confuses the bounds`(dialect: SQLDialect) throws {
        let alphabet = [
            "'", "\"", "$", "a", "E", ";", "(", ")", "/", "*", "-", "\n", "\\", "[", "]", "`",
            "é", ":", ".", "1", "\r", "x", " ", "BEGIN ", "END ", "CREATE TRIGGER ",
            "CREATE FUNCTION ",
            "COPY a FROM stdin;", "\n\\.\n", "$a$", "U&",
        ]
        let start = UInt64.random(in: 0 ... .max)
        var splits = 0
        for seed in (0..<3000).map({ start &+ $0 }) {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 0...14, using: &random)
            let text = (0..<count).map { _ in random.pick(alphabet) }.joined()
            let bytes = Array(text.utf8)
            var digested = 0
            SQLScript.forEachToken(in: bytes, dialect: dialect) { digested += $0.count }
            // The rest of a bad text may hold COPY data that was given before.
            #expect(digested <= 2 * bytes.count, "seed \(seed) \(text.debugDescription)")
            do {
                try check(
                    SQLScript(bytes, dialect: dialect), "seed \(seed) \(text.debugDescription)")
                splits += 1
            } catch let error as SQLTextError {
                try #require((0..<max(1, bytes.count)).contains(error.offset), "seed \(seed)")
            }
        }
        #expect(splits > 200, "seed \(start)")
    }

    /// Each of these takes seconds where the time is linear, and days where it is quadratic.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "+", "-+", "$a", "a$", "'x'\n", "'x' ", "COPY t FROM stdin;", "/*", "(", "$$;$$;", ":",
            ";", ".",
            "\"a\"", "SET a=1;", "E'\\", "1e", "--", "BEGIN ", "u&",
        ])
    func `a long run of anything is read in linear time`(unit: String) throws {
        let bytes = Array(String(repeating: unit, count: 400_000 / unit.utf8.count).utf8)
        for dialect in SQLDialect.allCases {
            var digested = 0
            SQLScript.forEachToken(in: bytes, dialect: dialect) { digested += $0.count }
            #expect(digested <= bytes.count)
            if let script = try? SQLScript(bytes, dialect: dialect) {
                #expect(script.statements.allSatisfy { $0.range.upperBound <= bytes.count })
            }
        }
    }

    private func check(_ script: SQLScript, _ comment: Comment) throws {
        var places: [Range<Int>] = []
        for statement in script.statements {
            try #require(!statement.range.isEmpty, comment)
            places.append(statement.range)
            if let data = statement.copyData, !data.isEmpty { places.append(data) }
            let tokens = script.tokens(of: statement)
            try #require(tokens.first?.range.lowerBound == statement.range.lowerBound, comment)
            try #require(tokens.last?.range.upperBound == statement.range.upperBound, comment)
            for (token, next) in zip(tokens, tokens.dropFirst()) {
                let gap = token.range.upperBound..<next.range.lowerBound
                try #require(isFiller(script.bytes, gap, script.dialect, inside: true), comment)
            }
        }
        places.sort { $0.lowerBound < $1.lowerBound }
        var end = 0
        for place in places + [script.bytes.count..<script.bytes.count] {
            try #require(place.lowerBound >= end, comment)
            let gap = end..<place.lowerBound
            try #require(isFiller(script.bytes, gap, script.dialect, inside: false), comment)
            end = place.upperBound
        }
    }

    /// True if a range holds nothing but white space, comments and, between statements,
    /// terminators, byte-order marks and the lines that close COPY data.
    private func isFiller(
        _ bytes: [UInt8], _ range: Range<Int>, _ dialect: SQLDialect, inside: Bool
    ) -> Bool {
        var rest = bytes[range]
        while let first = rest.first {
            if " \t\n\r\u{0B}\u{0C}".utf8.contains(first) || (!inside && first == UInt8(ascii: ";"))
            {
                rest.removeFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != 0x0A && (dialect == .sqlite || $0 != 0x0D) }
            } else if rest.starts(with: "/*".utf8) {
                guard let comment = commentLength(rest, dialect) else { return false }
                rest = rest.dropFirst(comment)
            } else if !inside, dialect == .postgres, rest.starts(with: "\\.".utf8) {
                rest = rest.dropFirst(2)
            } else if rest.starts(with: [0xEF, 0xBB, 0xBF]) {
                rest = rest.dropFirst(3)
            } else {
                return false
            }
        }
        return true
    }

    private func commentLength(_ text: ArraySlice<UInt8>, _ dialect: SQLDialect) -> Int? {
        var depth = 0
        var index = text.startIndex
        while index < text.endIndex {
            let pair = text[index..<min(index + 2, text.endIndex)]
            if pair.elementsEqual("/*".utf8), dialect == .postgres || depth == 0 {
                depth += 1
                index += 2
            } else if pair.elementsEqual("*/".utf8) {
                depth -= 1
                index += 2
                if depth == 0 { return index - text.startIndex }
            } else {
                index += 1
            }
        }
        return dialect == .sqlite ? text.count : nil
    }
}
