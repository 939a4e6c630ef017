import Database
import Glibc
import SQLiteDriver
import TestSupport
import Testing

struct SQLiteErrorTests {
    private func failure(
        _ connection: SQLiteConnection, _ sql: String
    ) throws -> DatabaseError {
        try #require(throws: DatabaseError.self) { try connection.query(sql) }
    }

    @Test(arguments: [
        ("selec 2", DatabaseError.Code.syntax, 0 as Int?),
        ("SELECT 'ü', FROM t", .syntax, 13),
        ("SELECT 1 FROM", .syntax, 13),
        ("SELECT 'open", .syntax, 7),
        ("SELECT b FROM t", .undefinedObject, 7),
        ("SELECT 1 FROM absent", .undefinedObject, nil),
        ("SELECT absent(1)", .undefinedObject, nil),
        ("INSERT INTO t(z) VALUES (1)", .undefinedObject, nil),
        ("DROP INDEX absent", .undefinedObject, nil),
        ("SELECT 1 ORDER BY 1 + 1 COLLATE absent", .undefinedObject, nil),
        ("CREATE TABLE t(a)", .other, nil),
    ])
    func `a wrong statement is classified and its place known`(
        _ sql: String, _ code: DatabaseError.Code, _ offset: Int?
    ) throws {
        let connection = try SQLiteTestDatabase().open()
        try connection.query("CREATE TABLE t(a)")
        let error = try failure(connection, sql)
        #expect(error.code == code, "\(error)")
        if let offset { #expect(error.offset == offset, "\(error)") }
        #expect(error.extendedCode.map { $0 & 0xff } == 1)
        #expect(error.sqlState == nil)
    }

    @Test(arguments: [
        ("INSERT INTO t VALUES (1, 'x', 1)", 1555, ["table": "t", "column": "id"]),
        ("INSERT INTO t VALUES (2, 'a', 1)", 2067, ["table": "t", "column": "u, n"]),
        ("INSERT INTO t VALUES (2, 'b', NULL)", 1299, ["table": "t", "column": "n"]),
        ("INSERT INTO t VALUES (2, 'b', -1)", 275, ["constraint": "positive"]),
        ("INSERT INTO c VALUES (9)", 787, [:]),
        ("DELETE FROM t", 1811, [:]),
    ])
    func `a violated constraint is named`(
        _ sql: String, _ extendedCode: Int, _ objects: [String: String]
    ) throws {
        let connection = try SQLiteTestDatabase().open()
        try connection.run([
            Step(
                """
                CREATE TABLE t(id INTEGER PRIMARY KEY, u TEXT,
                    n INT NOT NULL CONSTRAINT positive CHECK (n > 0), UNIQUE (u, n))
                """),
            Step("CREATE TABLE c(t INT REFERENCES t)"),
            Step("INSERT INTO t VALUES (1, 'a', 1)"),
            Step(
                """
                CREATE TRIGGER keep BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'kept'); END
                """),
        ])
        let error = try failure(connection, sql)
        #expect(error.code == .constraint)
        #expect(error.extendedCode == extendedCode)
        #expect(error.objects == objects)
    }

    @Test func `a lock of another connection ends in a lock timeout`() throws {
        let database = try SQLiteTestDatabase()
        let first = try database.open()
        try first.run([Step("CREATE TABLE t(a)"), Step("BEGIN IMMEDIATE")])
        let second = try database.open(.existing, busyTimeout: .milliseconds(30))
        let start = ContinuousClock.now
        let error = try failure(second, "INSERT INTO t VALUES (1)")
        #expect(error.code == .lockTimeout)
        #expect(error.extendedCode == 5)
        #expect(error.hint != nil)
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        try first.query("ROLLBACK")
        try second.query("INSERT INTO t VALUES (1)")
    }

    @Test func `a lock in a shared cache is a lock timeout too`() throws {
        let url = try SQLiteURL("sqlite:locked?mode=memory&cache=shared")
        let first = try SQLiteConnection(url, mode: .create)
        try first.run([Step("CREATE TABLE t(a)"), Step("BEGIN IMMEDIATE")])
        let second = try SQLiteConnection(url, mode: .create)
        #expect(try failure(second, "INSERT INTO t VALUES (1)").code == .lockTimeout)
    }

    @Test func `a full database is a storage error`() throws {
        let connection = try SQLiteTestDatabase().open()
        try connection.run([Step("CREATE TABLE t(a)"), Step("PRAGMA max_page_count=3")])
        let error = try failure(connection, "INSERT INTO t VALUES (zeroblob(100000))")
        #expect(error.code == .storage)
        #expect(error.extendedCode == 13)
        #expect(error.hint != nil)
    }

    @Test func `a damaged page is found when it is read`() throws {
        let database = try SQLiteTestDatabase()
        let writer = try database.open()
        try writer.run([
            Step("PRAGMA page_size=1024"), Step("CREATE TABLE t(a)"),
            Step("INSERT INTO t VALUES (zeroblob(100))"),
        ])
        writer.close()
        let descriptor = open(database.path, O_RDWR)
        let garbage = [UInt8](repeating: 0xff, count: 1024)
        #expect(pwrite(descriptor, garbage, garbage.count, 1024) == 1024)
        close(descriptor)
        let error = try failure(try database.open(.existing), "SELECT * FROM t")
        #expect(error.code == .corrupt)
        #expect(error.hint != nil)
    }

    @Test func `a bound value is never in a message`() throws {
        let connection = try SQLiteTestDatabase().open()
        try connection.run([
            Step("CREATE TABLE t(a UNIQUE)"), Step("INSERT INTO t VALUES (?1)", ["hunter2"]),
        ])
        let error = try #require(throws: DatabaseError.self) {
            try connection.query("INSERT INTO t VALUES (?1)", ["hunter2"])
        }
        #expect(!"\(error)".contains("hunter2"))
    }
}
