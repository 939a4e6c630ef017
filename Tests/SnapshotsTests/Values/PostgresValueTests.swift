import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Values of the built-in types at their edges, all in one database, through a snapshot and back.
@Suite struct PostgresValueTests {
    /// A type, and values of it as SQL expressions.
    private static let values: [(type: String, values: [String])] = [
        ("int2", ["-32768", "32767"]), ("int4", ["-2147483648", "2147483647"]),
        ("int8", ["-9223372036854775808", "9223372036854775807"]),
        (
            "numeric",
            [
                "repeat('9', 100000)::numeric", "-1e-16383", "'NaN'", "'Infinity'", "'-Infinity'",
                "0.00", "-0.0",
            ]
        ), ("numeric(5,-2)", ["123456"]), ("numeric(3,5)", ["0.00123"]),
        ("float4", ["'-0'", "'NaN'", "'1e-45'", "'3.4028235e38'", "0.1", "'-Infinity'"]),
        ("float8", ["'-0'", "'NaN'", "'5e-324'", "'1.7976931348623157e308'", "0.1", "'Infinity'"]),
        ("money", ["'92233720368547758.07'", "'-92233720368547758.08'", "'0'"]),
        ("bool", ["true", "false"]), ("bit(8)", ["B'10100000'"]), ("bit varying", ["B''", "B'1'"]),
        (
            "text",
            [
                "''", "E'\\\\N'", "E'\\\\.'", "E'\\\\'", "E'\\n\\\\.\\n'",
                "E'a\\tb\\r\\n\\b\\f\\v'",
                "E'\\\\x00'", "E'\\\\000'", "E'\\u00fc\\U0001F600\\u200E\\uFEFF'", "' a '",
                "(SELECT string_agg(chr(i), '') FROM generate_series(1, 2000) i)",
                "repeat('0123456789', 300000)", "'NULL'", "'null'",
            ]
        ), ("varchar(3)", ["'ab '", "''"]), ("char(5)", ["'a'", "''"]), ("name", ["'n'", "''"]),
        ("\"char\"", ["'x'", "''"]),
        (
            "bytea",
            [
                "''", "'\\x00'",
                "decode((SELECT string_agg(lpad(to_hex(i), 2, '0'), '') "
                    + "FROM generate_series(0, 255) i), 'hex')",
            ]
        ),
        (
            "date",
            ["'infinity'", "'-infinity'", "'4714-11-24 BC'", "'5874897-12-31'", "'0001-01-01'"]
        ),
        ("time", ["'24:00:00'", "'00:00:00.000001'"]),
        ("timetz", ["'24:00:00-15:59:59'", "'00:00:00+15:59:59'"]),
        (
            "timestamp",
            [
                "'infinity'", "'-infinity'", "'4714-11-24 00:00:00 BC'",
                "'294276-12-31 23:59:59.999999'",
            ]
        ),
        (
            "timestamptz",
            ["'infinity'", "'4714-11-24 00:00:00+00 BC'", "'1883-11-18 12:03:57-04:56:02'"]
        ),
        (
            "interval",
            [
                "'-178000000 years'", "'178000000 years'", "'-1 mon +3 days -04:05:06.789'",
                "'2147483647 days'",
            ]
        ), ("interval day to second(2)", ["'1 day 00:00:00.12'"]),
        ("uuid", ["'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
        ("json", ["'{\"b\":1,  \"b\":\"\\u0000\"}'", "'null'", "'1e400'"]),
        ("jsonb", ["'{\"a\": [1.0, null, \"\\u00e4\\\\\"]}'", "'null'", "'\"\"'", "'1e400'"]),
        ("jsonpath", ["'$.\"a b\"[*] ? (@ > 1)'"]),
        ("xml", ["'<a>ü&amp;</a>'", "'text only'", "'<!DOCTYPE a><a/>'", "''"]),
        ("inet", ["'::ffff:1.2.3.4/96'", "'0.0.0.0/0'"]), ("cidr", ["'::/0'", "'10.0.0.0/8'"]),
        ("macaddr", ["'08:00:2b:01:02:03'"]), ("macaddr8", ["'08:00:2b:01:02:03:04:05'"]),
        ("tsvector", ["$$'a b':1A,2 'c''':3 '\\\\'$$", "''"]), ("tsquery", ["$$'a b':*A & !'c'$$"]),
        ("point", ["'(NaN,-0)'", "'(Infinity,1e-300)'"]), ("line", ["'{1,-1,0}'"]),
        ("lseg", ["'[(0,0),(1,1)]'"]), ("box", ["'(1,1),(0,0)'"]),
        ("path", ["'[(0,0)]'", "'((0,0))'"]),
        ("polygon", ["'((0,0),(1,1),(1,0))'"]), ("circle", ["'<(0,0),0>'"]),
        ("int8range", ["'empty'", "'[,)'", "'[-9223372036854775808,1)'"]),
        ("numrange", ["'[NaN,NaN]'", "'(-Infinity,0.00]'"]),
        ("daterange", ["'[infinity,)'", "'(,2024-01-01)'"]),
        ("tstzrange", ["'[2024-01-01 00:00:00.000001+00,infinity)'"]),
        ("int4multirange", ["'{}'", "'{[1,2),[5,)}'"]), ("datemultirange", ["'{(,2024-01-01)}'"]),
        (
            "int[]",
            ["'{}'", "'[-2:0]={1,NULL,3}'", "'{{{1},{2}},{{3},{4}}}'", "'[5:5][-1:0]={{1,2}}'"]
        ),
        ("text[]", ["'{\"\",\"NULL\",NULL,\"a\\\"b\\\\c,{}\"}'", "ARRAY[E'\\\\.', E'\\n']"]),
        ("bytea[]", ["ARRAY['\\x00ff'::bytea, '']"]), ("timestamptz[]", ["'{infinity,NULL}'"]),
        ("numrange[]", ["ARRAY['[1,2)'::numrange, 'empty']"]),
        ("oid", ["4294967295", "0"]), ("xid", ["'4294967295'"]),
        ("xid8", ["'18446744073709551615'"]),
        ("cid", ["'1'"]), ("tid", ["'(4294967295,65535)'"]), ("pg_lsn", ["'FFFFFFFF/FFFFFFFF'"]),
        ("pg_snapshot", ["'10:20:10,14,15'"]), ("txid_snapshot", ["'10:10:'"]),
        ("regtype", ["'int4'"]), ("regclass", ["'pg_class'"]), ("regrole", ["10"]),
        ("refcursor", ["'a \"cursor\"'"]), ("int2vector", ["'1 -2 3'", "''"]),
        ("oidvector", ["'1 2'"]),
        ("mood", ["'sad'", "'it''s, \"so\"'"]), ("mood[]", ["ARRAY['sad', NULL]::mood[]"]),
        ("pair", ["ROW(1, 'a,b')", "ROW(NULL, '')", "ROW(NULL, NULL)", "ROW(0, E'\\\\\"(),\\n')"]),
        ("pair[]", ["ARRAY[ROW(1, '\"')::pair, NULL]"]),
        ("nest", ["ROW(ROW(1, '\"x\"')::pair, ARRAY['sad']::mood[])"]),
        ("few", ["'{1,2}'"]), ("positive", ["1"]),
        ("float8range", ["'[-0,Infinity)'", "'[NaN,)'"]),
        ("float8multirange", ["'{[-1,0),(0,NaN]}'"]),
    ]

    private let chunks = MemoryChunks()

    private static func create(_ connection: PostgresConnection) throws {
        try connection.run([
            Step("SET xmloption = content"), Step("SET lc_monetary = 'C'"),
            Step("CREATE TYPE mood AS ENUM ('sad', 'it''s, \"so\"')"),
            Step("CREATE TYPE pair AS (k int, v text)"),
            Step("CREATE TYPE nest AS (p pair, m mood[])"),
            Step("CREATE DOMAIN few AS int[] CHECK (cardinality(VALUE) < 3)"),
            Step("CREATE DOMAIN positive AS int CHECK (VALUE > 0)"),
            Step("CREATE TYPE float8range AS RANGE (subtype = float8, subtype_diff = float8mi)"),
        ])
        for (index, (type, values)) in Self.values.enumerated() {
            try connection.query("CREATE TABLE v\(index) (n serial, v \(type))")
            for value in values + ["NULL"] {
                do {
                    try connection.query("INSERT INTO v\(index) (v) VALUES (\(value))")
                } catch {
                    Issue.record("\(type) \(value): \(error.message)")
                }
            }
        }
    }

    /// Every value, as text and as the bytes that the server keeps of it.
    private static func read(_ connection: PostgresConnection) throws -> [String: [Row]] {
        try connection.run([Step("SET lc_monetary = 'C'"), Step("SET TimeZone = 'UTC'")])
        var all: [String: [Row]] = [:]
        for (index, (type, _)) in values.enumerated() {
            all["v\(index) \(type)"] = try connection.query(
                "SELECT n, v::text, pg_column_size(v), md5(v::text) FROM v\(index) ORDER BY n"
            ).rows
        }
        return all
    }

    @Test func `every value of every type comes back as it was`() throws {
        let database = try TestDatabase()
        try Self.create(database.connect())
        let content = try database.take(into: chunks)
        let name = PostgresServer.uniqueName("migrate_copy")
        defer { try? Databases.drop([name]) }
        let report = try database.restore(content, from: chunks, target: name)
        #expect(report.isProven)
        let source = try Self.read(database.connect())
        let copy = try Self.read(TestDatabase.connection(name))
        #expect(source.count == Self.values.count)
        for (table, rows) in source {
            // A large value may be kept compressed, or out of line.
            #expect(rows.map { $0.values[1] } == copy[table]?.map { $0.values[1] }, "\(table)")
            #expect(rows.map { $0.values[3] } == copy[table]?.map { $0.values[3] }, "\(table)")
            #expect(rows.count == copy[table]?.count, "\(table)")
        }
    }

    @Test func `a table with a row too long for text is read in binary`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        try connection.run([
            Step(
                "CREATE TABLE long (i int PRIMARY KEY, b bytea, t text, x jsonb, f float8)"
            ),
            Step(
                """
                INSERT INTO long SELECT i, decode(repeat('00ff', i), 'hex'), E'\\\\.\\n', '{"a": 1}',
                '-0' FROM generate_series(1, 1000) i
                """),
            // Such a row is larger than what is read without a savepoint.
            Step(
                "INSERT INTO long SELECT 0, convert_to(string_agg(md5(i::text), ''), 'UTF8') FROM generate_series(1, 100000) i"
            ),
            Step("INSERT INTO long (i) VALUES (-1)"),
        ])
        let url = database.url
        let content = try PostgresTake(
            connect: { LimitedConnection(try PostgresConnection(PostgresOptions(url: url))) },
            access: .live, writer: chunks, options: .init(jobs: 2), cancellation: Cancellation()
        ).run()
        let part = try #require(content.table("public.long"))
        #expect(part.rows == 1002)
        #expect(part.properties["format"]?.text == "binary")
        let name = PostgresServer.uniqueName("migrate_copy")
        defer { try? Databases.drop([name]) }
        let report = try database.restore(content, from: chunks, target: name)
        #expect(report.isProven)
        let sum = "SELECT count(*), md5(string_agg(l::text, ',' ORDER BY i)) FROM long l"
        #expect(
            try connection.query(sum).rows == TestDatabase.connection(name).query(sum).rows)
    }
}

