import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// A database whose content one transaction replaces with that of a snapshot.
@Suite struct PostgresInPlaceTests {
    private struct Stop: Error {}

    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        try database.connect().run([
            Step("CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL UNIQUE)"),
            Step(
                "CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY, p int REFERENCES parent)"
            ),
            Step("INSERT INTO parent (name) SELECT 'n' || i FROM generate_series(1, 500) i"),
            Step("INSERT INTO child (p) SELECT i FROM generate_series(1, 500) i"),
            Step("CREATE VIEW v AS SELECT name FROM parent"),
            Step("CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM child"),
            Step("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
            Step("CREATE SCHEMA other"), Step("CREATE DOMAIN other.d AS int CHECK (VALUE > 0)"),
            Step("SELECT lo_from_bytea(4711, 'large')"),
        ])
    }

    /// Changes what is there, so that it can be told from the snapshot.
    private func spoil(_ url: DatabaseURL? = nil) throws {
        let connection =
            try url.map { try PostgresConnection(PostgresOptions(url: $0)) }
            ?? database.connect()
        try connection.run([
            Step("DROP TABLE child CASCADE"), Step("UPDATE parent SET name = 'x' || id"),
            Step("CREATE TABLE mark (i int)"), Step("CREATE SCHEMA extra"),
            Step("CREATE TYPE extra.e AS ENUM ('a')"), Step("CREATE TABLE extra.t (e extra.e)"),
            Step(
                "CREATE AGGREGATE extra.nothing(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0')"),
            Step("SELECT lo_unlink(4711), lo_from_bytea(4712, 'other')"),
        ])
        connection.close()
    }

    private func isSpoilt() throws -> Bool {
        let row = try database.connect().query(
            """
            SELECT to_regclass('mark') IS NOT NULL AND to_regclass('child') IS NULL
            AND (SELECT count(*) FROM parent WHERE name LIKE 'x%') = 500
            AND EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = 4712)
            """
        ).rows[0]
        return row[0].boolean == true
    }

