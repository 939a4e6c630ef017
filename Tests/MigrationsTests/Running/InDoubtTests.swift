import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

/// A run that died before it could record how a statement ended.
@Suite struct InDoubtTests {
    private let head = "-- migrate: no-transaction\n"

    /// A project whose migration stands at a statement that was begun.
    private func inDoubt(
        _ statement: String, after: String = "", dialect: Dialect = .postgres
    ) throws -> Project {
        let project = try Project(dialect)
        try project.write("0_a", up: "CREATE TABLE a (i integer); INSERT INTO a VALUES (1), (1);")
        try project.write("1_b", up: head + "SELECT 1;\nSELECT nowhere;\n\(after)")
        _ = try failure { try project.up() }
        try project.write("1_b", up: head + "SELECT 1;\n\(statement);\n\(after)")
        try project.sql("UPDATE schema_migrations SET statement_started = 2 WHERE version = '1'")
        return project
    }

    @Test func `a concurrent index that is there and valid was built`() throws {
        let project = try inDoubt(
            "CREATE INDEX CONCURRENTLY \"A i\" ON public.a (i)",
            after: "CREATE TABLE after (i int);")
        try project.sql("CREATE INDEX \"A i\" ON a (i)")
        let before = try project.value("SELECT '\"A i\"'::regclass::oid")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.value("SELECT '\"A i\"'::regclass::oid") == before)
        #expect(try project.tables().contains("after"))
    }

    @Test func `a concurrent index that is not there is built`() throws {
        let project = try inDoubt("CREATE INDEX CONCURRENTLY a_i ON a (i)")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(
            try project.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
                == "t")
    }

    @Test(arguments: ["", "IF NOT EXISTS "])
    func `an INVALID index that a failed build left is dropped before the next`(
        words: String
    ) throws {
        let project = try Project(.postgres)
        try project.write("0_a", up: "CREATE TABLE a (i integer); INSERT INTO a VALUES (1), (1);")
        try project.write(
            "1_b", up: head + "CREATE UNIQUE INDEX CONCURRENTLY \(words)a_i ON a (i);")
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.databaseError?.code == .constraint)
        #expect(
            try project.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
                == "f")
        try project.sql("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(
            try project.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
                == "t")
    }

    @Test func `an index of the same name that is valid, or on another table, is left alone`()
        throws
    {
        let project = try Project(.postgres)
        try project.write("0_a", up: "CREATE TABLE a (i integer); CREATE TABLE b (i integer);")
        try project.up()
        try project.sql("CREATE INDEX a_i ON b (i)")
        try project.write("1_b", up: head + "CREATE INDEX CONCURRENTLY a_i ON a (i);")
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.message == "relation \"a_i\" already exists")
        #expect(try project.value("SELECT 'a_i'::regclass::text") == "a_i")
    }

    @Test(arguments: [true, false])
    func `whether a concurrent drop took effect shows as well`(isThere: Bool) throws {
        let project = try inDoubt("DROP INDEX CONCURRENTLY a_i")
        if isThere { try project.sql("CREATE INDEX a_i ON a (i)") }
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.value("SELECT to_regclass('a_i')") == nil)
    }

    @Test(arguments: ["VACUUM a", "REINDEX INDEX CONCURRENTLY a_pk", "REINDEX SCHEMA public"])
    func `what does no harm twice is done again`(statement: String) throws {
        let project = try inDoubt(statement)
        try project.sql("CREATE INDEX a_pk ON a (i)")
        #expect(try project.up().appliedVersions == ["1"])
    }

    @Test(arguments: [true, false])
    func `of anything else a person must say how it ended`(tookEffect: Bool) throws {
        let project = try inDoubt(
            "CALL fill()", after: "INSERT INTO a VALUES (9);")
        try project.sql(
            "CREATE PROCEDURE fill() LANGUAGE sql AS 'INSERT INTO a VALUES (5)'")
        let error = try failure { try project.up() }
        #expect(error.code == .failedPartWay)
        #expect(error.versions == ["1"])
        #expect(error.failed?.place == "1_b.up.sql:3:1")
        #expect(error.message.contains("began statement 2 of 1 (CALL, line 3)"))
        #expect(error.hint?.contains("--statements-done 1=2") == true)
        #expect(error.hint?.contains("--statements-done 1=1") == true)
        #expect(try project.value("SELECT count(*) FROM a") == "2")
        try project.repair(.statementsDone("1", tookEffect ? 2 : 1))
        #expect(try project.up().appliedVersions == ["1"])
        #expect(
            try project.sql("SELECT i FROM a WHERE i > 1 ORDER BY i")
                == (tookEffect ? [["9"]] : [["5"], ["9"]]))
    }

    // MARK: Lost connections

    @Test func `a connection that breaks between statements stops the run, and the next goes on`()
        throws
    {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: head
                + "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);"
        )
        let proxy = try DelayProxy(port: PostgresServer.address().port)
        var context = try project.context(project.connect(port: proxy.port))
        context.observer.statementDone = { done, _ in if done == 2 { proxy.cut() } }
        let error = try failure { _ = try Migrator(context).up(UpRequest()) }
        #expect(error.code == .database)
        #expect(error.cause?.code == .connectionLost)
        #expect(error.failed?.version == "1")
        #expect(try project.history()[0]["statements_done"] == "2")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["2"]])
    }

    @Test
    func `a connection that breaks during a concurrent build leaves nothing that is in the way`()
        throws
    {
        let project = try Project(.postgres)
        try project.write("0_a", up: "CREATE TABLE a (i integer);")
        try project.up()
        try project.write(
            "1_b", up: head + "SELECT 1;\nCREATE INDEX CONCURRENTLY a_i ON a (i);\nSELECT 2;")
        // A writer of the table, for which the build has to wait.
        let writer = try project.connect()
        try writer.run([Step("BEGIN"), Step("INSERT INTO a VALUES (1)")])
        let proxy = try DelayProxy(port: PostgresServer.address().port)
        let server = try #require(project.server)
        let cutting = Background {
            let watcher = try server.connect()
            try eventually("the build waits") {
                try watcher.query(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                    AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()
                    """
                ).rows[0][0].integer == 1
            }
            proxy.cut()
        }
        let context = try project.context(project.connect(port: proxy.port))
        let error = try failure { _ = try Migrator(context).up(UpRequest()) }
        try cutting.wait()
        #expect(error.cause?.code == .connectionLost)
        #expect(try project.history()[1]["statement_started"] == "2")
        #expect(
            try project.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
                == "f")
        try writer.query("COMMIT")
        // The server notices the lost client by itself; until then its lock is held.
        #expect(try project.up().appliedVersions == ["1"])
        #expect(
            try project.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass")
                == "t")
    }

    @Test func `a connection that breaks in a transaction leaves it as if it had never begun`()
        throws
    {
        let project = try Project(.postgres)
        try project.write("1_a", up: "CREATE TABLE a (i integer);\nSELECT pg_sleep(60);")
        let proxy = try DelayProxy(port: PostgresServer.address().port)
        var context = try project.context(project.connect(port: proxy.port))
        context.observer.statementDone = { done, _ in if done == 1 { proxy.cut() } }
        let error = try failure { _ = try Migrator(context).up(UpRequest()) }
        #expect(error.code == .database)
        #expect(error.hint?.contains("migrate status") == true)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        #expect(try project.up().appliedVersions == ["1"])
    }
}
