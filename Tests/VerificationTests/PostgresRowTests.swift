import Database
import TestSupport
import Testing

@testable import Verification

/// What only `--deep` finds: rows that break the rules of their table, behind the server's back.
@Suite struct PostgresRowTests {
    /// Runs a statement while a constraint is unknown to the server.
    private func behind(
        _ connection: any Connection, hiding: String, _ statement: String, showing: String
    ) throws {
        try connection.execute(hiding, statement, showing)
    }

    @Test func `NULL in a column that is NOT NULL is found`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute("CREATE TABLE t (\"the a\" int NOT NULL, b int)")
        let column = "WHERE attrelid = 't'::regclass AND attname = 'the a'"
        try behind(
            connection, hiding: "UPDATE pg_attribute SET attnotnull = false \(column)",
            "INSERT INTO t VALUES (NULL, 1), (2, 2)",
            showing: "UPDATE pg_attribute SET attnotnull = true \(column)")
        #expect(try findings(connection) == [])
        let finding = try onlyFinding(connection, isDeep: true)
        #expect(finding.summary == "error not_null_violation public.t")
        #expect(finding.problem == "1 row has NULL in the column 'the a', which is NOT NULL")
        let shown = try connection.query(try #require(finding.hint))
        #expect(shown.rows.map(\.values) == [[.null, "1"]])
    }

