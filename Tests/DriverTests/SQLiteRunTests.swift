import Database
import SQLiteDriver
import TestSupport
import Testing

struct SQLiteRunTests {
    private let connection: SQLiteConnection

    init() throws {
        connection = try SQLiteConnection(try SQLiteURL(":memory:"), mode: .create)
    }

    private func failure(
        _ sql: String, _ parameters: [DatabaseValue] = []
    ) throws -> DatabaseError {
        try #require(throws: DatabaseError.self) { try connection.query(sql, parameters) }
    }

    @Test func `every kind of value goes in and comes out`() throws {
        let values: [DatabaseValue] = [
            .null, 0, .integer(.min), .integer(.max), .real(0.1), "", "grüße\u{0}x", .blob([]),
            .blob([0, 255]),
        ]
        let places = (1...values.count).map { "?\($0)" }.joined(separator: ", ")
        let result = try connection.query("SELECT \(places)", values)
        #expect(result.rows == [Row(values)])
        #expect(result.columns.count == values.count)
    }

    @Test func `columns, row counts and changes are reported`() throws {
        let results = try connection.run([
            Step("CREATE TABLE t(a INTEGER PRIMARY KEY, b)"),
            Step("INSERT INTO t VALUES (1, 'x'), (2, 'y')"),
            Step("-- note\nUPDATE t SET b = 'z'"),
            Step("SELECT a, b AS beta FROM t WHERE a > 5"),
            Step("WITH w AS (SELECT 1 AS a) DELETE FROM t WHERE a IN (SELECT a FROM w)"),
            Step("WITH w AS (SELECT 1 AS a) SELECT * FROM w"),
            Step("CREATE INDEX i ON t(b)"),
            Step("INSERT INTO t VALUES (3, 'q') RETURNING a"),
            Step("EXPLAIN INSERT INTO t VALUES (4, 'q')", rowLimit: 0),
        ])
        #expect(results.map(\.affectedRows) == [nil, 2, 2, nil, 1, nil, nil, 1, nil])
        #expect(results[3].columns == ["a", "beta"])
        #expect(results[3].rowCount == 0)
        #expect(results[7].rows == [Row([3])])
        #expect(results[0].columns.isEmpty)
    }

    @Test func `ten thousand rows are counted, and as many kept as the limit allows`() throws {
        let rows = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            SELECT i FROM n
            """
        let results = try connection.run([
            Step(rows), Step(rows, rowLimit: 7), Step(rows, rowLimit: 0),
        ])
        #expect(results.map(\.rowCount) == [10_000, 10_000, 10_000])
        #expect(results.map(\.rows.count) == [10_000, 7, 0])
        #expect(results[1].rows.last == Row([7]))
    }

    @Test func `a batch stops at the first failure and says which step it was`() throws {
        var progress: [Int] = []
        let failure = try #require(throws: StepFailure.self) {
            try connection.run(
                [
                    Step("CREATE TABLE t(a)"), Step("INSERT INTO t VALUES (1)"),
                    Step("INSERT INTO absent VALUES (1)"), Step("DROP TABLE t"),
                ], onProgress: { progress.append($0) })
        }
        #expect(failure.stepIndex == 2)
        #expect(failure.error.code == .undefinedObject)
        #expect(progress == [0, 1])
        #expect(try connection.query("SELECT a FROM t").rows == [Row([1])])
    }

    @Test(arguments: ["", "  \n", "-- only a comment", "/* open", "; ;", "/**/;--"])
    func `a text without a statement does nothing`(_ text: String) throws {
        let result = try connection.query(text)
        #expect(result.rowCount == 0 && result.columns.isEmpty)
    }

    @Test(arguments: [
        "SELECT 1;", "SELECT 1 ;; ", "SELECT 1; -- done", "SELECT 1 /* a */; /* b **/\n-- c\r\n",
        ";;SELECT 1", "SELECT 1; /* never closed",
    ])
    func `space, comments and semicolons may surround a statement`(_ text: String) throws {
        #expect(try connection.query(text).rows == [Row([1])])
    }

    @Test(arguments: [
        ("SELECT 1; SELECT 2", 10), ("SELECT 1; /* ; */ -- x\n  DROP", 25),
        ("SELECT 'ü'; 'x'", 13), ("SELECT 1;\u{0}", 9),
    ])
    func `a second statement in a text is refused and nothing runs`(
        _ text: String, _ offset: Int
    ) throws {
        let error = try failure(text)
        #expect(error.code == .syntax)
        #expect(error.message == "there is more than one statement in the text")
        #expect(error.offset == offset)
    }

    @Test func `what follows a statement is empty exactly where SQLite finds nothing in it`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed)
        let alphabet = Array(" \n\t\r\u{c};-*/x'")
        var blank = 0
        for _ in 0..<5000 {
            let tail = String(
                (0..<Int.random(in: 0..<8, using: &random)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                })
            // No statement can be made of these characters: what is not empty is an error.
            let isBlank = (try? connection.query(tail)) != nil
            let isAccepted = (try? connection.query("SELECT 1;" + tail)) != nil
            #expect(isAccepted == isBlank, "seed \(seed): \(tail.debugDescription)")
            blank += isBlank ? 1 : 0
        }
        #expect(blank > 500, "seed \(seed): hardly any text was empty")
    }

    @Test func `the number of parameters must fit`() throws {
        #expect(try failure("SELECT ?1, ?2", [1]).message.contains("2 parameters, and 1 values"))
        #expect(try failure("SELECT 1", [1]).message.contains("0 parameters, and 1 values"))
        #expect(try failure("-- nothing", [1]).message == "there are parameters but no statement")
    }

    @Test func `COPY data is refused`() throws {
        let failure = try #require(throws: StepFailure.self) {
            try connection.run([Step("COPY t FROM stdin", copyData: [1])])
        }
        #expect(failure.error.message.contains("PostgreSQL"))
    }

    @Test func `the transaction's state is the database's own`() throws {
        #expect(connection.transactionState == .idle)
        try connection.run([
            Step("CREATE TABLE t(a INTEGER PRIMARY KEY)"), Step("INSERT INTO t VALUES (1)"),
            Step("BEGIN"),
        ])
        #expect(connection.transactionState == .open)
        #expect(try failure("INSERT INTO t VALUES (1)").code == .constraint)
        #expect(connection.transactionState == .open)
        #expect(try failure("INSERT OR ROLLBACK INTO t VALUES (1)").code == .constraint)
        #expect(connection.transactionState == .idle)
        connection.close()
        #expect(connection.transactionState == .unknown)
    }

    @Test func `a closed connection refuses to work`() throws {
        connection.close()
        connection.close()
        connection.interrupter.interrupt()
        #expect(try failure("SELECT 1").code == .connectionLost)
    }
}

/// SplitMix64. Source: https://prng.di.unimi.it/splitmix64.c
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
