import Database
import TestSupport
import Testing

/// `before_commit` with the user's files, and on SQLite.
@Suite struct BeforeCommitFilesTests {
    private func project(_ dialect: Dialect, _ line: String = "lock: session") throws
        -> VerifiedProject
    {
        let project = try VerifiedProject(dialect, verify: "before_commit: true", line)
        try project.migration("001_make", "CREATE TABLE t (a int);", down: "DROP TABLE t;")
        try project.migration(
            "002_add", "ALTER TABLE t ADD COLUMN b int; INSERT INTO t (a) VALUES (1);",
            down: "DELETE FROM t; ALTER TABLE t DROP COLUMN b;")
        try project.migration("003_fill", "UPDATE t SET b = 5;", down: "UPDATE t SET b = NULL;")
        try project.verifyFile("filled", "-- Not filled.\nSELECT a FROM t WHERE b IS NULL;")
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `the user's files hold at the end of a run, not in between`(dialect: Dialect) throws {
        let project = try project(dialect)
        // At the end of the first there is no column b, at the end of the second no value in it.
        let result = try project.run("up", "--json")
        #expect(result.status == 0)
        #expect(try project.applied == ["001", "002", "003"])
        // Nor on the way back.
        #expect(try project.run("down", "--all", "--yes").status == 0)
    }

    @Test(arguments: Dialect.allCases)
    func `rows of a file roll the last migration back`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.migration("003_fill", "UPDATE t SET b = NULL; CREATE TABLE w (a int);")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try project.applied == ["001", "002"])
        #expect(try result.versions("applied") == ["001", "002"])
        let finding = try #require(result.findings.first)
        #expect(finding["check"] as? String == "verify_file")
        #expect(finding["line"] as? Int == 2)
        #expect((finding["rows"] as? [[String]]) == [["1"]])
        #expect(result.errors.contains("verify/filled.sql: the query returned 1 row: Not filled."))
        #expect(result.errors.contains("  a=1"))
        #expect(result.errors.contains("003 was rolled back."))
        let count =
            dialect == .postgres
            ? "SELECT count(*) FROM pg_class WHERE relname = 'w'"
            : "SELECT count(*) FROM sqlite_master WHERE name = 'w'"
        #expect(try project.value(count) == "0")
    }

    @Test(arguments: Dialect.allCases)
    func `with one transaction for all, nothing of the run is left`(dialect: Dialect) throws {
        let project = try project(dialect, "transaction: all")
        try project.migration("003_fill", "UPDATE t SET b = NULL;")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try project.applied == [])
        #expect(result.errors.contains("All 3 were rolled back."))
    }

    @Test(arguments: Dialect.allCases)
    func `a file cannot undo or change what is being committed`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.verifyFile("sly", "WITH x AS (SELECT 1) DELETE FROM t;")
        let result = try project.run("up")
        #expect(result.status == 10)
        #expect(result.errors.contains(dialect == .postgres ? "read-only" : "readonly"))
        #expect(try project.value("SELECT count(*) FROM t") == "1")
    }

    @Test func `a query that fails does not take the transaction with it`() throws {
        let project = try project(.postgres)
        try project.verifyFile("a", "SELECT 1/0;")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(
            try result.findings.map { $0["problem"] as? String } == [
                "the query failed: division by zero"
            ])
        // The next look goes on in the same transaction and finds the rows of another file.
        try project.verifyFile("b", "SELECT 'seen' AS word;")
        #expect(try project.run("up", "--json").findings.count == 2)
    }

    @Test(arguments: Dialect.allCases)
    func `a part of a run may leave a file without its column`(dialect: Dialect) throws {
        let project = try project(dialect)
        #expect(try project.run("up", "--to", "001").status == 0)
        #expect(try project.run("up", "--to", "002").status == 10)
        #expect(try project.applied == ["001"])
    }

    // MARK: SQLite

    @Test func `a definition that the rows do not fit is rolled back`() throws {
        let project = try project(.sqlite)
        try project.migration(
            "004_write",
            """
            INSERT INTO t (a, b) VALUES (NULL, 1);
            PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = 'CREATE TABLE t (a int NOT NULL, b int)' WHERE name = 't';
            PRAGMA writable_schema = OFF;
            """)
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["quick_check"])
        #expect(try result.findings.first?["object"] as? String == "t.a")
        #expect(try project.applied == ["001", "002", "003"])
        #expect(try project.value("SELECT count(*) FROM t WHERE a IS NULL") == "0")
    }

    @Test func `references that were broken before stop nothing, new ones do`() throws {
        let project = try project(.sqlite)
        try project.run("up")
        try project.execute("CREATE TABLE u (t_id REFERENCES k)", "CREATE TABLE k (id PRIMARY KEY)")
        try project.executeUnenforced("INSERT INTO u VALUES (1)")
        try project.migration(
            "004_same", "CREATE VIRTUAL TABLE s USING fts5(x); ALTER TABLE u ADD c;")
        let same = try project.run("up", "--json")
        #expect(same.status == 0)
        let warnings = try #require(same.json()["warnings"] as? [String])
        #expect(warnings.contains { $0.contains("(as before this migration)") })
        try project.migration(
            "005_worse",
            """
            PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = 'CREATE TABLE t (a int REFERENCES k, b int)' \
            WHERE name = 't';
            PRAGMA writable_schema = OFF;
            """)
        let worse = try project.run("up", "--json")
        #expect(worse.status == 10)
        #expect(
            try worse.findings.filter { $0["severity"] as? String == "error" }.map {
                $0["object"] as? String
            } == ["t"])
    }
}
