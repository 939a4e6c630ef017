import Database
import TestSupport
import Testing

/// `verify: { before_commit: true }` on PostgreSQL: what a migration broke is rolled back with it.
@Suite struct BeforeCommitTests {
    private func project(_ lines: String...) throws -> VerifiedProject {
        let project = try VerifiedProject(
            .postgres, verify: "before_commit: true",
            lines.first ?? "lock: session")
        try project.migration(
            "001_make",
            """
            CREATE TABLE u (id serial PRIMARY KEY); CREATE TABLE t (u_id int REFERENCES u);
            INSERT INTO u DEFAULT VALUES;
            """, down: "DROP TABLE t, u;")
        try #require(try project.run("up").status == 0)
        return project
    }

    @Test(
        arguments: [
            (
                "SET session_replication_role = replica; INSERT INTO t VALUES (9); "
                    + "SET session_replication_role = DEFAULT;", "broken_foreign_key"
            ),
            (
                "ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (9); "
                    + "ALTER TABLE t ENABLE TRIGGER ALL;", "broken_foreign_key"
            ),
            (
                "DO $$ BEGIN ALTER TABLE u DISABLE TRIGGER ALL; "
                    + "INSERT INTO t VALUES (1); DELETE FROM u; ALTER TABLE u ENABLE TRIGGER ALL; "
                    + "EXCEPTION WHEN division_by_zero THEN NULL; END $$", "broken_foreign_key"
            ),
            (
                "CREATE TABLE v (u_id int); INSERT INTO v VALUES (9); ALTER TABLE v ADD FOREIGN KEY "
                    + "(u_id) REFERENCES u NOT VALID;", "broken_foreign_key"
            ),
            ("ALTER TABLE u DISABLE TRIGGER ALL;", "disabled_trigger"),
            ("INSERT INTO u VALUES (2);", "sequence_behind"),
            (
                "CREATE SEQUENCE s MAXVALUE 10 START 10; SELECT nextval('s');",
                "integer_near_overflow"
            ),
            (
                "CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA;",
                "unpopulated_materialized_view"
            ),
            (
                "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p "
                    + "DEFAULT; CREATE UNIQUE INDEX ON ONLY p (a);", "invalid_index"
            ),
        ])
    func `what a migration leaves broken is rolled back with it`(up: String, check: String) throws {
        let project = try project()
        try project.migration("002_break", "CREATE TABLE w (a int); " + up)
        try project.migration("003_never", "CREATE TABLE x (a int);")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try Set(result.foundErrors) == [check])
        let json = try result.json()
        #expect((json["failed"] as? [String: Any])?["version"] as? String == "002")
        #expect((json["error"] as? [String: Any])?["code"] as? String == "verification_failed")
        #expect(result.errors.contains("002 was rolled back."))
        #expect(try project.applied == ["001"])
        #expect(try project.value("SELECT to_regclass('w')") == nil)
        #expect(try project.value("SELECT count(*) FROM t") == "0")
        #expect(try project.run("verify").status == 0)
    }

    @Test(
        arguments: [
            "ALTER TABLE t ADD CONSTRAINT c CHECK (u_id > 0) NOT VALID",
            "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT; "
                + "CREATE INDEX ON ONLY p (a)", "SELECT setval('u_id_seq', 1700000000)",
            "-- migrate: allow disabled_trigger the loader turns it on again\n"
                + "ALTER TABLE t DISABLE TRIGGER ALL",
        ])
    func `a warning does not stop it, and is shown`(up: String) throws {
        let project = try project()
        try project.migration("002_warn", up + ";")
        let result = try project.run("up", "--json")
        #expect(result.status == 0)
        #expect(try project.applied == ["001", "002"])
        let warnings = try #require(result.json()["warnings"] as? [String])
        #expect(warnings.contains { $0.hasPrefix("002: public.") })
    }

    @Test func `what was broken before stops nothing, unless it becomes worse`() throws {
        let project = try project()
        try project.execute(
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (u_id) REFERENCES u NOT VALID",
            "ALTER TABLE t DISABLE TRIGGER ALL", "INSERT INTO t VALUES (77), (78)",
            "INSERT INTO u VALUES (50)")
        try project.migration("002_elsewhere", "CREATE TABLE w (a int);")
        let elsewhere = try project.run("up", "--json")
        #expect(try elsewhere.json()["warnings"] as? [String] == [])
        try project.migration("003_same", "ALTER TABLE t ADD a int; ALTER TABLE u ADD a int;")
        let same = try project.run("up", "--json")
        #expect(same.status == 0)
        let warnings = try #require(same.json()["warnings"] as? [String])
        #expect(warnings.contains { $0.contains("disabled") && $0.contains("as before") })
        #expect(warnings.contains { $0.contains("2 rows refer to no row") })
        #expect(warnings.contains { $0.contains("gives 2 next") })
        try project.migration("004_worse", "INSERT INTO t VALUES (79);")
        let worse = try project.run("up", "--json")
        #expect(worse.status == 10)
        #expect(try Set(worse.foundErrors) == ["broken_foreign_key"])
        #expect(try project.value("SELECT count(*) FROM t") == "2")
    }

    @Test func `what one migration mended, the next may not break again`() throws {
        let project = try project()
        try project.execute("ALTER TABLE t DISABLE TRIGGER ALL")
        try project.migration("002_mend", "ALTER TABLE t ENABLE TRIGGER ALL;")
        try project.migration("003_break", "ALTER TABLE t DISABLE TRIGGER ALL;")
        #expect(try project.run("up").status == 10)
        #expect(try project.applied == ["001", "002"])
    }

    @Test func `what another session breaks meanwhile in other tables is not its doing`() throws {
        let project = try project()
        let other = try project.connect()
        try other.query("SELECT pg_advisory_lock(42)")
        try project.migration(
            "002_wait", "SELECT pg_advisory_xact_lock(42); CREATE TABLE w (a int);")
        let run = try MigrateProgram.start(["up"], in: project.folder.path)
        try waitUntil {
            try other.query(
                "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted"
            ).rowCount > 0
        }
        try other.run([Step("ALTER TABLE t DISABLE TRIGGER ALL")])
        try other.query("SELECT pg_advisory_unlock(42)")
        #expect(run.wait().status == 0)
        #expect(try project.applied == ["001", "002"])
    }

    @Test func `what is broken in a partition counts for its table`() throws {
        let project = try project()
        try project.execute(
            "CREATE TABLE p (id int GENERATED BY DEFAULT AS IDENTITY, u_id int REFERENCES u) "
                + "PARTITION BY LIST (id)", "CREATE TABLE p1 PARTITION OF p DEFAULT")
        try project.migration("002_number", "INSERT INTO p1 (id) VALUES (5);")
        #expect(try project.run("up", "--json").foundErrors == ["sequence_behind"])
        try project.migration(
            "002_number",
            """
            ALTER TABLE p1 DISABLE TRIGGER ALL; INSERT INTO p1 (id, u_id) VALUES (0, 99);
            ALTER TABLE p1 ENABLE TRIGGER ALL;
            """)
        #expect(try project.run("up", "--json").foundErrors == ["broken_foreign_key"])
    }

    @Test func `a file may leave role and search path behind`() throws {
        let project = try project()
        let role = try TestRole()
        try project.execute("GRANT CREATE ON SCHEMA public TO \(role.name)")
        try project.migration(
            "002_roles",
            """
            CREATE SCHEMA evil; CREATE TABLE evil.pg_class (oid oid); SET ROLE \(role.name);
            CREATE TABLE w (id serial PRIMARY KEY); INSERT INTO w VALUES (1);
            SET search_path = evil, pg_catalog;
            """)
        try project.verifyFile("path", "SELECT count(*) FROM w HAVING count(*) <> 1")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["sequence_behind"])
        try project.migration(
            "002_roles",
            "SET ROLE \(role.name); CREATE TABLE w (a int); INSERT INTO w VALUES (1); "
                + "SET search_path = nowhere;")
        try project.migration("003_after", "CREATE TABLE public.x (a int);")
        #expect(try project.run("up").status == 0)
        #expect(
            try project.value("SELECT tableowner FROM pg_tables WHERE tablename = 'x'")
                == "postgres")
        try project.execute("DROP OWNED BY \(role.name)")
    }

    @Test func `one transaction for all is looked at once, at its end`() throws {
        let project = try project("transaction: all")
        try project.migration("002_off", "ALTER TABLE t DISABLE TRIGGER ALL;")
        try project.migration("003_on", "ALTER TABLE t ENABLE TRIGGER ALL;")
        #expect(try project.run("up", "--dry-run").status == 0)
        #expect(try project.run("up").status == 0)
        try project.migration("004_off", "ALTER TABLE t DISABLE TRIGGER ALL;")
        try project.migration("005_more", "CREATE TABLE w (a int);")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["disabled_trigger"])
        #expect(try project.applied == ["001", "002", "003"])
        #expect(try project.value("SELECT to_regclass('w')") == nil)
    }

    @Test func `a dry run is looked at like the run that it rehearses`() throws {
        let project = try project()
        try project.migration("002_off", "ALTER TABLE t DISABLE TRIGGER ALL;")
        try project.migration("003_on", "ALTER TABLE t ENABLE TRIGGER ALL;")
        let result = try project.run("up", "--dry-run", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["disabled_trigger"])
        #expect(try project.applied == ["001"])
        try project.migration("002_off", "SELECT 1;")
        #expect(try project.run("up", "--dry-run").status == 0)
        #expect(try project.applied == ["001"])
    }

    @Test func `a migration that fails by itself fails as ever`() throws {
        let project = try project()
        try project.migration("002_fail", "SELECT 1/0;")
        #expect(try project.run("up").status == 6)
        try project.migration(
            "002_fail",
            "ALTER TABLE t ALTER CONSTRAINT t_u_id_fkey DEFERRABLE INITIALLY DEFERRED; "
                + "INSERT INTO t VALUES (9);")
        #expect(try project.run("up").status == 6)
        #expect(try project.applied == ["001"])
    }

    @Test func `it works through a lease, and for a run without a transaction it is silent`() throws
    {
        let project = try project("lock: lease")
        try project.migration(
            "002_index", "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (u_id);")
        try project.migration("003_break", "INSERT INTO u VALUES (2);")
        let result = try project.run("up", "--json")
        #expect(result.status == 10)
        #expect(try result.foundChecks == ["sequence_behind"])
        #expect(try project.applied == ["001", "002"])
    }
}
