import Database
import Foundation
import SQLiteDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// `snapshot export` of SQLite databases: the sqlite3 shell restores what the script holds.
@Suite struct SQLiteExportTests {
    private func script(_ place: SQLitePlace, _ id: SnapshotID) throws -> [UInt8] {
        let repository = try Repository.open(place.place)
        let files = SQLiteFiles()
        let snapshot = try SQLiteSnapshotFile(
            try repository.manifest(id), of: repository, files: files,
            cancellation: Cancellation(), observer: SnapshotObserver())
        var bytes: [UInt8] = []
        _ = try SQLiteScript(snapshot, files: files).write { (piece) throws(SnapshotError) in
            bytes += piece
        }
        return bytes
    }

    private func restored(_ place: SQLitePlace, _ script: [UInt8]) throws -> String {
        let path = try place.folder.write(script, to: "script.sql")
        let result = try SystemProgram.run(
            ["sh", "-c", "exec sqlite3 -bail restored.db <\"$0\"", path], in: place.folder.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty, "\(result.errors)")
        return place.folder.file("restored.db")
    }

    /// Every definition and every row with its types, as SQLite itself writes them; `rowid` of tables
    /// that have one included.
    private func contents(_ place: SQLitePlace, _ path: String) throws -> [[DatabaseValue]] {
        var contents = try place.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name", of: path)
        for name in ["application_id", "user_version", "page_size", "encoding", "journal_mode"] {
            contents += try place.rows("PRAGMA \(name)", of: path)
        }
        let tables = try place.rows(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' "
                + "AND type IN ('table', 'shadow') AND name <> 'sqlite_schema' ORDER BY name",
            of: path)
        for table in tables {
            let name = table[0].string ?? ""
            let columns = try place.rows(
                "SELECT name FROM pragma_table_xinfo('\(name.replacing("'", with: "''"))')",
                of: path
            ).compactMap { $0[0].string }.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
            let values = columns.map { "typeof(\($0)), hex(CAST(\($0) AS BLOB)), \($0)" }
            let rowid = table[1].integer == 0 ? ["rowid"] : []
            contents += try place.rows(
                "SELECT \((rowid + values).joined(separator: ", ")) "
                    + "FROM \"\(name.replacing("\"", with: "\"\""))\" NOT INDEXED", of: path)
        }
        return contents
    }

    private func expectSame(_ statements: [String]) throws {
        let place = try SQLitePlace(statements)
        let script = try script(place, place.take().id)
        let path = try restored(place, script)
        #expect(try contents(place, place.path) == contents(place, path))
        #expect(try place.rows("PRAGMA integrity_check", of: path) == [["ok"]])
    }

    @Test func `tables, indexes, triggers and views of every kind`() throws {
        try expectSame([
            "PRAGMA page_size=8192", "PRAGMA application_id=77", "PRAGMA user_version=-3",
            "CREATE TABLE parent (id integer PRIMARY KEY AUTOINCREMENT, v text COLLATE NOCASE)",
            "INSERT INTO parent VALUES (5, 'a'), (9, 'B')", "DELETE FROM parent WHERE id = 9",
            "PRAGMA foreign_keys=OFF",
            "CREATE TABLE child (p REFERENCES parent (id), \"odd \"\"name\" int)",
            "INSERT INTO child (rowid, p) VALUES (7, 5), (-1, 404)",
            "CREATE TABLE w (a text, b int, PRIMARY KEY (b DESC, a)) WITHOUT ROWID",
            "INSERT INTO w VALUES ('x', 1), ('y', 1), ('x', 2)",
            "CREATE TABLE s (i integer, r real, t text, b blob, a any) STRICT",
            "INSERT INTO s VALUES (1, 1, '1', x'31', '1'), (2, 2.5, '', x'', 1)",
            "CREATE TABLE g (a int, b int AS (a + 1), c int AS (a * 2) STORED, CHECK (a < 10))",
            "INSERT INTO g VALUES (1), (2)", "CREATE UNIQUE INDEX i ON parent (v, id DESC)",
            "CREATE INDEX part ON child (p) WHERE p > 3", "CREATE INDEX e ON g (a + b)",
            "CREATE VIEW v AS SELECT ';' AS x, * FROM parent",
            "CREATE TRIGGER tr AFTER INSERT ON parent BEGIN INSERT INTO child VALUES (new.id, 1); "
                + "SELECT 'END;'; END",
            "CREATE TABLE \"rowid\" (rowid text, _rowid_ int)",
            "INSERT INTO \"rowid\" VALUES ('x', 1)", "ANALYZE",
        ])
    }

    @Test func `every value comes back as it was`() throws {
        let numbers = [
            "0.1", "-0.5", "1e300", "5e-324", "1.7976931348623157e308", "2.2250738585072014e-308",
            "9e999", "-9e999", "123456789012345.67", "1e22", "3.0", "1e-7",
            "4.9406564584124654e-324",
            "0.30000000000000004", "100.0/3.0", "1e15", "9007199254740993.0",
        ]
        let integers = ["9223372036854775807", "-9223372036854775808", "0"]
        let texts = [
            "''", "'it''s'", "'a' || char(10) || 'b'", "'a' || char(13, 10) || '.shell x'",
            "'NUL' || char(0) || 'x'", "CAST(x'ff80' AS TEXT)", "'12'", "'ü€𐍈'",
            "'\"' || char(769)", "char(65279)", "x'00ff'", "x''", "NULL",
            "char(10) || '.shell touch escaped' || char(10)",
        ]
        try expectSame(
            ["CREATE TABLE t (v)"]
                + (numbers + integers + texts).map { "INSERT INTO t VALUES (\($0))" }
                + [
                    "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                        + "WHERE i < 500) SELECT (random() / 3.0) * pow(10, i % 40 - 20) FROM n"
                ])
    }

    @Test func `a database in UTF-16 and in WAL mode`() throws {
        try expectSame([
            "PRAGMA encoding='UTF-16le'", "PRAGMA journal_mode=WAL",
            "CREATE TABLE \"größe\" (v text)", "INSERT INTO \"größe\" VALUES ('ü€𐍈'), ('')",
        ])
    }

    @Test func `virtual tables are searched as before`() throws {
        let place = try SQLitePlace([
            "CREATE VIRTUAL TABLE f USING fts5(a, b)",
            "INSERT INTO f VALUES ('quick fox', 'x'), ('lazy dog', 'it''s')",
            "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)", "INSERT INTO r VALUES (1, 0, 10)",
        ])
        let path = try restored(place, script(place, place.take().id))
        #expect(try place.rows("SELECT a FROM f WHERE f MATCH 'fox'", of: path) == [["quick fox"]])
        #expect(try place.rows("SELECT id FROM r WHERE x0 < 5", of: path) == [[1]])
        #expect(try contents(place, place.path) == contents(place, path))
        _ = try place.rows("INSERT INTO f (f) VALUES ('integrity-check')", of: path)
    }

    @Test func `a definition that goes on behind its end is damage`() throws {
        let place = try SQLitePlace(["CREATE TABLE t (a)"])
        try place.run([
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_master SET sql = sql || ';' || char(10) || '.shell touch escaped' || char(10)",
        ])
        let id = try place.take().id
        let error = #expect(throws: SnapshotError.self) { try script(place, id) }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("'t'") == true)
    }
}