    @Test func `rows that a CHECK forbids are found, NULL is let go`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE FUNCTION public.is_good(int) RETURNS bool LANGUAGE sql IMMUTABLE "
                + "AS 'SELECT $1 > 0'",
            "CREATE TABLE t (a int CONSTRAINT good CHECK (is_good(a)), b int)",
            "CREATE TABLE child () INHERITS (t)",
            "ALTER TABLE child ADD CONSTRAINT whole CHECK (child IS DISTINCT FROM NULL)")
        try behind(
            connection,
            hiding: "CREATE OR REPLACE FUNCTION public.is_good(int) RETURNS bool LANGUAGE sql "
                + "IMMUTABLE AS 'SELECT true'",
            "INSERT INTO child VALUES (0, 1), (-1, 1), (NULL, 1), (5, 1)",
            showing: "CREATE OR REPLACE FUNCTION public.is_good(int) RETURNS bool LANGUAGE sql "
                + "IMMUTABLE AS 'SELECT $1 > 0'")
        let finding = try onlyFinding(connection, isDeep: true)
        #expect(finding.summary == "error check_violation public.child")
        #expect(finding.problem == "2 rows break the constraint 'good'")
    }

    @Test func `a rule that cannot be evaluated does not keep the others from being looked at`()
        throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (0, -1)",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (1 / a > 0) NOT VALID",
            "ALTER TABLE t ADD CONSTRAINT d CHECK (b > 0) NOT VALID")
        let found = try findings(connection, isDeep: true, of: .checkViolation)
        #expect(
            found.map(\.problem) == [
                "this could not be checked: division by zero", "1 row breaks the constraint 'd'",
            ])
    }

    @Test(
        arguments: [
            ("CREATE UNIQUE INDEX i ON t (a)", 2), ("CREATE UNIQUE INDEX i ON t (lower(b))", 1),
            ("CREATE UNIQUE INDEX i ON t (a, b)", 1),
            ("CREATE UNIQUE INDEX i ON t (a) WHERE c", 1),
            ("CREATE UNIQUE INDEX i ON t (b COLLATE any_case)", 1),
            ("CREATE UNIQUE INDEX i ON t (d) NULLS NOT DISTINCT", 1),
            ("CREATE UNIQUE INDEX i ON t (d)", 0),
            ("ALTER TABLE t ADD CONSTRAINT i PRIMARY KEY (a, b)", 1),
        ])
    func `keys that are there twice are found without the index`(index: String, keys: Int64) throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', "
                + "deterministic = false)", "CREATE TABLE t (a int, b text, c bool, d int)", index)
        try behind(
            connection,
            hiding: "UPDATE pg_index SET indisready = false WHERE indexrelid = 'i'::regclass",
            "INSERT INTO t VALUES (1, 'x', true, NULL), (1, 'X', false, NULL), (1, 'x', true, 3), "
                + "(2, 'y', true, 4), (2, 'z', false, 5)",
            showing: "UPDATE pg_index SET indisready = true WHERE indexrelid = 'i'::regclass")
        #expect(try findings(connection) == [])
        let found = try findings(connection, isDeep: true)
        #expect(found.map(\.summary) == (keys == 0 ? [] : ["error unique_violation public.i"]))
        #expect(found.map(\.extent) == (keys == 0 ? [] : [keys]))
    }

    @Test(arguments: ["room WITH =, during WITH &&", "during WITH &&"])
    func `rows that exclude each other are found`(elements: String) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE EXTENSION btree_gist",
            "CREATE TABLE t (room int, during int4range, CONSTRAINT \"one at a time\" "
                + "EXCLUDE USING gist (\(elements)))")
        let index = "WHERE indexrelid = '\"one at a time\"'::regclass"
        try behind(
            connection, hiding: "UPDATE pg_index SET indisready = false \(index)",
            "INSERT INTO t VALUES (1, '[1,3)'), (1, '[2,4)'), (2, '[7,9)'), (1, NULL)",
            showing: "UPDATE pg_index SET indisready = true \(index)")
        let finding = try onlyFinding(connection, isDeep: true)
        #expect(finding.summary == "error exclusion_violation public.t")
        #expect(finding.problem.hasPrefix("1 pair of rows"))
    }

    @Test func `values that their domain forbids are found`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE DOMAIN positive AS int CONSTRAINT \"is positive\" CHECK (VALUE > 0)",
            "CREATE DOMAIN age AS positive NOT NULL CHECK (VALUE < 200)",
            "CREATE TABLE t (\"The Age\" age)")
        try connection.execute(
            "ALTER DOMAIN positive DROP CONSTRAINT \"is positive\"",
            "INSERT INTO t VALUES (-5), (7)",
            "ALTER DOMAIN positive ADD CONSTRAINT \"is positive\" CHECK (VALUE > 0) NOT VALID",
            "UPDATE pg_constraint SET convalidated = true WHERE conname = 'is positive'",
            "UPDATE pg_type SET typnotnull = false WHERE typname = 'age'",
            "INSERT INTO t VALUES (NULL)",
            "UPDATE pg_type SET typnotnull = true WHERE typname = 'age'")
        let found = try findings(connection, isDeep: true)
        #expect(found.allSatisfy { $0.summary == "error domain_violation public.t.\"The Age\"" })
        #expect(
            found.map(\.problem) == [
                "1 value breaks NOT NULL of the domain public.age",
                "1 value breaks the constraint 'is positive' of the domain public.positive",
            ])
    }

    @Test func `a row in a partition that is not its own is found`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t (a int) PARTITION BY RANGE (a)",
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)",
            "ALTER TABLE t DETACH PARTITION t1", "INSERT INTO t1 VALUES (5)",
            // A check that the server believes instead of looking at the rows.
            "ALTER TABLE t1 ADD CONSTRAINT c CHECK (a IS NOT NULL AND a >= 0 AND a < 10)",
            "ALTER TABLE t1 ALTER a SET NOT NULL",
            "UPDATE pg_constraint SET convalidated = false WHERE conname = 'c'",
            "CREATE TABLE other (LIKE t1)", "INSERT INTO other VALUES (50)",
            "ALTER TABLE other ADD CONSTRAINT c2 CHECK (a >= 20 AND a < 30) NOT VALID",
            "UPDATE pg_constraint SET convalidated = true WHERE conname = 'c2'",
            "ALTER TABLE t ATTACH PARTITION other FOR VALUES FROM (20) TO (30)",
            "ALTER TABLE other DROP CONSTRAINT c2", "DROP TABLE t1")
        let finding = try onlyFinding(connection, isDeep: true)
        #expect(finding.summary == "error partition_bound_violation public.other")
    }

    @Test func `an index that lacks a row is found by amcheck, which is missed by name`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute("CREATE TABLE t (a int)", "CREATE INDEX i ON t (a)")
        let before = try Verifier(connection).run(isDeep: true)
        #expect(before.notes.contains { $0.contains("amcheck is not installed") })
        #expect(!before.checks.contains { $0.name == "damaged_index" })
        try connection.execute(
            "CREATE SCHEMA \"Tools\"", "CREATE EXTENSION amcheck SCHEMA \"Tools\"")
        #expect(try Verifier(connection).run(isDeep: true).notes == [])
        try behind(
            connection,
            hiding: "UPDATE pg_index SET indisready = false WHERE indexrelid = 'i'::regclass",
            "INSERT INTO t VALUES (1)",
            showing: "UPDATE pg_index SET indisready = true WHERE indexrelid = 'i'::regclass")
        let finding = try onlyFinding(connection, isDeep: true)
        #expect(finding.summary == "error damaged_index public.i")
        #expect(finding.problem.contains("lacks matching index tuple"))
        let role = try TestRole()
        let denied = try findings(
            database.connect(as: role), isDeep: true, of: .damagedIndex)
        #expect(denied.map(\.severity) == [.warning])
    }
}
