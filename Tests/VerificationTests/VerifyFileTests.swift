import Database
import TestSupport
import Testing

@testable import Verification

/// The user's files: which are run, what may stand in them, what they say.
@Suite struct VerifyFileTests {
    private func file(_ text: String, _ dialect: Dialect = .postgres) throws -> VerifyFile {
        try VerifyFile(Array(text.utf8), path: "verify/x.sql", dialect: dialect)
    }

    @Test func `a database's own variant takes the place of the common file`() throws {
        let names = [
            "b.sql", "a.postgres.sql", "a.sql", "c.sqlite.sql", "d.v2.sql", ".hidden.sql",
            "README.md", "e.sqlite.sql", "e.sql",
        ]
        #expect(
            try VerifyFile.select(names, dialect: .postgres)
                == ["a.postgres.sql", "b.sql", "d.v2.sql", "e.sql"])
        #expect(
            try VerifyFile.select(names.reversed(), dialect: .sqlite)
                == ["a.sql", "b.sql", "c.sqlite.sql", "d.v2.sql", "e.sqlite.sql"])
        let error = #expect(throws: VerifyFileError.self) {
            try VerifyFile.select(["a.pg.sql"], dialect: .postgres)
        }
        #expect(error?.hint == "Name it '.postgres.sql'.")
    }

    @Test(
        arguments: [
            "BEGIN", "COMMIT", "END", "ROLLBACK TO s", "START TRANSACTION", "SAVEPOINT s",
            "RELEASE s", "ABORT", "PREPARE TRANSACTION 'x'", "SET TRANSACTION READ WRITE",
            "SET LOCAL TRANSACTION ISOLATION LEVEL SERIALIZABLE", "COPY t TO STDOUT",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "\\connect other",
            "SELECT 'open",
        ])
    func `what is no query is refused with its place`(statement: String) throws {
        let error = #expect(throws: VerifyFileError.self) {
            try file("SELECT 1 WHERE false;\n  \(statement);\n")
        }
        #expect(error?.line == 2)
        #expect((error?.column ?? 0) >= 3)
        #expect(error?.sourceLine == "  \(statement);")
        #expect(error?.hint != nil || statement.contains("'open"))
    }

    @Test(
        arguments: [
            "PRAGMA query_only = OFF", "PRAGMA foreign_keys(0)", "ATTACH 'x' AS y", "DELETE FROM t",
            "BEGIN", "VACUUM", "PRAGMA foreign_key_check = 1",
        ])
    func `on SQLite nothing but queries is accepted`(statement: String) throws {
        #expect(throws: VerifyFileError.self) { try file(statement, .sqlite) }
        _ = try file("SELECT 1; WITH a AS (SELECT 1) SELECT 1; VALUES (1)", .sqlite)
        _ = try file("PRAGMA foreign_key_check; PRAGMA main.foreign_key_check(t)", .sqlite)
    }

    @Test func `an empty file is refused, one of comments does nothing`() throws {
        #expect(throws: VerifyFileError.self) { try file("") }
        #expect(try file("-- later\n").queries.isEmpty)
    }

    @Test func `the rows, their number, the place and the comment above are told`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let file = try file(
            """
            -- Nothing here.
            SELECT 1 WHERE false;

            -- Numbers that are
            -- too large.
              SELECT n AS number, NULL AS nothing, n * 2 AS number FROM generate_series(1, 25) n;
            """)
        let report = try Verifier(connection).run(files: [file])
        let finding = try #require(report.findings.first)
        #expect(report.findings.count == 1)
        #expect(finding.summary == "error verify_file verify/x.sql")
        #expect(finding.problem == "the query returned 25 rows: Numbers that are too large.")
        #expect(finding.place == .init(file: "verify/x.sql", line: 6, column: 3))
        #expect(finding.rows?.columns == ["number", "nothing", "number"])
        #expect(finding.rows?.values.count == 10)
        #expect(finding.rows?.values.first == ["1", nil, "2"])
        #expect(finding.rows?.count == 25)
        #expect(report.checks.last == .init(name: "verify_file", findings: 1))
    }

    @Test func `a query that fails is a finding at its place, and the next one runs`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let file = try file("SELECT 1,\n  missing FROM pg_class;\nSELECT 1/0;\nSELECT 'found'")
        let found = try Verifier(connection).run(files: [file]).findings
        #expect(found.map(\.place?.line) == [2, 3, 4])
        #expect(found.first?.place?.column == 3)
        #expect(found.first?.facts["sqlstate"] == "42703")
        #expect(found.map(\.severity) == [.error, .error, .error])
        #expect(found.last?.rows?.values == [["found"]])
    }

    @Test func `before all migrations have run, what is not there yet is a note`() throws {
        for connection in try bothDatabases() {
            let file = try file("SELECT * FROM later;\nSELECT 1;", connection.connection.dialect)
            let report = try Verifier(connection.connection).run(files: [file], isComplete: false)
            #expect(report.findings.map(\.problem) == ["the query returned 1 row"])
            #expect(report.notes.contains { $0.hasPrefix("verify/x.sql:1: not run") })
            #expect(try Verifier(connection.connection).run(files: [file]).findings.count == 2)
        }
    }

    /// A connection with what keeps its database alive.
    private func bothDatabases() throws -> [(connection: any Connection, owner: Any)] {
        let postgres = try TestDatabase()
        let sqlite = try SQLiteTestDatabase()
        return [(try postgres.connect(), postgres), (try sqlite.open(), sqlite)]
    }

    @Test func `settings hold for the rest of their file and no further`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute("CREATE SCHEMA s", "CREATE TABLE s.t AS SELECT 1 AS a")
        let first = try file("SET search_path = s; SELECT a FROM t WHERE a > 1; SELECT a FROM t;")
        let second = try file("SELECT a FROM t")
        let found = try Verifier(connection).run(files: [first, second]).findings
        #expect(found.map(\.problem).first == "the query returned 1 row")
        #expect(found.last?.problem.contains("does not exist") == true)
        #expect(found.count == 2)
        #expect(try connection.query("SHOW search_path").rows[0][0] == "\"$user\", public")
    }

    @Test(
        arguments: [
            "DELETE FROM t", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "SELECT nextval('s')", "SELECT empty_it()", "DO $$ BEGIN DELETE FROM t; END $$",
            "SELECT set_config('transaction_read_only', 'off', false)",
            "SET transaction_read_only = off", "CREATE TABLE u (a int)", "CALL and_commit()",
        ])
    func `a file never changes data`(statement: String) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t AS SELECT 1 AS a", "CREATE SEQUENCE s",
            "CREATE FUNCTION empty_it() RETURNS void LANGUAGE sql AS 'DELETE FROM t'",
            "CREATE PROCEDURE and_commit() LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; COMMIT; END'")
        let file = try file("\(statement);\nSELECT 'still running'")
        let found = try Verifier(connection).run(files: [file]).findings
        #expect(found.count == 2)
        #expect(found.last?.rows?.values == [["still running"]])
        #expect(try connection.query("SELECT * FROM t").rowCount == 1)
        #expect(try connection.query("SELECT is_called FROM s").rows[0][0] == "f")
        #expect(try connection.query("SELECT to_regclass('u')").rows[0][0].isNull)
    }

    @Test func `on SQLite a file never changes data`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
        let file = try file(
            "WITH x AS (SELECT 1) DELETE FROM t;\nPRAGMA foreign_key_check;\nSELECT a FROM t",
            .sqlite)
        let found = try Verifier(connection).run(files: [file]).findings
        #expect(found.map(\.place?.line) == [1, 3])
        #expect(found.first?.problem.contains("readonly") == true)
        #expect(try connection.query("SELECT * FROM t").rowCount == 1)
    }
}
