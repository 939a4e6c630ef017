import Database
import SQLiteDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Some tables of a snapshot, restored into an SQLite database.
@Suite struct SQLiteTablesTests {
    private struct Stop: Error {}

    private let place: SQLitePlace
    private let manifest: Manifest

    init() throws {
        place = try SQLitePlace([
            "CREATE TABLE parent (id integer PRIMARY KEY, v text UNIQUE)",
            """
            CREATE TABLE child (id integer PRIMARY KEY AUTOINCREMENT, p integer NOT NULL
            REFERENCES parent (id), twice AS (p * 2))
            """,
            "CREATE TABLE keys (k text PRIMARY KEY, v) WITHOUT ROWID",
            "CREATE TABLE log (line)", "CREATE INDEX of_parent ON child (p)",
            "CREATE TRIGGER noted AFTER INSERT ON child BEGIN INSERT INTO log VALUES (new.id); END",
            "CREATE VIEW seen AS SELECT v FROM parent",
            "INSERT INTO parent VALUES (1, 'a'), (2, 'b')", "INSERT INTO child (p) VALUES (1), (2)",
            "INSERT INTO keys VALUES ('x', 1), ('y', NULL)", "DELETE FROM log",
            "INSERT INTO log (rowid, line) VALUES (7, 'seven')",
            "CREATE VIRTUAL TABLE words USING fts5 (w)", "INSERT INTO words VALUES ('hello')",
        ])
        manifest = try place.take()
    }

    private func restore(
        _ names: String..., to path: String? = nil,
        set: (inout SQLiteTablesRestore) -> Void = { _ in }
    ) throws -> SQLiteTablesRestore.Report {
        let repository = try Repository.open(place.place)
        let snapshot = try SQLiteSnapshotFile(
            manifest, of: repository, files: SQLiteFiles(), cancellation: Cancellation(),
            observer: SnapshotObserver())
        var restore = SQLiteTablesRestore(
            names, of: snapshot, to: path ?? place.path, files: SQLiteFiles())
        set(&restore)
        return try restore.run()
    }

    private func number(_ sql: String, of path: String? = nil) throws -> Int64? {
        try place.rows(sql, of: path)[0][0].integer
    }

    @Test func `a dropped table comes back with indexes, triggers and its sequence`() throws {
        try place.run(["DROP TABLE child", "INSERT INTO parent VALUES (3, 'c')"])
        let report = try restore("child")
        #expect(report.created == ["child"] && report.rows == 2)
        #expect(try number("SELECT count(*) FROM child") == 2)
        #expect(try number("SELECT sum(twice) FROM child") == 6)
        #expect(
            try number("SELECT count(*) FROM sqlite_master WHERE name IN ('of_parent', 'noted')")
                == 2)
        #expect(try number("SELECT count(*) FROM parent") == 3)
        #expect(try number("SELECT count(*) FROM log") == 1)
        try place.run(["INSERT INTO child (p) VALUES (1)"])
        #expect(try number("SELECT max(id) FROM child") == 3)
    }

    @Test func `rows are replaced, and no trigger fires`() throws {
        try place.run([
            "DELETE FROM child", "INSERT INTO child (id, p) VALUES (50, 1)",
            "DELETE FROM keys WHERE k = 'x'", "DELETE FROM log",
        ])
        let report = try restore("child", "keys", "log")
        #expect(report.replaced == ["child", "keys", "log"])
        #expect(report.replacedRows == 2)
        #expect(report.remarks.contains { $0.contains("'noted'") })
        #expect(
            try place.rows("SELECT id, p FROM child") == [
                [.integer(1), .integer(1)], [.integer(2), .integer(2)],
            ])
        #expect(try number("SELECT count(*) FROM keys WHERE v IS NULL") == 1)
        #expect(try place.rows("SELECT rowid, line FROM log") == [[.integer(7), .text("seven")]])
        #expect(try number("SELECT seq FROM sqlite_sequence WHERE name = 'child'") == 2)
        try place.run(["INSERT INTO child (p) VALUES (1)"])
        #expect(try number("SELECT count(*) FROM log") == 2)
    }

    @Test func `a row that breaks a foreign key rolls all back`() throws {
        try place.run(["DELETE FROM child", "DELETE FROM parent WHERE id = 2"])
        let error = #expect(throws: SnapshotError.self) { _ = try restore("keys", "child") }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("'child'") == true)
        #expect(error?.message.contains("rowid 2") == true)
        #expect(try number("SELECT count(*) FROM child") == 0)
        #expect(try restore("child", "parent").rows == 4)
        // And the other way: rows that would lose what they refer to.
        try place.run([
            "INSERT INTO parent VALUES (9, 'i')", "INSERT INTO child (p) VALUES (9)",
        ])
        #expect(throws: SnapshotError.self) { _ = try restore("parent") }
        #expect(try number("SELECT count(*) FROM parent") == 3)
    }

    @Test func `a foreign key to a table that is not there is reported`() throws {
        try place.run([
            "PRAGMA foreign_keys=OFF", "DROP TABLE child", "DROP VIEW seen", "DROP TABLE parent",
        ])
        let report = try restore("child")
        #expect(report.remarks.contains { $0.contains("'parent'") })
        #expect(try number("SELECT count(*) FROM child") == 2)
    }

    @Test func `another definition is refused with what differs`() throws {
        try place.run(["ALTER TABLE keys ADD COLUMN extra int"])
        let error = #expect(throws: SnapshotError.self) { _ = try restore("keys") }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("'extra INT'") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("--into") == true)
    }

    @Test func `virtual tables and what they are made of are refused`() throws {
        for name in ["words", "words_content"] {
            let error = #expect(throws: SnapshotError.self) { _ = try restore(name) }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("virtual table") == true)
        }
    }

    @Test func `nobody writes from before the snapshot to the end, and a failure leaves all`()
        throws
    {
        try place.run(["DELETE FROM child", "DROP TABLE keys"])
        var write: (any Error)?
        var seen: Int64?
        #expect(throws: SnapshotError.self) {
            _ = try restore("child", "keys") { restore in
                restore.beforeReplacing = {
                    seen = try number("SELECT count(*) FROM parent")
                    let other = try SQLiteConnection(
                        SQLiteURL(path: place.path), mode: .existing, busyTimeout: .zero)
                    defer { other.close() }
                    do {
                        try other.query("INSERT INTO parent VALUES (5, 'e')")
                    } catch {
                        write = error
                    }
                    throw Stop()
                }
            }
        }
        #expect(seen == 2)
        #expect((write as? DatabaseError)?.code == .lockTimeout)
        #expect(try number("SELECT count(*) FROM child") == 0)
        #expect(try number("SELECT count(*) FROM sqlite_master WHERE name = 'keys'") == 0)
    }

    @Test func `a new file has the tables and no others`() throws {
        let path = place.folder.file("new.db")
        let report = try restore("child", to: path)
        #expect(report.created == ["child"])
        #expect(report.remarks.contains { $0.contains("'parent'") })
        #expect(try number("SELECT count(*) FROM child", of: path) == 2)
        #expect(
            try number(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                of: path) == 1)
    }
}
