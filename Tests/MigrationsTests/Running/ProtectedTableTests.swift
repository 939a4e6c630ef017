import Database
import Migrations
import TestSupport
import Testing

/// A file that touches the runner's own tables or lock is rolled back.
@Suite struct ProtectedTableTests {
    private static let tables = "the migration changes the history or log table of the runner"

    /// Applies one migration, then one that does `text`, which has to be refused.
    private func refused(
        _ dialect: Dialect, _ text: String, together: Bool = false, schema: String? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> MigrationError {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.up()
        let (history, log) = (try project.history(), try project.log())
        try project.write("2_b", up: "CREATE TABLE b (i integer);\n\(text);")
        let error = try failure(location) {
            try project.up { $0.settings.isOneTransaction = together }
        }
        #expect(error.code == .migrationFailed, sourceLocation: location)
        #expect(error.failed?.version == "2", sourceLocation: location)
        #expect(try project.tables() == ["a"], sourceLocation: location)
        #expect(try project.history() == history, sourceLocation: location)
        #expect(
            try Array(project.log().dropLast()).map { $0["digest"] } == log.map { $0["digest"] },
            sourceLocation: location)
        #expect(try project.log().last?["outcome"] == "failure", sourceLocation: location)
        return error
    }

    @Test(
        arguments: Dialect.allCases,
        [
            "DROP TABLE schema_migrations", "DROP TABLE schema_migrations_log",
            "ALTER TABLE schema_migrations ADD COLUMN mine integer",
            "ALTER TABLE schema_migrations RENAME TO mine",
            "ALTER TABLE schema_migrations_log RENAME COLUMN name TO mine",
            "INSERT INTO schema_migrations (version) VALUES ('9')",
            "UPDATE schema_migrations SET checksum = 'x'",
            "DELETE FROM schema_migrations WHERE version = '1'",
            "DELETE FROM schema_migrations_log", "DELETE FROM \"schema_migrations\" WHERE 1 = 0",
            "CREATE INDEX mine ON schema_migrations (name)",
        ])
    func `dropping, altering and writing our tables`(dialect: Dialect, text: String) throws {
        #expect(try refused(dialect, text).message == Self.tables)
    }

    @Test(arguments: Dialect.allCases)
    func `the same where all migrations share a transaction`(dialect: Dialect) throws {
        let error = try refused(dialect, "DELETE FROM schema_migrations", together: true)
        #expect(error.message == Self.tables)
    }

    @Test(
        arguments: [
            "TRUNCATE schema_migrations", "LOCK TABLE schema_migrations",
            "DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'schema_migrations'; END $$",
            "ALTER TABLE schema_migrations DISABLE TRIGGER ALL",
            "WITH x AS (DELETE FROM public.schema_migrations RETURNING 1) SELECT * FROM x",
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
            "CREATE RULE r AS ON INSERT TO schema_migrations DO INSTEAD NOTHING",
        ])
    func `PostgreSQL's other ways to do it`(text: String) throws {
        #expect(try refused(.postgres, text).message == Self.tables)
    }

    @Test func `moving our schema away under us`() throws {
        let error = try refused(.postgres, "ALTER SCHEMA public RENAME TO gone")
        #expect(error.failed?.version == "2")
    }

    @Test func `a trigger of the file's own that writes our table`() throws {
        let text = """
            CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM schema_migrations; END;
            INSERT INTO a VALUES (1)
            """
        #expect(try refused(.sqlite, text).message == Self.tables)
        let temporary = """
            CREATE TEMP TRIGGER t AFTER INSERT ON main.schema_migrations BEGIN
              UPDATE a SET i = 0; END
            """
        #expect(try refused(.sqlite, temporary).message == Self.tables)
    }

    @Test(
        arguments: [
            "SELECT pg_advisory_unlock_all()",
            "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$",
        ])
    func `letting the run's lock go`(text: String) throws {
        let error = try refused(.postgres, text)
        #expect(error.message == "the migration gave up the run's lock")
        #expect(error.hint?.contains("pg_advisory_unlock_all()") == true)
    }

    @Test func `DISCARD ALL in a file without a transaction`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                CREATE TABLE a (i integer);
                DISCARD ALL;
                CREATE TABLE b (i integer);
                """)
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.message == "the migration gave up the run's lock")
        #expect(try project.tables() == ["a"])
        #expect(try project.history()[0]["statements_done"] == "1")
    }

    @Test(arguments: Dialect.allCases)
    func `a file without a transaction that writes our tables stops there`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                CREATE TABLE a (i integer);
                DELETE FROM schema_migrations_log;
                """)
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.message == Self.tables)
        #expect(try project.history()[0]["statements_done"] == "1")
    }

    @Test(arguments: Dialect.allCases)
    func `reading our tables, and work on all tables, are fine`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.up()
        try project.write(
            "2_b",
            up: """
                CREATE VIEW v AS SELECT version FROM schema_migrations;
                CREATE TABLE b AS SELECT * FROM v;
                ANALYZE;
                """)
        try project.up()
        #expect(try project.sql("SELECT version FROM b") == [["1"]])
        #expect(try project.applied() == ["1", "2"])
    }
}
