import Database
import TestSupport
import Testing

/// `verify: { after: true }`: what follows a run.
@Suite struct VerifyAfterTests {
    /// A project whose second migration leaves something behind that is found.
    private func project(_ dialect: Dialect) throws -> VerifiedProject {
        let project = try VerifiedProject(dialect, verify: "after: true")
        try project.migration("001_make", "CREATE TABLE t (a int);", down: "DROP TABLE t;")
        try project.migration("002_fill", "INSERT INTO t VALUES (1);", down: "DELETE FROM t;")
        try project.verifyFile("ones", "SELECT a FROM t")
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `a finding exits with 10, and the migrations stay`(dialect: Dialect) throws {
        let project = try project(dialect)
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.versions("applied") == ["001", "002"])
        #expect(try result.foundChecks == ["verify_file"])
        #expect(result.errors.contains("The 2 migrations that this run applied stay applied."))
        #expect(try project.applied == ["001", "002"])
        // The next run has nothing to apply, and does not call well what was not.
        let again = try project.run("up", "--json")
        #expect(again.status == 10)
        #expect(try again.foundChecks == ["verify_file"])
        try project.verifyFile("ones", "SELECT a FROM t WHERE a > 1")
        #expect(try project.run("up").status == 0)
        // What is well is not looked at again.
        let last = try project.run("up", "--json")
        #expect(last.status == 0)
        #expect(try last.json()["findings"] == nil)
    }

    @Test(arguments: Dialect.allCases)
    func `a run that leaves all well tells what was looked at`(dialect: Dialect) throws {
        let project = try project(dialect)
        let result = try project.run("up", "--json", "--to", "001")
        #expect(result.status == 0)
        #expect(try result.versions("applied") == ["001"])
        #expect(try result.findings.isEmpty)
        #expect((try result.json()["checks"] as? [Any])?.isEmpty == false)
    }

    @Test(arguments: Dialect.allCases)
    func `on the way down the user's files are not asked, on redo they are`(dialect: Dialect) throws
    {
        let project = try project(dialect)
        try project.run("up")
        let redo = try project.run("redo", "--json")
        #expect(redo.status == 10)
        #expect(try redo.versions("applied") == ["002"])
        #expect(redo.errors.contains("The migration that this run applied stays applied."))
        let down = try project.run("down", "--all", "--yes", "--json")
        #expect(down.status == 0)
        #expect(try down.findings.isEmpty)
        #expect(try project.applied == [])
    }

    @Test(arguments: Dialect.allCases)
    func `a file that does not hold together stops the run before it begins`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.verifyFile("bad", "BEGIN; SELECT 1")
        #expect(try project.run("up").status == 3)
        let connection = try project.connect()
        #expect(throws: DatabaseError.self) { try connection.query("SELECT * FROM t") }
    }

    @Test(arguments: Dialect.allCases)
    func `a part of the migrations may leave a file without its table`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.migration("003_more", "CREATE TABLE u (b int);")
        try project.verifyFile("ones", "SELECT * FROM u")
        let part = try project.run("up", "--count", "1", "--json")
        #expect(part.status == 0)
        let notes = try #require(part.json()["notes"] as? [String])
        #expect(notes.contains { $0.contains("verify/ones.sql:1: not run") })
        #expect(try project.run("up").status == 0)
    }

    @Test func `what a file left set in the session does not reach the checks`() throws {
        let project = try VerifiedProject(.postgres, verify: "after: true")
        let role = try TestRole()
        try project.execute("GRANT CREATE ON SCHEMA public TO \(role.name)")
        try project.migration(
            "001_make",
            """
            CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t VALUES (5);
            SET ROLE \(role.name); SET search_path = nowhere; SET row_security = off;
            """)
        try project.verifyFile(
            "users", "SELECT current_user FROM t WHERE current_user <> 'postgres'")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["sequence_behind"])
        try project.execute("DROP OWNED BY \(role.name)")
    }

    @Test func `a dry run is not verified afterwards`() throws {
        let project = try project(.postgres)
        let result = try project.run("up", "--dry-run", "--json")
        #expect(result.status == 0)
        #expect(try result.json()["findings"] == nil)
    }
}
