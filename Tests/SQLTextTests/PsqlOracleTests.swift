import SQLText
import Testing

/// psql is the measure: what it sends is what we split.
@Suite struct PsqlOracleTests {
    private static let schema = "CREATE TABLE t (a text)"

    @Test func `generated scripts split as psql splits them`() throws {
        let oracle = try PsqlOracle(schema: Self.schema)
        let start = UInt64.random(in: 0 ... .max)
        var compared = 0
        for seed in (0..<100).map({ start &+ $0 }) {
            var generator = PostgresScriptGenerator(seed: seed)
            let bytes = Array(generator.script(statements: 25).utf8)
            let comment: Comment = "seed \(seed)\n\(String(decoding: bytes, as: UTF8.self))"
            let script: SQLScript
            do {
                script = try SQLScript(bytes, dialect: .postgres)
            } catch {
                // The generator opens a body without an end now and then; psql sends all that
                // follows as one statement, except for the rows of a COPY, whose end it rejects.
                // A quote or comment that rows of a COPY leave open is met in there as well.
                if error.code != .metaCommand {
                    #expect(error.code.rawValue.hasPrefix("unterminated_"), comment)
                    let last = try #require(try oracle.queries(of: bytes).last, comment)
                    #expect(bytes.count - last.count <= error.offset, comment)
                }
                continue
            }
            let ours = script.statements.compactMap { comparable(bytes[$0.range]) }
            let theirs = try oracle.queries(of: bytes).compactMap { comparable($0) }
            try #require(ours == theirs, comment)
            let data = script.statements.compactMap { $0.copyData.map { script.text(of: $0) } }
            try #require(data == generator.copyData, comment)
            compared += ours.count
        }
        try oracle.close()
        #expect(compared > 1200, "seed \(start)")
    }

    @Test(arguments: realPostgresScripts)
    func `real scripts split as psql splits them`(text: String) throws {
        let oracle = try PsqlOracle(schema: Self.schema)
        let bytes = Array(text.utf8)
        let script = try SQLScript(bytes, dialect: .postgres)
        let theirs = try oracle.queries(of: bytes).compactMap { comparable($0) }
        try oracle.close()
        #expect(script.statements.compactMap { comparable(bytes[$0.range]) } == theirs)
        #expect(theirs.count > 5)
    }
}
