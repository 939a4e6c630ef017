import Database
import Foundation
import PostgresDriver
import SQLiteDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// `scripts/restore-by-hand`: standard tools restore a snapshot without the program.
@Suite struct RestoreByHandTests {
    private static let script =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/restore-by-hand").path

    private func restore(
        _ repository: String, _ id: String, _ target: String, in folder: TemporaryFolder
    ) throws -> ProgramResult {
        try SystemProgram.run(
            [Self.script, repository, id, target], in: folder.path,
            environment: ["TMPDIR": folder.path])
    }

    @Test(arguments: [Codec.zstd, .gzip])
    func `an SQLite file`(codec: Codec) throws {
        let place = try SQLitePlace()
        _ = try Repository.openOrCreate(place.place, codec: codec)
        let id = try place.take().id.text
        let result = try restore(place.place.path, id, "new.db", in: place.folder)
        #expect(result.status == 0, "\(result)")
        let path = place.folder.file("new.db")
        #expect(try place.rows(of: path) == place.rows())
        #expect(try place.rows("PRAGMA integrity_check", of: path) == [["ok"]])
        #expect(try restore(place.place.path, id, "new.db", in: place.folder).status == 1)
        let name = try #require(place.files().first { $0.hasPrefix("chunks/") })
        var bytes = try place.bytes(name)
        bytes[bytes.count / 2] ^= 1
        try place.write(bytes, to: name)
        #expect(try restore(place.place.path, id, "other.db", in: place.folder).status != 0)
        #expect(!place.folder.has("other.db"))
    }

    @Test func `a PostgreSQL database`() throws {
        let (source, folder, chunks) = try (TestDatabase(), TemporaryFolder(), MemoryChunks())
        for sql in [
            "CREATE TABLE \"odd \"\"one\" (\"a b\" int PRIMARY KEY, v text)",
            "INSERT INTO \"odd \"\"one\" VALUES (1, E'\\\\.'), (2, E'a\\tb\\n'), (3, NULL), (4, 'ü')",
            "CREATE TABLE big AS SELECT i, md5(i::text) AS m FROM generate_series(1, 3000) i",
            "CREATE TABLE nothing ()", "INSERT INTO nothing DEFAULT VALUES",
            "CREATE TABLE i (i interval, m money, x xml, b bytea)",
            "INSERT INTO i VALUES ('-1 mon +3 days -04:05:06.789', '-12.34', 'text', '\\x00ff')",
            "CREATE SEQUENCE s", "SELECT setval('s', 9223372036854775807)",
            "CREATE TABLE child (r int REFERENCES \"odd \"\"one\")", "INSERT INTO child VALUES (2)",
            "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM big", "CREATE INDEX ON big (m)",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''x''; -- \\q'",
            "GRANT SELECT ON big TO PUBLIC", "ALTER DATABASE \(source.name) SET work_mem = '7MB'",
            "SELECT lo_from_bytea(77, decode(repeat('00ff27', 200000), 'hex'))",
        ] { try source.connect().query(sql) }
        let taken = try MigrateProgram.run(
            ["snapshot", "create", "--url", source.url.text, "--json"], in: folder.path)
        let id = try #require((taken.json()["snapshot"] as? [String: Any])?["id"] as? String)
        let copy = try TestDatabase()
        let result = try restore(folder.file("snapshots"), id, copy.url.text, in: folder)
        #expect(result.status == 0, "\(result)")
        let wanted = try source.take(into: chunks).facts(chunks)
        #expect(try copy.take(into: chunks).facts(chunks) == wanted)
        // A second time it meets what is there, and psql stops.
        #expect(try restore(folder.file("snapshots"), id, copy.url.text, in: folder).status != 0)
    }
}
