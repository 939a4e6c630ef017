import Database
import Foundation
import TestSupport
import Testing

/// `migrate verify`, as it is run.
@Suite struct VerifyCommandTests {
    @Test(arguments: Dialect.allCases)
    func `a database that is well exits with 0 and names its checks`(dialect: Dialect) throws {
        let project = try VerifiedProject(dialect)
        try project.execute("CREATE TABLE t (a int)")
        try project.verifyFile("nothing", "SELECT * FROM t")
        let words = try project.run("verify")
        #expect(words.status == 0)
        #expect(words.output.contains("nothing found"))
        let document = try project.run("verify", "--deep", "--json")
        #expect(document.status == 0)
        let json = try document.json()
        #expect(json["outcome"] as? String == "done")
        #expect(json["deep"] as? Bool == true)
        #expect(try document.findings.isEmpty)
        let checks = try #require(json["checks"] as? [[String: Any]])
        #expect(checks.allSatisfy { $0["findings"] as? Int == 0 })
        #expect(
            checks.last?["check"] as? String == "verify_file", "\(checks)")
    }

    @Test(arguments: Dialect.allCases)
    func `findings are shown in words and in JSON, and exit with 10`(dialect: Dialect) throws {
        let project = try VerifiedProject(dialect)
        try project.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)")
        try project.executeUnenforced("INSERT INTO t VALUES (7)")
        try project.verifyFile("t", "-- Sevens.\nSELECT u_id, NULL AS blank FROM t")
        let words = try project.run("verify")
        #expect(words.status == 10)
        #expect(words.output.contains(" refers to no row of "))
        #expect(words.output.contains("verify/t.sql:2:1: the query returned 1 row: Sevens."))
        #expect(words.output.contains("    u_id  blank\n    7     NULL\n"))
        #expect(words.output.contains(": 2 errors"))
        #expect(words.errors.contains("error: verification found 2 errors"))

        let document = try project.run("verify", "--json")
        #expect(document.status == 10)
        let json = try document.json()
        #expect(json["exit_status"] as? Int == 10)
        let error = try #require(json["error"] as? [String: Any])
        #expect(error["code"] as? String == "verification_failed")
        let found = try document.findings
        #expect(
            try document.foundChecks == [
                dialect == .postgres ? "broken_foreign_key" : "foreign_key_check", "verify_file",
            ])
        #expect(found[0]["object"] as? String == (dialect == .postgres ? "public.t" : "t"))
        #expect(found.allSatisfy { $0["severity"] as? String == "error" })
        #expect(found[1]["file"] as? String == "verify/t.sql")
        #expect(found[1]["line"] as? Int == 2)
        #expect(found[1]["columns"] as? [String] == ["u_id", "blank"])
        let rows = try #require(found[1]["rows"] as? [[Any]])
        #expect(rows.count == 1)
        #expect(rows[0][0] as? String == "7")
        #expect(rows[0][1] is NSNull)
        #expect(found[1]["row_count"] as? Int == 1)

        let quiet = try project.run("verify", "--quiet")
        #expect(quiet.output == "")
        #expect(quiet.errors.contains("refers to no row"))
    }

    @Test func `warnings alone are shown and exit with 0`() throws {
        let project = try VerifiedProject(.postgres)
        try project.execute(
            "CREATE TABLE t (id serial PRIMARY KEY)", "SELECT setval('t_id_seq', 1700000000)")
        let words = try project.run("verify")
        #expect(words.status == 0)
        #expect(words.output.contains("warning: public.t.id: 79 % of the numbers are used up"))
        #expect(words.output.contains(": 1 warning"))
        #expect(try project.run("verify", "--json").foundChecks == ["integer_near_overflow"])
    }

    @Test func `a SQLite file that is not there is not made`() throws {
        let project = try VerifiedProject(.sqlite)
        let words = try project.run("verify")
        #expect(words.status == 0)
        #expect(words.output.contains("not there yet"))
        #expect(words.output.contains("nothing to verify"))
        let json = try project.run("verify", "--json").json()
        #expect(json["outcome"] as? String == "nothing_to_do")
        #expect(json["database_exists"] as? Bool == false)
        #expect((json["findings"] as? [Any])?.isEmpty == true)
        #expect(!project.folder.has("app.db"))
    }

    @Test func `a file that lost its end, or its schema, is found to be damaged`() throws {
        let project = try VerifiedProject(.sqlite)
        try project.execute("CREATE TABLE t (a)", "CREATE TABLE u (b)")
        let whole = try Data(contentsOf: URL(fileURLWithPath: project.folder.file("app.db")))
        var scribbled = whole
        scribbled.replaceSubrange(100..<160, with: Data(repeating: 0xA5, count: 60))
        for damaged in [Data(whole.prefix(6000)), scribbled] {
            try damaged.write(to: URL(fileURLWithPath: project.folder.file("app.db")))
            let result = try project.run("verify", "--json")
            #expect(result.status == 10)
            #expect(try result.foundChecks.first == "integrity_check")
        }
        // What never was a database cannot be verified.
        try project.folder.write(String(repeating: "no database ", count: 100), to: "app.db")
        #expect(try project.run("verify").status == 4)
    }

    @Test(arguments: Dialect.allCases)
    func `a file that does not hold together exits with 3 and its place`(dialect: Dialect) throws {
        let project = try VerifiedProject(dialect)
        try project.execute("CREATE TABLE t (a int)")
        try project.verifyFile("bad", "SELECT 1;\n\n  COMMIT;")
        let result = try project.run("verify", "--json")
        #expect(result.status == 3)
        let error = try #require(result.json()["error"] as? [String: Any])
        #expect(error["code"] as? String == "invalid_verify_file")
        #expect(error["file"] as? String == "verify/bad.sql")
        #expect(error["line"] as? Int == 3)
        #expect(error["column"] as? Int == 3)
        #expect(result.errors.contains("      COMMIT;\n      ^"))
    }

    @Test(arguments: Dialect.allCases)
    func `a query that fails is a finding`(dialect: Dialect) throws {
        let project = try VerifiedProject(dialect)
        try project.execute("CREATE TABLE t (a int)")
        try project.verifyFile("bad", "SELECT missing FROM t")
        let result = try project.run("verify")
        #expect(result.status == 10)
        #expect(result.output.contains("verify/bad.sql:1:8: the query failed"))
    }

    @Test func `without a configuration the folder beside the migrations is used`() throws {
        let project = try VerifiedProject(.sqlite)
        try project.execute("CREATE TABLE t (a int)")
        try project.folder.folder("db/migrations")
        try project.folder.folder("db/verify")
        try project.folder.write("SELECT 1", to: "db/verify/one.sql")
        let arguments = ["verify", "--json", "--url", project.url, "--dir", "db/migrations"]
        let elsewhere = try TemporaryFolder()
        let none = try MigrateProgram.run(arguments, in: elsewhere.path)
        #expect(none.status == 0)
        try elsewhere.folder("db/migrations")
        try elsewhere.folder("db/verify")
        try elsewhere.write("SELECT 1", to: "db/verify/one.sql")
        let found = try MigrateProgram.run(arguments, in: elsewhere.path)
        #expect(found.status == 10)
        #expect(try found.findings.first?["object"] as? String == "db/verify/one.sql")
    }

    @Test func `an interrupt exits with 130`() throws {
        let project = try VerifiedProject(.postgres, "lock_timeout: 0s")
        try project.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)")
        let holder = try project.connect()
        try holder.run([Step("BEGIN"), Step("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")])
        let program = try MigrateProgram.start(["verify"], in: project.folder.path)
        let observer = try project.connect()
        try waitUntil {
            try observer.query(
                "SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass"
            ).rowCount > 0
        }
        program.send(SIGINT)
        let result = program.wait()
        #expect(result.status == 130)
        #expect(result.errors.contains("interrupted"))
    }

    @Test func `the configured time limit holds`() throws {
        let project = try VerifiedProject(.postgres, "statement_timeout: 100ms")
        try project.execute("CREATE TABLE t (a int)")
        try project.verifyFile("slow", "SELECT pg_sleep(20)")
        let result = try project.run("verify")
        #expect(result.status == 10)
        #expect(result.output.contains("statement timeout"))
    }

    @Test func `no secret is shown`() throws {
        let database = try TestDatabase()
        let role = try TestRole()
        let folder = try TemporaryFolder()
        try folder.folder("verify")
        try folder.write(
            "SELECT 'postgres://u:\(role.password)@h/d' AS url, 1/0", to: "verify/a.sql")
        try folder.write("SELECT '\(role.password)' AS secret", to: "verify/b.sql")
        let url = try role.url(database: database.name).text
        for option in ["--json", "--verbose"] {
            let result = try MigrateProgram.run(
                ["verify", "--deep", option, "--url", url], in: folder.path)
            #expect(result.status == 10)
            #expect(!result.output.contains(role.password))
            #expect(!result.errors.contains(role.password))
            #expect((result.output + result.errors).contains("***"))
        }
    }
}
