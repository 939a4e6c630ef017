import Database
import PostgresDriver
import TestSupport
import Testing

@testable import Verification

/// Databases that are well, however odd, and sessions in which it is hard to tell.
@Suite struct PostgresCleanTests {
    /// A bit of everything, all of it well.
    private static let schema = #"""
        CREATE EXTENSION amcheck; CREATE EXTENSION citext; CREATE EXTENSION hstore;
        CREATE EXTENSION btree_gist;
        CREATE SCHEMA "Odd ""Name"""; CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN "Positive" AS int CHECK (VALUE > 0);
        CREATE TABLE "Odd ""Name"""."T""1" ("the id" serial PRIMARY KEY, "m" mood NOT NULL,
            "n" "Positive", "list" int[] CHECK (array_length("list", 1) < 9), e citext UNIQUE,
            total int GENERATED ALWAYS AS ("n" * 2) STORED CHECK (total > 0));
        INSERT INTO "Odd ""Name"""."T""1" ("m", "n", "list", e)
            SELECT 'ok', g, ARRAY[g], 'x' || g FROM generate_series(1, 100) g;
        CREATE UNIQUE INDEX ON "Odd ""Name"""."T""1" (lower(e::text), "n") WHERE "n" > 5;
        CREATE TABLE parts (id bigint GENERATED ALWAYS AS IDENTITY, day date NOT NULL, r text,
            PRIMARY KEY (id, day), CHECK (r <> '')) PARTITION BY RANGE (day);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
            PARTITION BY LIST (id);
        CREATE TABLE parts_1a PARTITION OF parts_1 FOR VALUES IN (1, NULL);
        CREATE TABLE parts_1b PARTITION OF parts_1 DEFAULT;
        CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
        CREATE INDEX ON parts (r);
        INSERT INTO parts (day, r) SELECT date '2024-12-30' + g, chr(97 + g % 3)
            FROM generate_series(1, 50) g;
        CREATE TABLE refers (id bigint, day date, FOREIGN KEY (id, day) REFERENCES parts
            DEFERRABLE INITIALLY DEFERRED) PARTITION BY HASH (id);
        CREATE TABLE refers_0 PARTITION OF refers FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE refers_1 PARTITION OF refers FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO refers SELECT id, day FROM parts; INSERT INTO refers VALUES (NULL, '2025-01-01');
        CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree, UNIQUE (parent, id)
            DEFERRABLE);
        INSERT INTO tree VALUES (1, NULL), (2, 1);
        CREATE TABLE booked (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&));
        INSERT INTO booked VALUES (1, '[2025-01-01,2025-01-02)'), (1, '[2025-01-02,2025-01-03)');
        CREATE MATERIALIZED VIEW mv AS SELECT "n" FROM "Odd ""Name"""."T""1";
        CREATE UNIQUE INDEX ON mv ("n");
        CREATE UNLOGGED TABLE scratch (id smallserial, data json); CREATE SEQUENCE alone;
        CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER s FOREIGN DATA WRAPPER nothing;
        CREATE FOREIGN TABLE far (a int NOT NULL CHECK (a > 0)) SERVER s;
        CREATE TABLE composed (c "Odd ""Name"""."T""1" UNIQUE, v int4range UNIQUE);
        CREATE VIEW w AS SELECT 1 AS one;
        CREATE TEMP TABLE passing (id serial, a int NOT NULL);
        """#

    @Test(arguments: [false, true])
    func `a database that is well gives no finding`(isDeep: Bool) throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute("DO $do$ BEGIN \(Self.schema) END $do$")
        let report = try Verifier(connection).run(isDeep: isDeep)
        #expect(report.findings == [])
        #expect(report.notes == [])
        #expect(report.checks.count == (isDeep ? 15 : 8))
    }

    @Test func `temporary tables of other sessions are left alone`() throws {
        let database = try TestDatabase()
        let other = try database.connect()
        try other.execute(
            "CREATE TEMP TABLE u (id serial PRIMARY KEY)",
            "CREATE TEMP TABLE t (id int REFERENCES u)",
            "INSERT INTO u VALUES (9)", "ALTER TABLE t DISABLE TRIGGER ALL")
        #expect(try findings(database.connect(), isDeep: true) == [])
        #expect(try findings(other, isDeep: true) == [])
    }

    @Test func `nothing on the search path stands in for the server's own`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE SCHEMA evil", "CREATE TABLE evil.pg_class (oid oid)",
            "CREATE TABLE evil.pg_constraint (oid oid)",
            "CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
            "CREATE FUNCTION evil.yes(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false'",
            "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.yes)",
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)",
            "SET session_replication_role = replica", "INSERT INTO t VALUES (1)",
            "SET search_path = evil, pg_catalog", "SET session_replication_role = DEFAULT")
        #expect(try onlyFinding(connection, isDeep: true).check == "broken_foreign_key")
        // The session is as it was.
        #expect(
            try connection.query("SHOW search_path").rows.first?[0] == "evil, pg_catalog")
        #expect(connection.transactionState == .idle)
    }

    @Test func `it reads only, and works where nothing can be written`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE t (id serial PRIMARY KEY, a int CHECK (a > 0))",
            "INSERT INTO t VALUES (5, 1)", "SET default_transaction_read_only = on")
        #expect(try onlyFinding(connection, isDeep: true).check == "sequence_behind")
        #expect(
            try connection.query("SELECT last_value, is_called FROM t_id_seq").rows[0][0] == "1")
    }

    @Test func `a check that runs out of time is no check that passed`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let holder = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)",
            "CREATE FUNCTION slow(int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(20) IS NOT NULL'",
            "CREATE TABLE v (a int)", "INSERT INTO v VALUES (1)",
            "ALTER TABLE v ADD CONSTRAINT c CHECK (slow(a)) NOT VALID",
            "UPDATE pg_constraint SET convalidated = true WHERE conname = 'c'")
        try holder.run([Step("BEGIN"), Step("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")])
        let limits = QueryLimits(
            lockTimeout: .milliseconds(100), statementTimeout: .milliseconds(300))
        let found = try Verifier(connection, limits: limits).run(isDeep: true).findings
        #expect(
            found.map(\.summary).sorted() == [
                "error broken_foreign_key public.t", "error check_violation public.v",
            ])
        #expect(found.allSatisfy { $0.problem.hasPrefix("this could not be checked: canceling") })
        #expect(connection.transactionState == .idle)
    }

    @Test func `an interrupt ends it`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let holder = try database.connect()
        try connection.execute(
            "CREATE TABLE u (id int PRIMARY KEY)", "CREATE TABLE t (u_id int REFERENCES u)")
        try holder.run([Step("BEGIN"), Step("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")])
        let interrupter = connection.interrupter
        let pid = connection.backendPID
        let watcher = BackgroundTask {
            let observer = try database.connect()
            try waitUntil {
                try observer.query("SELECT FROM pg_locks WHERE pid = \(pid) AND NOT granted")
                    .rowCount > 0
            }
            interrupter.interrupt()
        }
        let error = #expect(throws: DatabaseError.self) { try Verifier(connection).run() }
        #expect(error?.code == .cancelled)
        try watcher.wait()
        #expect(connection.transactionState == .idle)
    }
}
