import CSQLite
import SQLText
import Testing

/// SQLite is the measure: its tail pointer says where each statement ends.
@Suite struct SQLiteOracleTests {
    private static let schema = "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t"

    @Test func `generated scripts split as SQLite splits them`() throws {
        let start = UInt64.random(in: 0 ... .max)
        var compared = 0
        for seed in (0..<150).map({ start &+ $0 }) {
            var generator = SQLiteScriptGenerator(seed: seed)
            let bytes = Array(generator.script(statements: 20).utf8)
            let comment: Comment = "seed \(seed)\n\(String(decoding: bytes, as: UTF8.self))"
            let script = try SQLScript(bytes, dialect: .sqlite)
            let ours = script.statements.compactMap { comparable(bytes[$0.range]) }
            let theirs = try statements(of: bytes, running: false, comment).compactMap {
                comparable(bytes[$0])
            }
            try #require(ours == theirs, comment)
            compared += ours.count
        }
        #expect(compared > 2500, "seed \(start)")
    }

    @Test func `a statement is complete at its end and at no semicolon before`() throws {
        let start = UInt64.random(in: 0 ... .max)
        var inner = 0
        for seed in (0..<100).map({ start &+ $0 }) {
            var generator = SQLiteScriptGenerator(seed: seed)
            let bytes = Array(generator.script(statements: 20).utf8)
            let script = try SQLScript(bytes, dialect: .sqlite)
            for statement in script.statements {
                let text = script.text(of: statement)
                // sqlite3_complete knows no parameters in the form of Tcl.
                guard !text.contains("$d::") else { continue }
                #expect(sqlite3_complete(text + ";") == 1, "seed \(seed): \(text)")
                for token in script.tokens(of: statement) where script.text(of: token) == ";" {
                    let head = bytes[statement.range.lowerBound..<token.range.upperBound]
                    let part = String(decoding: head, as: UTF8.self)
                    #expect(sqlite3_complete(part) == 0, "seed \(seed): \(part)")
                    inner += 1
                }
            }
        }
        #expect(inner > 200, "seed \(start)")
    }

    @Test func `a real script splits as SQLite splits it`() throws {
        let bytes = Array(realSQLiteScript.utf8)
        let script = try SQLScript(bytes, dialect: .sqlite)
        let tails = try statements(of: bytes, running: true, "real script")
        #expect(script.statements.count == tails.count)
        for (statement, tail) in zip(script.statements, tails) {
            // Theirs begins behind the last ';' and ends behind its own.
            #expect(tail.lowerBound <= statement.range.lowerBound)
            #expect(statement.range.upperBound <= tail.upperBound)
        }
    }

    /// Has the library prepare, and if wanted run, a script, and says which bytes it took for each
    /// statement.
    private func statements(
        of bytes: [UInt8], running: Bool, _ comment: Comment
    ) throws -> [Range<Int>] {
        var database: OpaquePointer?
        try #require(sqlite3_open(":memory:", &database) == SQLITE_OK)
        defer { sqlite3_close(database) }
        try #require(sqlite3_exec(database, Self.schema, nil, nil, nil) == SQLITE_OK)
        var ranges: [Range<Int>] = []
        try (bytes + [0]).withUnsafeBufferPointer { buffer in
            try buffer.withMemoryRebound(to: CChar.self) { text in
                var offset = 0
                while offset < bytes.count {
                    let start = try #require(text.baseAddress) + offset
                    var statement: OpaquePointer?
                    var tail: UnsafePointer<CChar>?
                    let code = sqlite3_prepare_v2(database, start, -1, &statement, &tail)
                    defer { sqlite3_finalize(statement) }
                    let message = String(cString: sqlite3_errmsg(database))
                    try #require(code == SQLITE_OK, "\(message) at \(offset): \(comment)")
                    let end = offset + (try #require(tail) - start)
                    guard statement != nil else {
                        offset = max(end, offset + 1)
                        continue
                    }
                    ranges.append(offset..<end)
                    while running, sqlite3_step(statement) == SQLITE_ROW {}
                    offset = end
                }
            }
        }
        return ranges
    }
}
