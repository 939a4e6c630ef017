import Database
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// Objects whose functions name others without a schema, which an empty search path does not find. A
/// restore with pg_dump and psql fails at each of these, or leaves it out.
@Suite struct PostgresSearchPathTests {
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
        let name = database.name
        for sql in [
            "CREATE SCHEMA app", "CREATE SCHEMA other",
            "ALTER DATABASE \"\(name)\" SET search_path TO app, public",
            "SET search_path TO app, public",
            "CREATE TABLE public.bonus AS SELECT 5 AS amount",
            "CREATE FUNCTION app.half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2'",
            // Another path would find the wrong one.
            "CREATE FUNCTION other.half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0'",
            """
            CREATE FUNCTION app.quarter(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql
            AS 'BEGIN RETURN half(half(i)); END'
            """,
            """
            CREATE FUNCTION app.total() RETURNS bigint STABLE LANGUAGE plpgsql
            AS 'BEGIN RETURN (SELECT sum(a) FROM item) + (SELECT amount FROM bonus); END'
            """,
            """
            CREATE TABLE app.item (a int CONSTRAINT positive CHECK (app.quarter(a) > 0),
            b int GENERATED ALWAYS AS (app.quarter(a)) STORED)
            """,
            "CREATE INDEX by_quarter ON app.item (app.quarter(a))",
            "INSERT INTO app.item SELECT generate_series(4, 100)",
            "CREATE MATERIALIZED VIEW app.sum AS SELECT app.total() AS total",
        ] { try connection.query(sql) }
    }

    private func check(_ remarks: [String]) throws {
        let restored = try database.connect()
        #expect(try restored.query("SELECT total FROM app.sum").rows[0][0].integer == 5049)
        #expect(try restored.query("SELECT sum(b) FROM app.item").rows[0][0].integer == 1225)
        #expect(
            try restored.query("SELECT count(*) FROM app.item WHERE app.quarter(a) = 25").rows[0][0]
                .integer == 1)
        #expect(throws: DatabaseError.self) {
            try restored.query("INSERT INTO app.item VALUES (1)")
        }
        for name in [
            "INDEX 'app.by_quarter'", "CHECK CONSTRAINT 'app.item positive'",
            "MATERIALIZED VIEW DATA 'app.sum'",
        ] {
            let remark = remarks.first { $0.contains(name) }
            #expect(remark?.contains("the search_path 'app', 'public'") == true, "\(name)")
        }
    }

    @Test func `come back with the search path that their owner's sessions have`() throws {
        let content = try database.take(into: chunks)
        connection.close()
        let report = try database.restore(content, from: chunks)
        defer { try? Databases.drop([report.keptDatabase]) }
        #expect(report.isProven)
        #expect(report.remarks.contains { $0.hasPrefix("the rows of 'app.item'") })
        try check(report.remarks)
    }

    @Test func `come back in place`() throws {
        // A generated column is computed with the rows, in the one transaction of all.
        try connection.query("ALTER TABLE app.item DROP COLUMN b")
        try connection.query("ALTER TABLE app.item ADD b int")
        try connection.query("UPDATE app.item SET b = app.quarter(a)")
        let content = try database.take(into: chunks)
        connection.close()
        try check(try database.restoreInPlace(content, from: chunks).remarks)
    }

    @Test func `a function that finds its objects nowhere is named, with what to do`() throws {
        try connection.query("ALTER DATABASE \"\(database.name)\" SET search_path TO public")
        let content = try database.take(into: chunks)
        connection.close()
        let error = #expect(throws: SnapshotError.self) {
            try database.restore(content, from: chunks)
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("app.item") == true)
        #expect(error?.hint?.contains("ALTER FUNCTION … SET search_path") == true)
    }

    @Test func `what a function lacks for good is not tried for ever`() throws {
        try connection.query("DROP TABLE public.bonus")
        let content = try database.take(into: chunks)
        connection.close()
        let error = #expect(throws: SnapshotError.self) {
            try database.restore(content, from: chunks)
        }
        #expect(error?.message.contains("bonus") == true || error?.message.contains("item") == true)
        #expect(error?.hint?.contains("'app', 'public'") == true)
    }
}