    @Test func `the same database has the snapshot's content, and nothing else`() throws {
        let content = try database.take(into: chunks)
        try spoil()
        let oid = try database.connect().query(
            "SELECT oid FROM pg_database WHERE datname = $1", [.text(database.name)])
        let report = try database.restoreInPlace(content, from: chunks)
        #expect(report.rows == 1000)
        #expect(report.isProven)
        #expect(report.remarks.isEmpty)
        let connection = try database.connect()
        let after = try connection.query(
            "SELECT oid FROM pg_database WHERE datname = $1", [.text(database.name)])
        #expect(oid.rows[0][0] == after.rows[0][0])
        #expect(try Databases.like(database.name) == [database.name])
        let row = try connection.query(
            """
            SELECT to_regclass('mark') IS NULL, to_regnamespace('extra') IS NULL,
            (SELECT count(*) FROM child), (SELECT count FROM m), nextval('parent_id_seq'),
            convert_from(lo_get(4711), 'UTF8')
            """
        ).rows[0]
        #expect(row[0].boolean == true && row[1].boolean == true)
        #expect(row.values[2...4].map(\.integer) == [500, 500, 501])
        #expect(row[5].string == "large")
        #expect(throws: DatabaseError.self) {
            try connection.query("INSERT INTO child (p) VALUES (1000)")
        }
    }

    @Test(arguments: PostgresRestore.Phase.allCases)
    func `in place, a failure in any phase leaves everything as it was`(
        phase: PostgresRestore.Phase
    ) throws {
        let content = try database.take(into: chunks)
        try spoil()
        #expect(throws: (any Error).self) {
            _ = try database.restoreInPlace(content, from: chunks) { _, current in
                if current == phase { throw Stop() }
            }
        }
        #expect(try isSpoilt())
    }

    @Test(arguments: PostgresRestore.Phase.allCases)
    func `in place, a backend killed in any phase leaves everything as it was`(
        phase: PostgresRestore.Phase
    ) throws {
        let content = try database.take(into: chunks)
        try spoil()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, from: chunks) { pid, current in
                guard current == phase else { return }
                try PostgresServer.connect().query(
                    "SELECT pg_terminate_backend($1::int, 10000)", [.integer(pid)])
            }
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("as it was") == true)
        #expect(try isSpoilt())
    }

    @Test func `in place, a request to stop leaves everything as it was`() throws {
        let content = try database.take(into: chunks)
        try spoil()
        let cancellation = Cancellation()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, from: chunks, cancellation: cancellation) {
                if $1 == .indexes { cancellation.request() }
            }
        }
        #expect(error?.code == .interrupted)
        #expect(try isSpoilt())
    }

    @Test func `a server that has no more room for locks says what to do`() throws {
        let content = try database.take(into: chunks)
        try spoil()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, from: chunks) { _, phase in
                guard phase == .rows else { return }
                throw DatabaseError(.other, "out of shared memory", sqlState: "53200")
            }
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.hint?.contains("max_locks_per_transaction") == true)
        #expect(try isSpoilt())
    }

    @Test func `rows that are not those of the manifest are found before the commit`() throws {
        let content = try database.take(into: chunks)
        try spoil()
        let part = try #require(content.table("public.parent"))
        var bytes = try chunks.bytes(part)
        let place = try #require(bytes.lastIndex(of: UInt8(ascii: "n")))
        bytes[place] = UInt8(ascii: "o")
        let forged = Part(
            kind: .postgresTable, name: part.name, rows: part.rows, digest: nil,
            chunks: [try chunks.write(bytes)], properties: part.properties)
        let parts = content.parts.map { $0.name == part.name ? forged : $0 }
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, parts: parts, from: chunks)
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("public.parent") == true)
        #expect(try isSpoilt())
    }

    @Test func `writers wait from before the snapshot of what is replaced, and lose nothing`()
        throws
    {
        let content = try database.take(into: chunks)
        try spoil()
        let writer = try database.connect()
        try writer.query("SET lock_timeout = '200ms'")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(
                content, from: chunks,
                beforeReplacing: {
                    // Others read on, and whoever would write must wait.
                    let rows = try writer.query("SELECT count(*) FROM parent").rows
                    #expect(rows[0][0].integer == 500)
                    try writer.query("INSERT INTO mark VALUES (1)")
                })
        }
        #expect(error?.database?.code == .lockTimeout)
        #expect(try isSpoilt())
    }

    @Test func `a table that someone else makes meanwhile is not lost`() throws {
        let content = try database.take(into: chunks)
        try spoil()
        let other = try database.connect()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreInPlace(content, from: chunks) { _, phase in
                if phase == .rows { try other.query("CREATE TABLE late (i int)") }
            }
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("public.late") == true)
        #expect(try isSpoilt())
    }

    @Test func `extensions of the same version stay, with the rows of their tables`() throws {
        let connection = try database.connect()
        try connection.run([
            Step("CREATE EXTENSION hstore"), Step("CREATE SCHEMA e"),
            Step("CREATE EXTENSION pg_trgm SCHEMA e"),
            Step("CREATE TABLE h (h hstore)"), Step("INSERT INTO h VALUES ('a=>1')"),
            Step("CREATE INDEX ON parent USING gin (name e.gin_trgm_ops)"),
            // A member in another schema than its extension keeps that schema.
            Step("CREATE FUNCTION other.m() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
            Step("ALTER EXTENSION hstore ADD FUNCTION other.m()"),
            Step(
                """
                CREATE TRANSFORM FOR int LANGUAGE sql
                (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))
                """),
        ])
        let before = try connection.query("SELECT oid FROM pg_extension ORDER BY 1").rows
        let content = try database.take(into: chunks)
        try connection.run([Step("DROP TABLE h"), Step("CREATE TABLE e.mark (h hstore)")])
        connection.close()
        _ = try database.restoreInPlace(content, from: chunks)
        let restored = try database.connect()
        #expect(try restored.query("SELECT oid FROM pg_extension ORDER BY 1").rows == before)
        #expect(try restored.query("SELECT h->'a' FROM h").rows[0][0].string == "1")
        #expect(try restored.query("SELECT to_regclass('e.mark')").rows[0][0] == .null)
    }

    @Test func `what users added to a table of an extension comes back`() throws {
        let connection = try database.connect()
        let additions = [
            "CREATE INDEX member_a ON member (a)", "COMMENT ON INDEX member_a IS 'by a'",
            "CREATE TRIGGER touch BEFORE INSERT ON member EXECUTE FUNCTION touch()",
            "CREATE POLICY own ON member USING (a > 0)",
            "ALTER TABLE member ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE member FORCE ROW LEVEL SECURITY", "COMMENT ON TABLE member IS 'whole'",
            "COMMENT ON COLUMN member.b IS 'part'", "GRANT SELECT ON member TO PUBLIC",
            "GRANT UPDATE (a) ON member TO PUBLIC",
        ]
        try connection.run(
            [
                "CREATE EXTENSION hstore", "CREATE TABLE member (a int PRIMARY KEY, b text)",
                "ALTER EXTENSION hstore ADD TABLE member",
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
            ].map { Step($0) } + additions.map { Step($0) })
        let query = """
            SELECT concat_ws(' | ', pg_get_indexdef('member_a'::regclass),
            obj_description('member_a'::regclass), c.relrowsecurity, c.relforcerowsecurity,
            obj_description(c.oid), col_description(c.oid, 2), c.relacl,
            (SELECT attacl FROM pg_attribute WHERE attrelid = c.oid AND attname = 'a'),
            (SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = c.oid),
            (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = c.oid))
            FROM pg_class c WHERE c.oid = 'member'::regclass
            """
        let before = try connection.query(query).rows
        let content = try database.take(into: chunks)
        try connection.run(
            [
                "DROP INDEX member_a", "DROP TRIGGER touch ON member", "DROP POLICY own ON member",
                "CREATE POLICY own ON member USING (a > 1)",
                "ALTER TABLE member NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE member DISABLE ROW LEVEL SECURITY", "COMMENT ON TABLE member IS NULL",
                "COMMENT ON COLUMN member.b IS 'other'", "REVOKE SELECT ON member FROM PUBLIC",
                "REVOKE UPDATE (a) ON member FROM PUBLIC",
            ].map { Step($0) })
        connection.close()
        _ = try database.restoreInPlace(content, from: chunks)
        #expect(try database.connect().query(query).rows == before)
    }

    @Test func `an extension that the snapshot lacks goes, and one that is missing comes`() throws {
        let connection = try database.connect()
        try connection.run([
            Step("CREATE EXTENSION hstore"), Step("CREATE TABLE h AS SELECT 'a=>1'::hstore AS h"),
        ])
        let content = try database.take(into: chunks)
        try connection.run([
            Step("DROP EXTENSION hstore CASCADE"), Step("CREATE EXTENSION citext"),
            Step("CREATE TABLE c (c citext)"),
        ])
        connection.close()
        _ = try database.restoreInPlace(content, from: chunks)
        let names = try database.connect().query("SELECT extname FROM pg_extension ORDER BY 1")
        #expect(names.rows.map { $0[0].string } == ["hstore", "plpgsql"])
    }

    @Test func `publications, default privileges and event triggers are replaced`() throws {
        let connection = try database.connect()
        try connection.run([
            Step("CREATE PUBLICATION p FOR TABLE parent"),
            Step("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC"),
            Step("ALTER DEFAULT PRIVILEGES IN SCHEMA other REVOKE ALL ON TABLES FROM PUBLIC"),
        ])
        let content = try database.take(into: chunks)
        try connection.run([
            Step("DROP PUBLICATION p"), Step("CREATE PUBLICATION q FOR ALL TABLES"),
            Step("ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO pg_monitor"),
            Step("ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO PUBLIC"),
            Step(
                """
                CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql
                AS 'BEGIN RAISE EXCEPTION ''fired''; END'
                """),
            Step("CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION stop()"),
        ])
        connection.close()
        // The proof compares them all with the snapshot's.
        let report = try database.restoreInPlace(content, from: chunks)
        #expect(report.rows == 1000)
        let acl = try database.connect().query(
            "SELECT relacl FROM pg_class WHERE relname = 'child'")
        #expect(acl.rows[0][0] == .null)
    }
}
