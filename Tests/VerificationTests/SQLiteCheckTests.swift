import Database
import Foundation
import SQLiteDriver
import TestSupport
import Testing

@testable import Verification

/// SQLite databases, each broken for real.
@Suite struct SQLiteCheckTests {
    @Test func `a damaged page is found`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                + "INSERT INTO t SELECT i, hex(randomblob(40)) FROM n")
        connection.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: database.path))
        try file.seek(toOffset: 4096 * 10)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 600))
        try file.close()
        let found = try findings(database.open(.readOnlyWork))
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.check == "integrity_check" && $0.severity == .error })
        #expect(found.first?.hint?.contains("restore it from a copy") == true)
        // Even then every other check answers.
        #expect(try !findings(database.open(.readOnlyWork), isDeep: true).isEmpty)
    }

    @Test func `an index that lacks a row is found and named`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE t (a TEXT)", "CREATE INDEX \"the index\" ON t (a)",
            "PRAGMA writable_schema = ON",
            "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'the index'",
            "DELETE FROM sqlite_master WHERE name = 'the index'",
            "PRAGMA writable_schema = RESET", "INSERT INTO t VALUES ('x')",
            "PRAGMA writable_schema = ON", "INSERT INTO sqlite_master SELECT * FROM kept",
            "PRAGMA writable_schema = RESET")
        let found = try findings(connection, of: .integrityCheck)
        #expect(found.contains { $0.object == "the index" })
        #expect(found.allSatisfy { $0.hint == "REINDEX; builds the indexes anew from the rows." })
    }

    @Test func `rows that refer to nothing are counted by key`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE u (id INTEGER PRIMARY KEY, a, b, UNIQUE (a, b))",
            "CREATE TABLE \"The \"\"T\" (u_id REFERENCES u, a, b, FOREIGN KEY (a, b) "
                + "REFERENCES u (a, b))",
            "PRAGMA foreign_keys = OFF",
            "INSERT INTO \"The \"\"T\" VALUES (1, NULL, NULL), (2, 7, 8), (NULL, 7, NULL)",
            "PRAGMA foreign_keys = ON")
        let found = try findings(connection)
        #expect(found.allSatisfy { $0.summary == "error foreign_key_check The \"T" })
        #expect(
            Set(found.map(\.problem)) == [
                "2 rows (rowid 1, 2) refer to no row of 'u' by (u_id)",
                "1 row (rowid 2) refers to no row of 'u' by (a, b)",
            ])
    }

    @Test func `a foreign key that does not fit its parent is found, and hides no other`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE u (id INTEGER PRIMARY KEY, a)", "PRAGMA foreign_keys = OFF",
            "CREATE TABLE s (a REFERENCES u (a))", "INSERT INTO s VALUES (1)",
            "CREATE TABLE t (u_id REFERENCES u)", "INSERT INTO t VALUES (1)",
            "CREATE TABLE v (gone REFERENCES nowhere)", "INSERT INTO v VALUES (1)")
        let found = try findings(connection)
        #expect(found.map(\.object) == ["s", "t", "v"])
        #expect(found.first?.problem.contains("foreign key mismatch") == true)
        #expect(found.last?.problem.contains("'nowhere'") == true)
    }

    // MARK: Deep

    @Test func `rows that a table's rules forbid are found, each rule by itself`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            """
            CREATE TABLE "The ""T" (
                a INTEGER CONSTRAINT "a is small" CHECK (a < 10 -- not ) so
                ), "check" TEXT CHECK ("check" IN ('CHECK (', ')')),
                b NUMERIC(3, 2) DEFAULT (1 + (2)), c AS (a * 2) CHECK (c <> 8),
                CONSTRAINT [both] CHECK (a <> b))
            """, "PRAGMA ignore_check_constraints = ON",
            """
            INSERT INTO "The ""T" (a, "check", b) VALUES (1, ')', 2), (10, ')', 1), (11, NULL, 11),
            (4, 'x', 2), (NULL, NULL, NULL)
            """)
        // SQLite's own check believes the pragma; the rows are looked at all the same.
        #expect(try findings(connection) == [])
        let found = try findings(connection, isDeep: true)
        #expect(found.allSatisfy { $0.summary == "error check_violation The \"T" })
        #expect(
            found.map(\.problem) == [
                "2 rows have a value that the constraint 'a is small' forbids",
                "1 row has a value that the CHECK (\"check\" IN ('CHECK (', ')')) forbids",
                "1 row has a value that the CHECK (c <> 8) forbids",
                "1 row has a value that the constraint 'both' forbids",
            ])
        for finding in found {
            let shown = try connection.query(try #require(finding.hint))
            #expect(Int64(shown.rowCount) == finding.extent)
        }
    }

    /// Tells SQLite another definition of a table than the one that its rows were written under.
    private func redefine(
        _ connection: SQLiteConnection, _ table: String, _ sql: String
    ) throws {
        try connection.execute("PRAGMA writable_schema = ON")
        try connection.query(
            "UPDATE sqlite_master SET sql = ?1 WHERE name = ?2", [.text(sql), .text(table)])
        try connection.execute("PRAGMA writable_schema = RESET")
    }

    @Test func `NULL where the table forbids it is found, in keys as well`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE t (a TEXT, b AS (a))", "INSERT INTO t VALUES (NULL), ('x')",
            "CREATE TABLE fine (a TEXT PRIMARY KEY, id INTEGER)",
            "INSERT INTO fine VALUES (NULL, 1)",
            "CREATE TABLE k (a TEXT PRIMARY KEY, b TEXT NOT NULL) WITHOUT ROWID",
            "INSERT INTO k VALUES ('', '')")
        try redefine(connection, "t", "CREATE TABLE t (a TEXT NOT NULL, b AS (a) NOT NULL)")
        let found = try findings(connection, isDeep: true, of: .notNullViolation)
        #expect(
            found.map(\.problem) == [
                "1 row has NULL in the column 'a', which is NOT NULL",
                "1 row has NULL in the column 'b', which is NOT NULL",
            ])
    }

    @Test func `values of a wrong type in a STRICT table are found`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        let columns = "(a INT, b REAL, c TEXT, d BLOB, e ANY, f INTEGER PRIMARY KEY)"
        try connection.execute(
            "CREATE TABLE t \(columns)",
            "INSERT INTO t VALUES (1, 2, 'x', x'00', 1.5, 1), ('one', 'two', x'00', 'x', 'y', 2)")
        try redefine(connection, "t", "CREATE TABLE t \(columns) STRICT")
        let found = try findings(connection, isDeep: true, of: .strictType)
        #expect(found.compactMap { $0.facts["column"]?.string } == ["a", "b", "c", "d"])
        #expect(found.allSatisfy { $0.extent == 1 })
    }

    @Test(
        arguments: [
            ("CREATE UNIQUE INDEX i ON t (a)", 1), ("CREATE UNIQUE INDEX i ON t (lower(b), a)", 1),
            ("CREATE UNIQUE INDEX i ON t (b COLLATE NOCASE DESC)", 1),
            ("CREATE UNIQUE INDEX i ON t (a ASC, substr(b, 1, 9) DESC) WHERE c = 'yes' -- so", 1),
            ("CREATE UNIQUE INDEX i ON t (d)", 0),
        ])
    func `keys that are there twice are found without the index`(index: String, keys: Int64) throws
    {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE t (a, b TEXT, c, d)", index, "PRAGMA writable_schema = ON",
            "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'i'",
            "DELETE FROM sqlite_master WHERE name = 'i'", "PRAGMA writable_schema = RESET",
            "INSERT INTO t VALUES (1, 'x', 'yes', NULL), (1, 'X', 'no', NULL), "
                + "(1, 'x', 'yes', 5), (2, 'y', 'no', 6)",
            "PRAGMA writable_schema = ON", "INSERT INTO sqlite_master SELECT * FROM kept",
            "PRAGMA writable_schema = RESET")
        let found = try findings(connection, isDeep: true, of: .uniqueViolation)
        #expect(found.map(\.object) == (keys == 0 ? [] : ["i"]))
        #expect(found.map(\.extent) == (keys == 0 ? [] : [keys]))
    }

    // MARK: Well

    @Test(arguments: [false, true])
    func `a database that is well gives no finding, however odd`(isDeep: Bool) throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.execute(
            #"""
            CREATE TABLE "a ""b""" ("x y" TEXT PRIMARY KEY COLLATE NOCASE, [z] INT NOT NULL,
            w AS (z * 2) STORED, UNIQUE ([z], "x y"), CHECK (w = 2 * z)) WITHOUT ROWID
            """#,
            "INSERT INTO \"a \"\"b\"\"\" VALUES ('A', 1), ('b', 2)",
            "CREATE TABLE strict (a INTEGER PRIMARY KEY, b REAL, c ANY) STRICT",
            "INSERT INTO strict VALUES (1, 2, 3), (2, 2.5, 'x')",
            "CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, t REFERENCES \"a \"\"b\"\"\", "
                + "s REFERENCES strict DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO c (t, s) VALUES ('a', 1), (NULL, NULL)",
            "CREATE UNIQUE INDEX e ON c (abs(s) DESC) WHERE t IS NOT NULL",
            "CREATE VIRTUAL TABLE search USING fts5(body)", "INSERT INTO search VALUES ('words')",
            "CREATE TABLE copied AS SELECT * FROM c", "CREATE VIEW v AS SELECT 1 AS \"check\"",
            "CREATE TRIGGER g AFTER INSERT ON c BEGIN SELECT CASE WHEN 1 THEN 2 END; END",
            "ANALYZE")
        connection.close()
        let reading = try database.open(.readOnlyWork)
        let report = try Verifier(reading).run(isDeep: isDeep)
        #expect(report.findings == [])
        #expect(report.checks.count == (isDeep ? 6 : 2))
        #expect(reading.transactionState == .idle)
    }

    @Test func `the connection is as it was, and nothing was written`() throws {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.query("CREATE TABLE t (a)")
        let before = try Data(contentsOf: URL(fileURLWithPath: database.path))
        #expect(try findings(connection, isDeep: true) == [])
        #expect(try Data(contentsOf: URL(fileURLWithPath: database.path)) == before)
        try connection.query("INSERT INTO t VALUES (1)")
        #expect(connection.transactionState == .idle)
    }
}
