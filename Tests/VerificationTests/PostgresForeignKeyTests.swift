import Database
import TestSupport
import Testing

@testable import Verification

/// Foreign keys that rows break.
@Suite struct PostgresForeignKeyTests {
    /// Runs statements while no foreign key is enforced, and leaves no trace of it.
    private func unenforced(_ connection: any Connection, _ statement: String) throws {
        try connection.execute(
            "SET session_replication_role = replica", statement, "RESET session_replication_role")
    }

    @Test(arguments: [false, true])
    func `rows loaded while foreign keys were not enforced are found`(isDeep: Bool) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE SCHEMA \"My Shop\"",
            "CREATE TABLE \"My Shop\".\"Users\" (\"Id\" int PRIMARY KEY)",
            "CREATE TABLE t (\"User\" bigint REFERENCES \"My Shop\".\"Users\")",
            "INSERT INTO \"My Shop\".\"Users\" VALUES (1)", "INSERT INTO t VALUES (1), (NULL)")
        try unenforced(connection, "INSERT INTO t VALUES (7), (7), (8)")
        let finding = try onlyFinding(connection, isDeep: isDeep)
        #expect(finding.summary == "error broken_foreign_key public.t")
        #expect(
            finding.problem == "3 rows refer to no row of \"My Shop\".\"Users\" by (User), which "
                + "the foreign key 't_User_fkey' rules out")
        #expect(finding.rows?.values == [["7"], ["8"]])
        #expect(finding.rows?.count == 3)
    }

    @Test func `a parent that was deleted meanwhile is missed`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)",
            "INSERT INTO u VALUES (1), (2)", "INSERT INTO t VALUES (1), (2)")
        try unenforced(connection, "DELETE FROM u WHERE id = 2")
        #expect(try onlyFinding(connection).rows?.values == [["2"]])
    }

    @Test func `a key of several columns goes by its MATCH`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (a int, b text, PRIMARY KEY (a, b))", "INSERT INTO u VALUES (1, 'x')",
            "CREATE TABLE simple (b text, a int, FOREIGN KEY (a, b) REFERENCES u)",
            "CREATE TABLE \"full\" (b text, a int, FOREIGN KEY (a, b) REFERENCES u MATCH FULL)")
        let rows = "VALUES (NULL, NULL), ('x', 1), ('y', NULL), (NULL, 1)"
        try unenforced(connection, "INSERT INTO simple \(rows)")
        #expect(try findings(connection) == [])
        try unenforced(connection, "INSERT INTO \"full\" \(rows)")
        #expect(try onlyFinding(connection).extent == 2)
        try unenforced(connection, "INSERT INTO simple VALUES ('y', 1)")
        #expect(try findings(connection).map(\.extent) == [2, 1])
    }

    @Test func `rows of NOT VALID keys and of disabled ones are looked at whatever their number`()
        throws
    {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int)",
            "INSERT INTO t VALUES (1)",
            "ALTER TABLE t ADD CONSTRAINT \"to u\" FOREIGN KEY (u_id) REFERENCES u NOT VALID",
            "CREATE TABLE v (u_id int REFERENCES u)", "ALTER TABLE v DISABLE TRIGGER ALL",
            "INSERT INTO v VALUES (1), (2)",
            "UPDATE pg_class SET relpages = 10000000 WHERE oid IN ('t'::regclass, 'v'::regclass)")
        #expect(
            try findings(connection).map(\.summary) == [
                "error not_valid_constraint public.t", "error disabled_trigger public.v",
                "error broken_foreign_key public.t", "error broken_foreign_key public.v",
            ])
        let hint = try findings(connection, of: .brokenForeignKey).first?.hint
        #expect(hint?.hasSuffix("ALTER TABLE public.t VALIDATE CONSTRAINT \"to u\";") == true)
    }

    @Test func `a large table is left to deep, and named`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)",
            "UPDATE pg_class SET relpages = 10000000 WHERE oid = 't'::regclass")
        try unenforced(connection, "INSERT INTO t VALUES (7)")
        let report = try Verifier(connection).run()
        #expect(report.findings == [])
        #expect(report.notes.contains { $0.hasPrefix("public.t (t_u_id_fkey): not looked at") })
        #expect(try onlyFinding(connection, isDeep: true).check == "broken_foreign_key")
    }

    @Test func `partitions are looked at once, on both sides`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE u1 PARTITION OF u FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE u2 PARTITION OF u FOR VALUES FROM (10) TO (20)",
            "CREATE TABLE t (u_id int REFERENCES u) PARTITION BY RANGE (u_id)",
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5)",
            "CREATE TABLE t2 PARTITION OF t DEFAULT", "INSERT INTO u VALUES (1), (11)",
            "INSERT INTO t VALUES (1), (11)")
        #expect(try findings(connection) == [])
        try unenforced(connection, "INSERT INTO t VALUES (2), (12)")
        let finding = try onlyFinding(connection)
        #expect(finding.object == "public.t")
        #expect(finding.extent == 2)
    }

    @Test func `child tables of inheritance are left out, as the server does`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE u1 () INHERITS (u)",
            "CREATE TABLE t (u_id int REFERENCES u)", "CREATE TABLE t1 () INHERITS (t)",
            "INSERT INTO u1 VALUES (5)", "INSERT INTO t1 VALUES (99)")
        #expect(try findings(connection) == [])
        try unenforced(connection, "INSERT INTO t VALUES (5)")
        #expect(try onlyFinding(connection).rows?.values == [["5"]])
    }

    @Test func `keys are compared as the constraint compares them`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE SCHEMA extensions", "CREATE EXTENSION citext SCHEMA extensions",
            "CREATE TABLE u (name extensions.citext PRIMARY KEY, amount numeric UNIQUE)",
            "INSERT INTO u VALUES ('Anna', 1.0)",
            "CREATE TABLE t (name extensions.citext REFERENCES u, "
                + "amount int REFERENCES u (amount))",
            "INSERT INTO t VALUES ('ANNA', 1)",
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', "
                + "deterministic = false)",
            "CREATE TABLE v (name text COLLATE any_case PRIMARY KEY)",
            "CREATE TABLE w (name text COLLATE \"C\" REFERENCES v)", "INSERT INTO v VALUES ('x')",
            "INSERT INTO w VALUES ('X')")
        #expect(try findings(connection) == [])
        #expect(try findings(connection, isDeep: true) == [])
        try unenforced(connection, "INSERT INTO w VALUES ('Y')")
        #expect(try onlyFinding(connection).rows?.values == [["Y"]])
    }
}
