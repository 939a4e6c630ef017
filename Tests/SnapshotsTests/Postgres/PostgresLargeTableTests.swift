import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Tables that are long enough to be read in ranges, loaded in stretches, and to have the indexes of
/// their keys built before the constraints.
@Suite struct PostgresLargeTableTests {
    private let chunks = MemoryChunks()
    private let database: TestDatabase
    private let source: PostgresConnection

    init() throws {
        database = try TestDatabase()
        source = try database.connect()
    }

    /// Restores and answers a query over source and copy.
    private func roundTrip(
        _ query: String, jobs: Int = 2
    ) throws -> (source: [Row], copy: [Row], content: PostgresContent) {
        let before = try source.query(query).rows
        let content = try database.take(into: chunks, jobs: jobs)
        let name = PostgresServer.uniqueName("migrate_copy")
        defer { try? Databases.drop([name]) }
        let report = try database.restore(
            content, from: chunks, target: name, options: .init(jobs: jobs))
        #expect(report.isProven)
        return (before, try TestDatabase.connection(name).query(query).rows, content)
    }

    /// Some 6 MB of rows.
    private func makeLarge(_ table: String) throws {
        try source.query("CREATE TABLE \(table) (a int NOT NULL, b int, c text, d int NOT NULL)")
        try source.query(
            """
            INSERT INTO \(table) SELECT i, nullif(i, 7), repeat(md5(i::text), 6), i
            FROM generate_series(1, 26000) i
            """)
    }

    @Test func `keys of large tables come back with all that they have`() throws {
        let tables = [
            "plain", "\"Odd.\"\" (\"", "options", "deferred", "nulls", "referred", "child",
        ]
        for table in tables { try makeLarge(table) }
        let odd = tables[1]
        let statements = [
            "ALTER TABLE plain ADD PRIMARY KEY (a), ADD UNIQUE (b, d) INCLUDE (c)",
            "CREATE INDEX ON plain (c)", "CREATE INDEX ON plain (d DESC)",
            "ALTER TABLE \(odd) RENAME a TO \"a, \"\") X\"",
            "ALTER TABLE \(odd) ADD CONSTRAINT \"k, \"\" (\" PRIMARY KEY (\"a, \"\") X\", d)",
            "COMMENT ON CONSTRAINT \"k, \"\" (\" ON \(odd) IS 'of ''it'''",
            "COMMENT ON INDEX \"k, \"\" (\" IS 'of its index'",
            "ALTER TABLE options ADD CONSTRAINT o UNIQUE (d) "
                + "WITH (fillfactor = 70, deduplicate_items = off)",
            "ALTER TABLE options CLUSTER ON o",
            "ALTER TABLE options REPLICA IDENTITY USING INDEX o",
            "ALTER TABLE deferred ADD PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE deferred ADD UNIQUE (b) DEFERRABLE",
            "ALTER TABLE deferred ADD EXCLUDE USING btree (d WITH =)",
            "ALTER TABLE referred ADD PRIMARY KEY (d)",
            "ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES referred",
            "CREATE VIEW grouped AS SELECT d, c FROM referred GROUP BY d",
            "CREATE TABLE parts (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k)",
            "CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (50000)",
            "INSERT INTO parts SELECT i, repeat(md5(i::text), 6) FROM generate_series(1, 26000) i",
        ]
        for statement in statements { try source.query(statement) }
        if source.serverVersionNumber >= 150_000 {
            try source.query("ALTER TABLE nulls ADD UNIQUE NULLS NOT DISTINCT (b)")
        }
        let result = try roundTrip(
            """
            SELECT conrelid::regclass, conname, pg_get_constraintdef(con.oid), condeferred,
            c.reloptions, i.indisclustered, i.indisreplident, i.indimmediate, c.relname,
            obj_description(con.oid, 'pg_constraint'), obj_description(c.oid, 'pg_class')
            FROM pg_constraint con LEFT JOIN pg_class c ON c.oid = conindid
            LEFT JOIN pg_index i ON i.indexrelid = conindid
            WHERE connamespace = 'public'::regnamespace ORDER BY 1::text, 2
            """)
        #expect(result.source == result.copy)
        #expect(result.source.count >= 11)
    }

    @Test func `a key that a row breaks is named`() throws {
        try makeLarge("t")
        try source.query("ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (a)")
        let whole = try database.take(into: chunks)
        try source.query("ALTER TABLE t DROP CONSTRAINT t_key")
        try source.query("INSERT INTO t SELECT * FROM t WHERE a = 5")
        let broken = try database.take(into: chunks)
        let name = PostgresServer.uniqueName("migrate_copy")
        defer { try? Databases.drop([name]) }
        // The objects of the one and the rows of the other.
        let parts = [whole.parts[0]] + broken.parts.dropFirst()
        let restore = PostgresRestore(
            connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
            options: .init(), cancellation: Cancellation())
        let error = #expect(throws: SnapshotError.self) {
            try restore.run(parts, serverVersion: whole.serverVersion, target: name)
        }
        #expect(error?.message.contains("the CONSTRAINT 'public.t t_key' failed") == true)
        #expect(error?.database?.sqlState == "23505")
        #expect(try Databases.like(name).isEmpty)
    }

    @Test func `a second snapshot stores little of a table of which little changed`() throws {
        try source.query(
            """
            CREATE TABLE t WITH (fillfactor = 50) AS
            SELECT i, md5(i::text) || md5((i + 1)::text) AS m FROM generate_series(1, 400000) i
            """)
        try source.query("VACUUM t")
        let first = try database.take(into: chunks)
        let bytes = chunks.storedBytes
        try source.query("UPDATE t SET m = 'changed' WHERE i = 200000")
        let second = try database.take(into: chunks)
        #expect(first.rows == second.rows)
        #expect((first.table("public.t")?.chunks.count ?? 0) > 20)
        // One range of pages of more than twenty, and the catalog.
        #expect(chunks.storedBytes - bytes < bytes / 15)
    }

    @Test func `the planner knows all tables after a restore`() throws {
        try makeLarge("large")
        try source.query("CREATE TABLE small AS SELECT generate_series(1, 1000) AS i")
        try source.query("CREATE INDEX ON small ((i % 7))")
        try source.query("CREATE MATERIALIZED VIEW seen AS SELECT i FROM small")
        try source.query("CREATE TABLE parts (k int) PARTITION BY LIST (k)")
        try source.query("CREATE TABLE parts1 PARTITION OF parts DEFAULT")
        try source.query("INSERT INTO parts SELECT generate_series(1, 1000)")
        try source.query("CREATE TABLE \"Some \"\"one\" (i int)")
        try source.query("ANALYZE")
        let result = try roundTrip(
            """
            SELECT relname, reltuples, relpages > 0,
            (SELECT count(*) FROM pg_statistic WHERE starelid = c.oid)
            FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')
            UNION ALL SELECT 'index', 0, true, count(*) FROM pg_statistic s
            JOIN pg_class i ON i.oid = s.starelid WHERE i.relkind = 'i'
            AND i.relnamespace = 'public'::regnamespace
            UNION ALL SELECT 'catalog', 0, true, least(count(*), 1) FROM pg_statistic
            WHERE starelid = 'pg_class'::regclass
            ORDER BY 1
            """)
        #expect(result.source == result.copy)
        #expect(result.source.count == 8)
    }
}
