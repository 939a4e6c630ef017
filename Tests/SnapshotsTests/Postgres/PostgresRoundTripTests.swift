import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Values, tables and encodings at their edges, through a snapshot and back. A restore proves its
/// rows and objects by itself; here a query over source and copy is compared besides.
@Suite struct PostgresRoundTripTests {
    private let chunks = MemoryChunks()

    /// What `query` answers in the source and in its restored copy.
    private func answers(
        _ statements: [String], options: String = "", jobs: Int = 2, query: String
    ) throws -> (source: [Row], copy: [Row], content: PostgresContent) {
        let database = try TestDatabase(options: options)
        let source = try database.connect()
        for statement in statements { try source.query(statement) }
        let before = try source.query(query).rows
        let content = try database.take(into: chunks, jobs: jobs)
        let name = PostgresServer.uniqueName("migrate_copy")
        defer { try? Databases.drop([name]) }
        let report = try database.restore(
            content, from: chunks, target: name, options: .init(jobs: jobs))
        #expect(report.isProven)
        #expect(report.keptDatabase == nil)
        let copy = try TestDatabase.connection(name)
        return (before, try copy.query(query).rows, content)
    }

    @Test(arguments: [
        ("float8", ["NaN", "-0", "Infinity", "-Infinity", "1e-307", "0.1"]),
        ("float4", ["NaN", "-0", "1.17549435e-38"]),
        ("numeric", ["NaN", "Infinity", "-Infinity", "1.10", "1e-500"]),
        ("date", ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"]),
        ("timestamptz", ["infinity", "4713-01-01 00:00:00 BC", "2024-02-29 12:00:00.000001+14"]),
        ("interval", ["-1 mon +3 days -04:05:06.789", "178000000 years"]),
        ("timetz", ["24:00:00-15:59", "00:00:00+15:59"]), ("money", ["-92233720368547758.08"]),
        ("bytea", ["", #"\x00ff5c0a"#]), ("text", ["", #"\N"#, #"\."#, "a\tb\nc\r\\", "ü€𐍈"]),
        ("int[]", ["{}", "[-2:0]={1,NULL,3}", "{{1,2},{3,4}}"]),
        ("text[]", [#"{"","NULL",NULL,"a\"b\\c"}"#]), ("jsonb", [#"{"a": [1, null, "\u00e4"]}"#]),
        ("json", [#"{"b":1,  "b":2}"#]), ("xml", ["<a>1</a>", "text", "<!DOCTYPE a><a/>"]),
        ("varbit", ["", "101"]), ("int4range", ["empty", "[1,)", "(,)"]),
        ("nummultirange", ["{}", "{[1,2),[3,4)}"]), ("inet", ["::ffff:1.2.3.4/96"]),
        ("tsvector", [#"'a b':1A,2 'c':3"#]), ("uuid", ["00000000-0000-0000-0000-000000000000"]),
        ("bpchar", ["a  "]), ("\"char\"", [""]), ("point", ["(NaN,-0)"]), ("pg_lsn", ["0/0"]),
        ("hstore_like", ["(1,\"a,b\")", "(,)"]), ("mood", ["sad", "it's"]), ("positive", ["1"]),
    ])
    func `every value comes back as it was`(type: String, values: [String]) throws {
        let list = values.map {
            "(E'\($0.replacing("\\", with: "\\\\").replacing("'", with: "''"))')"
        }
        let result = try answers(
            [
                "CREATE TYPE hstore_like AS (k int, v text)",
                "CREATE TYPE mood AS ENUM ('sad', 'it''s')",
                "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
                "SET xmloption = content", "CREATE TABLE t (n serial, v \(type))",
                "INSERT INTO t (v) SELECT v::\(type) FROM (VALUES \(list.joined(separator: ",")), (NULL)) x (v)",
            ], query: "SELECT n, v::text FROM t ORDER BY n")
        #expect(result.source == result.copy)
        #expect(result.source.count == values.count + 1)
    }

    @Test func `tables of every shape`() throws {
        let columns = (1...300).map { "c\($0) int DEFAULT \($0)" }.joined(separator: ", ")
        let result = try answers(
            [
                "CREATE TABLE nothing ()", "INSERT INTO nothing DEFAULT VALUES",
                "INSERT INTO nothing DEFAULT VALUES", "CREATE TABLE wide (\(columns))",
                "INSERT INTO wide DEFAULT VALUES",
                "CREATE TABLE dropped (a int, b int, c text)",
                "INSERT INTO dropped VALUES (1, 2, 'x')",
                "ALTER TABLE dropped DROP b",
                "CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
                "INSERT INTO made VALUES (1)",
                "CREATE TABLE only_made (b int GENERATED ALWAYS AS (1) STORED)",
                "INSERT INTO only_made DEFAULT VALUES",
                "CREATE TABLE base (a int)", "CREATE TABLE child (b int) INHERITS (base)",
                "INSERT INTO base VALUES (1)", "INSERT INTO child VALUES (2, 3)",
                "CREATE TABLE part (k int, v text) PARTITION BY RANGE (k)",
                "CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE part2 PARTITION OF part DEFAULT PARTITION BY LIST (v)",
                "CREATE TABLE part2a PARTITION OF part2 DEFAULT",
                "INSERT INTO part SELECT i, 'v' || i FROM generate_series(1, 20) i",
                "CREATE UNLOGGED TABLE fleeting AS SELECT 7 AS v",
                "CREATE TABLE id (a int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 5), b int)",
                "INSERT INTO id (b) VALUES (1), (2)",
            ],
            query: """
                SELECT (SELECT count(*) FROM nothing), (SELECT w::text FROM wide w),
                (SELECT d::text FROM dropped d), (SELECT b FROM made), (SELECT b FROM only_made),
                (SELECT string_agg(tableoid::regclass || ':' || a, ',' ORDER BY a) FROM base),
                (SELECT string_agg(tableoid::regclass || v, ',' ORDER BY k) FROM part),
                (SELECT v FROM fleeting), (SELECT string_agg(a::text, ',') FROM id),
                (SELECT last_value FROM id_a_seq)
                """)
        #expect(result.source == result.copy)
    }

    @Test(arguments: [
        "with space", "Quote\"d", "q\"\u{301}", "it's", "new\nline", "\u{202E}\u{1F600}",
        String(repeating: "x", count: 63), "select", "back\\slash", "--", "a.b", "$1", "{database}",
    ])
    func `names of every kind`(name: String) throws {
        let doubled = name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }
        let quoted = "\"\(doubled.joined())\""
        let result = try answers(
            [
                "CREATE SCHEMA \(quoted)", "CREATE TABLE \(quoted).\(quoted) (\(quoted) serial)",
                "INSERT INTO \(quoted).\(quoted) DEFAULT VALUES",
                "COMMENT ON TABLE \(quoted).\(quoted) IS 'a {database}'",
            ],
            query: "SELECT \(quoted), obj_description(tableoid) FROM \(quoted).\(quoted)")
        #expect(result.source == result.copy)
        #expect(result.source.count == 1)
    }

    @Test func `a database in SQL_ASCII keeps bytes that are no text`() throws {
        let result = try answers(
            [
                "CREATE TABLE t (v text)",
                "INSERT INTO t VALUES (convert_from('\\xff80', 'SQL_ASCII')), ('ä')",
            ], options: "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
            query: "SELECT v::bytea FROM t ORDER BY 1")
        #expect(result.source == result.copy)
        #expect(result.source.last?[0].string == #"\xff80"#)
    }

    @Test func `a database in LATIN1 keeps its bytes`() throws {
        let result = try answers(
            ["CREATE TABLE \"tä\" (\"ö\" text)", "INSERT INTO \"tä\" VALUES ('äÿ')"],
            options: "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
            query: "SELECT convert_to(\"ö\", 'LATIN1') FROM \"tä\"")
        #expect(result.source == result.copy)
        let part = try #require(result.content.parts.last)
        #expect(try chunks.bytes(part) == [0xE4, 0xFF, 0x0A])
    }

    @Test func `large objects, also empty ones and one of several pieces`() throws {
        let result = try answers(
            [
                "SELECT lo_create(4711)", "SELECT lo_from_bytea(4712, '\\x00ff')",
                "SELECT lo_from_bytea(4713, decode(repeat(md5('x'), 50000), 'hex'))",
                // A hole in the middle.
                "SELECT lo_put(4712, 1000000, '\\x01')", "COMMENT ON LARGE OBJECT 4711 IS 'x'",
            ],
            query: "SELECT oid, md5(lo_get(oid)), length(lo_get(oid)) FROM pg_largeobject_metadata")
        #expect(result.source == result.copy)
        #expect(result.source.count == 3)
    }

    @Test func `a large table goes through several sessions in pieces`() throws {
        let result = try answers(
            [
                """
                CREATE TABLE big AS SELECT i, repeat(md5(i::text), 30) AS m
                FROM generate_series(1, 60000) i
                """, "ALTER TABLE big ADD PRIMARY KEY (i)", "CREATE INDEX ON big (m)",
            ], jobs: 3, query: "SELECT count(*), sum(hashtextextended(m, i)) FROM big")
        #expect(result.source == result.copy)
        #expect((result.content.table("public.big")?.slices.count ?? 0) >= 4)
    }
}
