import Database
import TestSupport
import Testing

@testable import Verification

/// What the catalog alone tells, each broken for real.
@Suite struct PostgresCatalogTests {
    @Test(arguments: ["indisvalid", "indisready", "indislive"])
    func `an index that is not used or not maintained is found`(column: String) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE \"My Table\" (a int)", "CREATE INDEX \"An Index\" ON \"My Table\" (a)",
            "UPDATE pg_index SET \(column) = false WHERE indexrelid = '\"An Index\"'::regclass")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error invalid_index public.\"An Index\"")
        #expect(finding.problem.contains("public.\"My Table\""))
        #expect(finding.hint?.contains("public.\"An Index\"") == true)
    }

    @Test func `what a failed concurrent build leaves is found, and its own remedy mends it`()
        throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)")
        #expect(throws: StepFailure.self) {
            try connection.run([
                Step("CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)", runsAlone: true)
            ])
        }
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error invalid_index public.t_a")
        #expect(finding.problem.contains("unique"))
        try connection.query("DELETE FROM t")
        try connection.run([Step(try #require(finding.hint), runsAlone: true)])
        #expect(try findings(connection) == [])
    }

    @Test func `an index that another session is building right now is none`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let reader = try database.connect()
        try connection.query("CREATE TABLE t (a int)")
        // A transaction that is older than the build makes the build wait for its end.
        try reader.run([
            Step("BEGIN ISOLATION LEVEL REPEATABLE READ"), Step("SELECT count(*) FROM t"),
        ])
        let build = BackgroundTask {
            try database.connect().run([
                Step("CREATE INDEX CONCURRENTLY t_a ON t (a)", runsAlone: true)
            ])
        }
        let isThere = "SELECT FROM pg_index i WHERE i.indrelid = 't'::regclass AND NOT indisvalid"
        try waitUntil { try connection.query(isThere).rowCount == 1 }
        #expect(try findings(connection) == [])
        // Nor for a role that may not see what others do.
        let role = try TestRole()
        #expect(try findings(database.connect(as: role)) == [])
        try reader.query("COMMIT")
        try build.wait()
        #expect(try findings(connection) == [])
    }

    @Test func `a partitioned index with a part missing is a warning, a unique one an error`()
        throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t (a int NOT NULL, b int) PARTITION BY RANGE (a)",
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)",
            "CREATE INDEX t_b ON ONLY t (b)", "CREATE INDEX t1_b ON t1 (b)",
            "ALTER INDEX t_b ATTACH PARTITION t1_b")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "warning invalid_index public.t_b")
        #expect(finding.problem.hasSuffix("no valid index of it on public.t2"))
        try connection.execute("DROP INDEX t_b", "CREATE UNIQUE INDEX t_a ON ONLY t (a)")
        #expect(try onlyFinding(connection).summary == "error invalid_index public.t_a")
    }

    @Test func `a constraint that was never validated is found until it is`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t (a int)", "CREATE TABLE child () INHERITS (t)",
            "ALTER TABLE t ADD CONSTRAINT \"is positive\" CHECK (a > 0) NOT VALID",
            "CREATE DOMAIN d AS int",
            "ALTER DOMAIN d ADD CONSTRAINT small CHECK (VALUE < 9) NOT VALID")
        let found = try findings(connection)
        #expect(
            found.map(\.summary) == [
                "error not_valid_constraint public.d", "error not_valid_constraint public.t",
            ])
        for finding in found { try connection.query(try #require(finding.hint)) }
        #expect(try findings(connection) == [])
    }

    @Test func `a disabled trigger is found, one for replicas is not`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TABLE t (a int)",
            "CREATE TRIGGER \"Audit\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER copied BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE t DISABLE TRIGGER \"Audit\"", "ALTER TABLE t ENABLE REPLICA TRIGGER copied"
        )
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error disabled_trigger public.t")
        #expect(finding.problem == "the trigger 'Audit' is disabled")
        try connection.query(try #require(finding.hint))
        #expect(try findings(connection) == [])
    }

    @Test(arguments: ["t", "u"])
    func `a foreign key whose triggers are off is found, on either side`(table: String) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)",
            "ALTER TABLE \(table) DISABLE TRIGGER ALL")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error disabled_trigger public.\(table)")
        #expect(finding.problem.contains("'t_u_id_fkey'"))
        #expect(finding.problem.contains("is not enforced"))
    }

    @Test func `the triggers of a partitioned table are told once`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TABLE t (a int) PARTITION BY RANGE (a)",
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)",
            "CREATE TRIGGER audit BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE t DISABLE TRIGGER audit")
        #expect(try onlyFinding(connection).object == "public.t")
        try connection.execute(
            "ALTER TABLE t ENABLE TRIGGER audit", "ALTER TABLE t1 DISABLE TRIGGER audit")
        #expect(try onlyFinding(connection).object == "public.t1")
    }

    @Test func `a materialised view without rows is found`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a WITH NO DATA")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error unpopulated_materialized_view public.v")
        try connection.query(try #require(finding.hint))
        #expect(try findings(connection) == [])
    }

    @Test func `a collation whose version changed is found where something uses it`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE COLLATION german (provider = icu, locale = 'de-DE')",
            "UPDATE pg_collation SET collversion = '1' WHERE collname = 'german'")
        #expect(try findings(connection) == [])
        try connection.query("CREATE TABLE t (a text COLLATE german)")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error collation_version_mismatch public.german")
        #expect(finding.problem.contains("column a of table public.t"))
        #expect(finding.facts["recorded"] == "1")
        try connection.query("ALTER COLLATION german REFRESH VERSION")
        #expect(try findings(connection) == [])
    }

    @Test func `the database's own collation is looked at`() throws {
        let database = try TestDatabase(
            options: "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
        let connection = try database.connect()
        #expect(try findings(connection) == [])
        try connection.query(
            "UPDATE pg_database SET datcollversion = '1' WHERE datname = current_database()")
        let finding = try onlyFinding(connection)
        #expect(finding.summary == "error collation_version_mismatch \(database.name)")
    }
}
