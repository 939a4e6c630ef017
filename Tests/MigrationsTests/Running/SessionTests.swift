import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

/// What a file leaves behind in its session does not reach the next.
@Suite struct SessionTests {
    /// What the second file sees, as the rows of a table that it makes.
    private func seen(
        after first: String, _ query: String, _ dialect: Dialect = .postgres,
        adjust: (inout RunContext) -> Void = { _ in }
    ) throws -> [[String?]] {
        let project = try Project(dialect)
        try project.write("1_a", up: first)
        try project.write("2_b", up: "CREATE TABLE main_seen AS \(query);")
        try project.up(UpRequest(), adjust)
        return try project.sql("SELECT * FROM main_seen")
    }

    @Test(
        arguments: ["", "-- migrate: no-transaction\n"],
        [
            ("SET search_path = pg_catalog", "current_setting('search_path')", "\"$user\", public"),
            ("SET work_mem = '1MB'", "current_setting('work_mem')", "4MB"),
            ("SET lock_timeout = '1ms'", "current_setting('lock_timeout')", "5s"),
            ("SET statement_timeout = '1h'", "current_setting('statement_timeout')", "0"),
            ("SET client_encoding = 'LATIN1'", "current_setting('client_encoding')", "UTF8"),
            ("SET app.tenant = '7'", "current_setting('app.tenant', true)", ""),
            (
                "SET default_transaction_isolation = 'serializable'",
                "current_setting('transaction_isolation')", "read committed"
            ),
            (
                "CREATE TEMP TABLE x (i int)", "count(*)::text FROM pg_class WHERE relname = 'x'",
                "0"
            ),
            ("PREPARE x AS SELECT 1", "count(*)::text FROM pg_prepared_statements", "0"),
            (
                "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
                "count(*)::text FROM pg_cursors WHERE name = 'x'", "0"
            ),
            ("LISTEN x", "count(*)::text FROM pg_listening_channels()", "0"),
        ])
    func `neither settings nor temporary things of a file reach the next`(
        directive: String, leak: (statement: String, query: String, value: String)
    ) throws {
        #expect(
            try seen(after: "\(directive)\(leak.statement);", "SELECT \(leak.query)")
                == [[leak.value]])
    }

    @Test(arguments: [false, true])
    func `nor does a role, and our rows are written by the role that connected`(
        together: Bool
    ) throws {
        let role = PostgresServer.uniqueName("migrate_role")
        let admin = try PostgresServer.connect()
        try admin.query("CREATE ROLE \(role) NOLOGIN")
        let project = try Project(.postgres)
        defer {
            _ = try? project.own().query("DROP OWNED BY \(role)")
            _ = try? admin.query("DROP ROLE \(role)")
        }
        try project.sql("GRANT CREATE ON SCHEMA public TO \(role)")
        try project.write("1_a", up: "SET ROLE \(role);\nCREATE TABLE a (i integer);")
        try project.write(
            "2_b", up: "SET SESSION AUTHORIZATION \(role);\nCREATE TABLE b (i integer);")
        try project.write("3_c", up: "CREATE TABLE c (i integer);")
        let report = try project.up { $0.settings.isOneTransaction = together }
        #expect(report.appliedVersions == ["1", "2", "3"])
        let owners = try project.sql(
            "SELECT tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        #expect(owners == [[role], [role], ["postgres"], ["postgres"], ["postgres"]])
    }

    @Test
    func `a file without a transaction keeps its role, and its progress is recorded all the same`()
        throws
    {
        let role = PostgresServer.uniqueName("migrate_role")
        let admin = try PostgresServer.connect()
        try admin.query("CREATE ROLE \(role) NOLOGIN")
        let project = try Project(.postgres)
        defer {
            _ = try? project.own().query("DROP OWNED BY \(role)")
            _ = try? admin.query("DROP ROLE \(role)")
        }
        try project.sql("GRANT CREATE ON SCHEMA public TO \(role)")
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                SET ROLE \(role);
                CREATE TABLE a (i integer);
                CREATE INDEX CONCURRENTLY a_i ON a (i);
                BEGIN; CREATE TABLE b (i integer); COMMIT;
                SELECT * FROM nowhere;
                """)
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.line == 6)
        #expect(try project.history()[0]["statements_done"] == "6")
        #expect(try project.log().last?["outcome"] == "failure")
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                SET ROLE \(role);
                CREATE TABLE a (i integer);
                CREATE INDEX CONCURRENTLY a_i ON a (i);
                BEGIN; CREATE TABLE b (i integer); COMMIT;
                CREATE TABLE c (i integer);
                """)
        #expect(try project.up().appliedVersions == ["1"])
        // What a done part of the file set holds for the rest of it.
        let owners = try project.sql(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('a', 'b', 'c')")
        #expect(owners == [[role]])
    }

    @Test func `the session is as it was opened when the run is over`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a", up: "SET search_path = pg_catalog; CREATE TEMP TABLE x (i integer);")
        let connection = try project.connect()
        _ = try Migrator(project.context(connection)).up(UpRequest())
        #expect(
            try connection.query("SHOW search_path").rows[0][0].string == "\"$user\", public")
        #expect(try connection.query("SELECT to_regclass('pg_temp.x')").rows[0][0].isNull)
        #expect(
            try connection.query("SHOW client_connection_check_interval").rows[0][0].string == "0")
    }

    @Test func `names of our rows are not garbled by a file that changes the client's encoding`()
        throws
    {
        let project = try Project(.postgres)
        try project.write(
            "1_größe", up: "SET client_encoding = 'LATIN1';", down: "SELECT 'größe';")
        try project.up()
        #expect(try project.history()[0]["name"] == "größe")
        #expect(try project.history()[0]["down_sql"] == "SELECT 'größe';")
    }

    // MARK: SQLite

    @Test(
        arguments: ["", "-- migrate: no-transaction\n"],
        [
            ("CREATE TEMP TABLE x (i integer)", "count(*) FROM sqlite_temp_schema"),
            ("CREATE TEMP VIEW x AS SELECT 1", "count(*) FROM sqlite_temp_schema"),
            ("PRAGMA recursive_triggers = ON", "recursive_triggers FROM pragma_recursive_triggers"),
            (
                "PRAGMA ignore_check_constraints(1)",
                "ignore_check_constraints FROM pragma_ignore_check_constraints"
            ),
            ("PRAGMA writable_schema = ON", "writable_schema FROM pragma_writable_schema"),
            (
                "PRAGMA main.legacy_alter_table = ON",
                "legacy_alter_table FROM pragma_legacy_alter_table"
            ),
        ])
    func `neither settings nor temporary things reach the next file on SQLite`(
        directive: String, leak: (statement: String, query: String)
    ) throws {
        #expect(
            try seen(after: "\(directive)\(leak.statement);", "SELECT \(leak.query)", .sqlite)
                == [["0"]])
    }

    @Test func `a file that makes the session read-only does not keep itself from being recorded`()
        throws
    {
        let query = "SELECT query_only FROM pragma_query_only"
        #expect(try seen(after: "PRAGMA query_only = ON;", query, .sqlite) == [["0"]])
    }

    @Test func `foreign keys that a file turns off are on for the next`() throws {
        let query = "SELECT foreign_keys FROM pragma_foreign_keys"
        for directive in ["", "-- migrate: no-transaction\n"] {
            #expect(
                try seen(after: "\(directive)PRAGMA foreign_keys = OFF;", query, .sqlite)
                    == [["1"]])
        }
    }

    @Test func `an attached database is gone for the next file`() throws {
        let project = try Project(.sqlite)
        let other = project.folder.file("other.db")
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                ATTACH '\(other)' AS other;
                CREATE TABLE other.x (i integer);
                """)
        try project.write(
            "2_b", up: "CREATE TABLE seen AS SELECT name FROM pragma_database_list;")
        try project.up()
        #expect(try project.sql("SELECT name FROM seen WHERE name != 'temp'") == [["main"]])
        #expect(try Files.read(other).isEmpty == false)
    }

    @Test func `settings that belong to the file are kept`() throws {
        let project = try Project(.sqlite)
        try project.write(
            "1_a", up: "PRAGMA user_version = 7; PRAGMA application_id = 42; SELECT 1;")
        try project.up()
        #expect(try project.value("PRAGMA user_version") == "7")
        #expect(try project.value("PRAGMA application_id") == "42")
    }

    @Test func `a setting that a failing file made is taken back, and the failure is logged`()
        throws
    {
        let project = try Project(.sqlite)
        try project.write("1_a", up: "PRAGMA query_only = ON; SELECT * FROM nowhere;")
        let error = try failure { try project.up() }
        #expect(error.failed?.place == "1_a.up.sql:1:25")
        #expect(try project.log().last?["outcome"] == "failure")
    }
}
