import Database
import Migrations
import TestSupport
import Testing

/// A migration and its record are one transaction.
@Suite struct TransactionTests {
    /// The second of three migrations fails at its last statement.
    private func failing(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer PRIMARY KEY);")
        try project.write(
            "2_b",
            up: """
                CREATE TABLE b (i integer);
                INSERT INTO a VALUES (1), (2);
                INSERT INTO a VALUES (2);
                """)
        try project.write("3_c", up: "CREATE TABLE c (i integer);")
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `a failure leaves all as it was before it, and what came earlier stays`(
        dialect: Dialect
    ) throws {
        let project = try failing(dialect)
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.version == "2")
        #expect(error.failed?.name == "b")
        #expect(error.failed?.place == "2_b.up.sql:3:1")
        #expect(error.failed?.sourceLine == "INSERT INTO a VALUES (2);")
        #expect(error.failed?.statement == 3)
        #expect(error.failed?.statementCount == 3)
        #expect(error.failed?.databaseError?.code == .constraint)
        #expect(error.report?.appliedVersions == ["1"])
        #expect(try project.applied() == ["1"])
        #expect(try project.tables() == ["a"])
        #expect(try project.value("SELECT count(*) FROM a") == "0")
        try project.write("2_b", up: "CREATE TABLE b (i integer);")
        #expect(try project.up().appliedVersions == ["2", "3"])
    }

    @Test(arguments: Dialect.allCases)
    func `one transaction for the whole run rolls all of it back`(dialect: Dialect) throws {
        let project = try failing(dialect)
        let error = try failure { try project.up { $0.settings.isOneTransaction = true } }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.place == "2_b.up.sql:3:1")
        #expect(error.report?.appliedVersions == [])
        #expect(error.report?.rolledBack.map(\.version) == ["1"])
        #expect(try project.applied() == [])
        #expect(try project.tables() == [])
        try project.write("2_b", up: "CREATE TABLE b (i integer);")
        let report = try project.up { $0.settings.isOneTransaction = true }
        #expect(report.appliedVersions == ["1", "2", "3"])
        #expect(report.rolledBack.isEmpty)
        #expect(report.totalApplied == 3)
        #expect(try project.applied() == ["1", "2", "3"])
    }

    @Test(arguments: Dialect.allCases)
    func `one transaction for the run takes no migration without one`(dialect: Dialect) throws {
        let project = try failing(dialect)
        try project.write("2_b", up: "-- migrate: no-transaction\nCREATE TABLE b (i integer);")
        let error = try failure { try project.up { $0.settings.isOneTransaction = true } }
        #expect(error.code == .refused)
        #expect(error.versions == ["2"])
        #expect(try project.tables(withOurs: true).isEmpty)
        let first = try project.up(UpRequest(to: "1")) { $0.settings.isOneTransaction = true }
        #expect(first.appliedVersions == ["1"])
    }

    @Test(arguments: Dialect.allCases)
    func `a file of comments alone is a migration that does nothing`(dialect: Dialect) throws {
        let project = try Project(
            dialect,
            [
                "1_a.up.sql": "-- Nothing, on purpose.\n", "2_b.up.sql": "\n\n",
                "3_c.up.sql": "/* */ ; ;", "4_d.up.sql": "CREATE TABLE d (i integer);",
            ])
        #expect(try project.up().appliedVersions == ["1", "2", "3", "4"])
        #expect(try project.applied() == ["1", "2", "3", "4"])
    }

    @Test(arguments: Dialect.allCases)
    func `a dry run runs all of it and leaves nothing, not even our tables`(
        dialect: Dialect
    ) throws {
        let project = try failing(dialect)
        let error = try failure { try project.up(isDryRun: true) }
        #expect(error.failed?.place == "2_b.up.sql:3:1")
        #expect(try project.tables(withOurs: true).isEmpty)
        try project.write("2_b", up: "INSERT INTO a VALUES (7);")
        let report = try project.up(isDryRun: true)
        #expect(report.appliedVersions == ["1", "2", "3"])
        #expect(report.isDryRun)
        #expect(try project.tables(withOurs: true).isEmpty)
        try project.up()
        let log = try project.log()
        #expect(try failure { try project.down(.count(1), isDryRun: true) }.code == .irreversible)
        try project.write("4_d", up: "CREATE TABLE d (i integer);")
        try project.up(isDryRun: true)
        #expect(try project.tables() == ["a", "b", "c"].filter { $0 != "b" })
        #expect(try project.log() == log)
    }

    @Test(arguments: Dialect.allCases)
    func `a dry run takes no migration without a transaction`(dialect: Dialect) throws {
        let project = try failing(dialect)
        try project.write("2_b", up: "-- migrate: no-transaction\nCREATE TABLE b (i integer);")
        let error = try failure { try project.up(isDryRun: true) }
        #expect(error.code == .refused)
        #expect(error.versions == ["2"])
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a constraint that is checked at the commit fails the migration`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: """
                CREATE TABLE a (i integer PRIMARY KEY);
                CREATE TABLE b (i integer REFERENCES a (i) DEFERRABLE INITIALLY DEFERRED);
                INSERT INTO b VALUES (1);
                """)
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.version == "1")
        #expect(error.failed?.databaseError?.code == .constraint)
        #expect(try project.applied() == [])
        #expect(try project.tables() == [])
    }

    @Test func `a transaction may be made serializable by the file's first statement`() throws {
        let project = try Project(.postgres)
        let isolation = "SELECT current_setting('transaction_isolation') AS level"
        for (number, level) in [(1, "SERIALIZABLE"), (2, "REPEATABLE READ")] {
            try project.write(
                "\(number)_m",
                up: """
                    SET TRANSACTION ISOLATION LEVEL \(level);
                    CREATE TABLE t\(number) AS \(isolation);
                    """)
        }
        try project.write("3_m", up: "CREATE TABLE t3 AS \(isolation);")
        try project.up()
        #expect(try project.value("SELECT level FROM t1") == "serializable")
        #expect(try project.value("SELECT level FROM t2") == "repeatable read")
        #expect(try project.value("SELECT level FROM t3") == "read committed")
    }

    @Test func `savepoints are the file's own affair`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                CREATE TABLE a (i integer);
                SAVEPOINT s; INSERT INTO a VALUES (1); ROLLBACK TO SAVEPOINT s;
                SAVEPOINT t; INSERT INTO a VALUES (2); RELEASE t;
                """)
        try project.up()
        #expect(try project.sql("SELECT i FROM a") == [["2"]])
        #expect(try project.applied() == ["1"])
    }
}

/// What a file must not say, reported before anything runs.
@Suite struct RefusedStatementTests {
    @Test(
        arguments: Dialect.allCases,
        [
            ("BEGIN", "BEGIN"), ("begin transaction", "BEGIN"), ("COMMIT", "COMMIT"),
            ("END", "END"), ("ROLLBACK", "ROLLBACK"),
        ])
    func `a transaction of its own in a transactional file is refused with the reason`(
        dialect: Dialect, statement: (text: String, name: String)
    ) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.write("2_b", up: "SELECT 'é'; /* x */ \(statement.text);\n")
        let error = try failure { try project.up() }
        #expect(error.code == .invalidFiles)
        #expect(
            error.message
                == "'\(statement.name)' in a migration that already runs in a transaction")
        #expect(error.failed?.place == "2_b.up.sql:1:21")
        #expect(error.hint?.contains("-- migrate: no-transaction") == true)
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(
        arguments: [
            ("START TRANSACTION", "START TRANSACTION"), ("ABORT", "ABORT"),
            ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"), ("COMMIT AND CHAIN", "COMMIT"),
        ])
    func `so are the other words that PostgreSQL has for it`(text: String, name: String) throws {
        let project = try Project(.postgres, ["1_a.up.sql": "\(text);"])
        let error = try failure { _ = try project.plan() }
        #expect(
            error.message == "'\(name)' in a migration that already runs in a transaction")
    }

    @Test(
        arguments: [
            ("CREATE INDEX CONCURRENTLY i ON t (c)", "CREATE INDEX CONCURRENTLY"),
            (
                "create unique index concurrently if not exists i on t (c)",
                "CREATE INDEX CONCURRENTLY"
            ),
            ("DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"),
            ("VACUUM ANALYZE t", "VACUUM"),
            ("REINDEX INDEX CONCURRENTLY i", "REINDEX CONCURRENTLY"),
            ("REINDEX (CONCURRENTLY) TABLE t", "REINDEX CONCURRENTLY"),
            ("REINDEX DATABASE d", "REINDEX DATABASE"), ("REINDEX SCHEMA public", "REINDEX SCHEMA"),
            ("CREATE DATABASE d", "CREATE DATABASE"), ("DROP DATABASE d", "DROP DATABASE"),
            ("ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"),
            ("CLUSTER", "CLUSTER of all tables"),
            ("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "DETACH PARTITION … CONCURRENTLY"),
            ("CREATE TABLESPACE s LOCATION '/x'", "CREATE TABLESPACE"),
            ("DISCARD ALL", "DISCARD ALL"),
            ("COMMIT PREPARED 'x'", "COMMIT PREPARED"),
        ])
    func `what PostgreSQL runs in no transaction is refused with the directive to add`(
        text: String, name: String
    ) throws {
        let project = try Project(.postgres, ["1_a.up.sql": "SELECT 1;\n  \(text);"])
        let error = try failure { try project.up() }
        #expect(error.code == .invalidFiles)
        #expect(error.message == "'\(name)' cannot run inside a transaction")
        #expect(error.failed?.place == "1_a.up.sql:2:3")
        #expect(
            error.hint?.hasPrefix("Put '-- migrate: no-transaction' at the top of the file") == true
        )
        #expect(try project.tables(withOurs: true).isEmpty)
        try project.write("1_a.up.sql", "-- migrate: no-transaction\n\(text);")
        #expect(try project.plan().steps.count == 1)
    }

    @Test(
        arguments: [
            ("VACUUM", "VACUUM"), ("ATTACH 'x.db' AS x", "ATTACH"), ("DETACH x", "DETACH"),
            ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode"),
            ("pragma main.synchronous = 1", "PRAGMA synchronous"),
        ])
    func `what SQLite runs in no transaction is refused as well`(text: String, name: String) throws
    {
        let project = try Project(.sqlite, ["1_a.up.sql": "SELECT 1;\n  \(text);"])
        let error = try failure { try project.up() }
        #expect(error.message == "'\(name)' cannot run inside a transaction")
        #expect(error.failed?.place == "1_a.up.sql:2:3")
    }

    @Test func `words of transactions inside bodies and strings are no such statements`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                CREATE FUNCTION f() RETURNS integer BEGIN ATOMIC SELECT 1; END;
                CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
                COMMENT ON FUNCTION f() IS 'COMMIT; VACUUM;';
                DO $$ BEGIN PERFORM 1; END $$;
                """)
        #expect(try project.up().appliedVersions == ["1"])
    }

    @Test(
        arguments: Dialect.allCases,
        [
            ("BEGIN;\nSELECT 1;", 2, "the transaction that begins here is never committed"),
            ("SELECT 1;\nCOMMIT;", 3, "'COMMIT' without a BEGIN before it"),
            ("BEGIN; SELECT 1; COMMIT;\nROLLBACK;", 3, "'ROLLBACK' without a BEGIN before it"),
            ("BEGIN;\nBEGIN; COMMIT;", 3, "'BEGIN' inside the transaction that begins in line 2"),
        ])
    func `without a transaction, BEGIN and COMMIT must come in pairs`(
        dialect: Dialect, script: (text: String, line: Int, message: String)
    ) throws {
        let project = try Project(
            dialect, ["1_a.up.sql": "-- migrate: no-transaction\n\(script.text)"])
        let error = try failure { try project.up() }
        #expect(error.code == .invalidFiles)
        #expect(error.message == script.message)
        #expect(error.failed?.line == script.line)
        #expect(try project.tables(withOurs: true).isEmpty)
    }
}
