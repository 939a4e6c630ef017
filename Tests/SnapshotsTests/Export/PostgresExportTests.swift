import Database
import Foundation
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// `snapshot export` of PostgreSQL databases: psql restores what the script holds.
@Suite struct PostgresExportTests {
    private let folder: TemporaryFolder
    private let chunks = MemoryChunks()

    init() throws { folder = try TemporaryFolder() }

    /// Names and texts that would be commands of psql, or end a quote or a comment, if they were let.
    private static let hostile = [
        "CREATE ROLE_", "a\nb", "\n\\! touch escaped\n", "-- x\n\\i y", "it's", "say \"x\"", "\\.",
        "q\"\u{301}", "$$", ":VERSION", "e\u{301}", "\u{E9}", "ends \\",
    ]

    private func manifest(_ content: PostgresContent, _ parts: [Part]?) throws -> Manifest {
        let id = try #require(
            SnapshotID(time: "2026-01-01T00:00:00Z", environment: "local", number: 1))
        return Manifest(
            id: id, repositoryID: String(repeating: "0", count: 32),
            createdAt: "2026-01-01T00:00:00.000Z", environment: "local", label: nil,
            toolVersion: "1",
            database: SourceDatabase(
                system: .postgresql, name: "x", version: content.serverVersion),
            parts: parts ?? content.parts)
    }

    private func script(
        _ content: PostgresContent, parts: [Part]? = nil,
        _ options: PostgresScript.Options = .init()
    ) throws -> [UInt8] {
        let collected = Collected()
        let export = try PostgresScript(manifest(content, parts), chunks, options)
        let done = try export.write { (bytes) throws(SnapshotError) in collected.add(bytes) }
        #expect(done.bytes == Int64(collected.bytes.count))
        return collected.bytes
    }

    private func psql(_ script: [UInt8], into database: String) throws -> ProgramResult {
        let path = try folder.write(script, to: "script.sql")
        let (host, port) = try PostgresServer.address()
        return try SystemProgram.run(
            [
                "psql", "-X", "-q", "-h", host, "-p", "\(port)", "-U", "postgres", "-d", database,
                "-f", path,
            ], in: folder.path)
    }

    /// Takes a snapshot, exports it, restores it with psql and takes a snapshot of that.
    private func roundTrip(
        _ statements: [String], options: String = ""
    ) throws -> (source: [String: String], copy: [String: String], script: [UInt8]) {
        let source = try TestDatabase(options: options)
        for statement in statements { try source.connect().query(statement) }
        let content = try source.take(into: chunks)
        let script = try script(content)
        let copy = try TestDatabase(options: options)
        let result = try psql(script, into: copy.name)
        #expect(result.status == 0, "\(result.errors)")
        return try (content.facts(chunks), copy.take(into: chunks).facts(chunks), script)
    }

    @Test func `names and values that would be commands are restored as they are`() throws {
        func identifier(_ text: String) -> String {
            "\""
                + String(decoding: text.utf8.flatMap { $0 == 34 ? [34, 34] : [$0] }, as: UTF8.self)
                + "\""
        }
        func literal(_ text: String) -> String {
            "'" + String(decoding: text.utf8.flatMap { $0 == 39 ? [39, 39] : [$0] }, as: UTF8.self)
                + "'"
        }
        var statements: [String] = []
        for text in Self.hostile {
            let name = identifier(text)
            statements += [
                "CREATE SCHEMA \(name)", "CREATE TABLE \(name).\(name) (\(name) text)",
                "COMMENT ON TABLE \(name).\(name) IS \(literal(text))",
                "INSERT INTO \(name).\(name) VALUES (\(literal(text))), (NULL), ('')",
                "CREATE SEQUENCE \(name).\(identifier(text + "_seq"))",
                "SELECT setval(\(literal(name + "." + identifier(text + "_seq"))), 7)",
                "CREATE FUNCTION \(name).f() RETURNS text LANGUAGE sql AS \(literal("SELECT " + literal(text)))",
            ]
        }
        let result = try roundTrip(statements)
        #expect(result.source == result.copy)
        #expect(result.source.count == Self.hostile.count + 1)
        #expect(!folder.has("escaped"))
    }

    @Test func `rows of every shape, large objects and sequences`() throws {
        let result = try roundTrip([
            "CREATE TABLE nothing ()", "INSERT INTO nothing SELECT FROM generate_series(1, 3)",
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, b bytea, "
                + "n numeric, f float8, d int GENERATED ALWAYS AS (length(v)) STORED)",
            "INSERT INTO t (v, b, n, f) SELECT repeat(chr(i), i), decode('00ff5c0a0d', 'hex'), "
                + "'NaN', '-0' FROM generate_series(1, 300) i",
            "CREATE TABLE child (id int REFERENCES t CHECK (id > 0), k text UNIQUE)",
            "INSERT INTO child VALUES (1, E'\\\\.'), (2, E'a\\tb\\nc\\r'), (3, '\\N')",
            "CREATE TABLE part (k text) PARTITION BY LIST (k)",
            "CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a')",
            "INSERT INTO part VALUES ('a')",
            "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t",
            "CREATE VIEW v AS SELECT * FROM child", "CREATE INDEX ON t (v)",
            "GRANT SELECT ON t TO PUBLIC",
            "SELECT lo_from_bytea(4000000001, decode(repeat('00ff27', 200000), 'hex'))",
            "SELECT lo_create(4000000002)",
            "COMMENT ON LARGE OBJECT 4000000001 IS 'large'",
        ])
        #expect(result.source == result.copy)
        #expect(result.copy.values.contains { $0.hasPrefix("300 ") })
    }

    @Test func `the rows of a LATIN1 database are its bytes`() throws {
        let options = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        let result = try roundTrip(
            ["CREATE TABLE \"größe\" (v text)", "INSERT INTO \"größe\" VALUES ('ÄÖÜ')"],
            options: options)
        #expect(result.source == result.copy)
        #expect(result.script.contains(0xC4))
    }

    @Test func `psql obeys no command inside, and no name is in a comment`() throws {
        let source = try TestDatabase()
        try source.connect().query("CREATE TABLE \"x\n\\! touch escaped\" (a int)")
        let bytes = try script(source.take(into: chunks))
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let fences = lines.filter { $0.hasPrefix("\\") && !$0.hasPrefix("\\!") }
        try #require(fences.count == 3)
        #expect(fences[0] == "\\set ON_ERROR_STOP on")
        let token = fences[1].dropFirst("\\restrict ".count)
        #expect(token.count == 32)
        #expect(fences[2] == "\\unrestrict \(token)")
        #expect(lines.filter { $0.hasPrefix("--") }.allSatisfy { !$0.contains("escaped") })
        let again = String(decoding: try script(source.take(into: chunks)), as: UTF8.self)
        #expect(!again.contains(token))
    }

    @Test func `a script with its own database sets what belongs to it`() throws {
        let source = try TestDatabase()
        let name = source.name
        for sql in [
            "CREATE TABLE t AS SELECT 1 AS a", "ALTER DATABASE \(name) SET work_mem = '7MB'",
            "COMMENT ON DATABASE \(name) IS 'mine'",
        ] { try source.connect().query(sql) }
        let script = try script(source.take(into: chunks), .init(createsDatabase: true))
        try PostgresServer.connect().query("DROP DATABASE \(name) WITH (FORCE)")
        let result = try psql(script, into: "postgres")
        #expect(result.status == 0, "\(result.errors)")
        let row = try source.connect().query(
            "SELECT current_setting('work_mem'), shobj_description(oid, 'pg_database'), "
                + "(SELECT a FROM t) FROM pg_database WHERE datname = current_database()"
        ).rows[0]
        #expect(row.values == ["7MB", "mine", "1"])
    }

    @Test func `an error stops psql, and what is there stays`() throws {
        let source = try TestDatabase()
        try source.connect().query("CREATE TABLE t AS SELECT 1 AS a")
        let script = try script(source.take(into: chunks))
        let other = try TestDatabase()
        try other.connect().query("CREATE TABLE t AS SELECT 2 AS a")
        let result = try psql(script, into: other.name)
        #expect(result.status == 3)
        #expect(result.errors.contains("already exists"))
        #expect(try other.connect().query("SELECT a FROM t").rows.map(\.values) == [["2"]])
    }

    @Test func `rows that are longer than a line of COPY are refused by the table's name`() throws {
        let source = try TestDatabase()
        try source.connect().query("CREATE TABLE big AS SELECT 1 AS a")
        let content = try source.take(into: chunks)
        let parts = content.changing("public.big") { $0["format"] = .text("binary") }
        let error = #expect(throws: SnapshotError.self) { try script(content, parts: parts) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("'public.big'") == true)
        #expect(throws: Never.self) {
            try script(content, parts: parts, .init(isSchemaOnly: true))
        }
    }

    @Test(arguments: ["1\n\\.\nDROP TABLE t;\n", "1\u{0}\n", "1\n2", "1\n2\n"])
    func `rows that are none of COPY's are damage, and never SQL`(rows: String) throws {
        let source = try TestDatabase()
        try source.connect().query("CREATE TABLE t AS SELECT 1 AS a")
        let content = try source.take(into: chunks)
        let chunk = try chunks.write(Array(rows.utf8))
        let parts = content.changing("public.t", slices: [Slice(chunk, continues: false)]) { _ in }
        let error = #expect(throws: SnapshotError.self) { try script(content, parts: parts) }
        #expect(error?.code == .damaged)
    }
}

/// Bytes that a closure collects.
private final class Collected {
    private(set) var bytes: [UInt8] = []
    func add(_ more: ArraySlice<UInt8>) { bytes += more }
}

extension PostgresContent {
    /// Its parts, that of a table changed.
    fileprivate func changing(
        _ name: String, slices: [Slice]? = nil, _ body: (inout [String: Property]) -> Void
    ) -> [Part] {
        parts.map { part in
            guard part.name == name else { return part }
            var properties = part.properties
            body(&properties)
            return Part(
                kind: part.kind, name: part.name, rows: part.rows, digest: part.digest,
                slices: slices ?? part.slices, properties: properties)
        }
    }
}
