import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// A snapshot of a PostgreSQL database, restored.
@Suite struct PostgresRestoreTests {
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
    }

    @Test func `objects and rows come back, and the old database is kept`() throws {
        try connection.run([
            Step("CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL UNIQUE)"),
            Step(
                """
                CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                parent int NOT NULL REFERENCES parent, twice int GENERATED ALWAYS AS (parent * 2) STORED)
                """),
            Step("CREATE INDEX ON child (parent)"),
            Step("CREATE VIEW v AS SELECT name FROM parent"),
            Step("CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM child"),
            Step("INSERT INTO parent (name) SELECT 'n' || i FROM generate_series(1, 100) i"),
            Step("INSERT INTO child (parent) SELECT i FROM generate_series(1, 100) i"),
            Step("COMMENT ON TABLE parent IS 'the parents'"),
        ])
        try connection.query("REFRESH MATERIALIZED VIEW m")
        let content = try database.take(into: chunks)
        try connection.query("DROP TABLE child CASCADE")
        connection.close()
        let report = try database.restore(content, from: chunks)
        defer { try? Databases.drop([report.keptDatabase]) }
        #expect(report.rows == 200)
        #expect(report.isProven)
        let restored = try database.connect()
        #expect(try restored.query("SELECT sum(twice) FROM child").rows[0][0].integer == 10100)
        #expect(try restored.query("SELECT count FROM m").rows[0][0].integer == 100)
        #expect(
            try restored.query("INSERT INTO parent (name) VALUES ('x') RETURNING id").rows[0][0]
                .integer == 101)
        #expect(throws: DatabaseError.self) {
            try restored.query("INSERT INTO child (parent) VALUES (1000)")
        }
        let kept = try PostgresServer.connect(database: try #require(report.keptDatabase))
        #expect(throws: DatabaseError.self) { try kept.query("TABLE child") }
        #expect(try kept.query("SELECT count(*) FROM parent").rows[0][0].integer == 100)
    }
}