/// A connection whose server cannot put the rows of `long` together as text, as it cannot where they
/// have more than 1 GB.
private final class LimitedConnection: BulkConnection {
    private let real: PostgresConnection

    init(_ real: PostgresConnection) { self.real = real }

    var dialect: Dialect { real.dialect }
    var serverVersion: String { real.serverVersion }
    var serverVersionNumber: Int { real.serverVersionNumber }
    var interrupter: any Interrupter { real.interrupter }
    var transactionState: TransactionState { real.transactionState }
    var announcedProcessID: Int64? { real.announcedProcessID }
    var protectedTables: Set<String> {
        get { real.protectedTables }
        set { real.protectedTables = newValue }
    }
    var onNotice: ((DatabaseNotice) -> Void)? {
        get { real.onNotice }
        set { real.onNotice = newValue }
    }

    func run(_ steps: [Step], onProgress: (Int) -> Void) throws(StepFailure) -> [StepResult] {
        try real.run(steps, onProgress: onProgress)
    }

    func close() { real.close() }

    func copyOut(
        _ sql: String, receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64 {
        if sql.contains("\"long\""), !sql.lowercased().contains("binary") {
            // Some rows have come when it fails.
            var count = 0
            do {
                _ = try real.copyOut(sql) { line in
                    count += 1
                    if count <= 10 { try receive(line) }
                }
            }
            try real.query("DO $$ BEGIN RAISE 'too long' USING ERRCODE = '54000'; END $$")
        }
        return try real.copyOut(sql, receive: receive)
    }

    func copyIn(_ sql: String, next: () throws -> [UInt8]?) throws -> Int64 {
        try real.copyIn(sql, next: next)
    }
}
