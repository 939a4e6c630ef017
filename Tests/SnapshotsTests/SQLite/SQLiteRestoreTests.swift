import Database
import Foundation
import SQLiteDriver
import SnapshotFormat
import Snapshots
import Synchronization
import TestSupport
import Testing

/// SQLite databases come back as they were, and nobody sees half of one.
@Suite struct SQLiteRestoreTests {
    static let kinds: [[String]] = [
        SQLitePlace.sample,
        ["PRAGMA journal_mode=WAL"] + SQLitePlace.sample.dropFirst(),
        [
            "PRAGMA application_id=7", "PRAGMA user_version=-3",
            "CREATE TABLE t (id integer PRIMARY KEY, v text) WITHOUT ROWID",
            "INSERT INTO t VALUES (1, 'it''s')",
            "CREATE TABLE \"a\"\"b\n\" (x integer, y integer GENERATED ALWAYS AS (x * 2)) STRICT",
            "INSERT INTO \"a\"\"b\n\" VALUES (4)", "CREATE VIRTUAL TABLE f USING fts5(words)",
            "INSERT INTO f VALUES ('hello world')",
            "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)", "INSERT INTO r VALUES (1, 0, 2)",
            "CREATE VIEW w AS SELECT v FROM t",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM f; END",
        ],
        [
            "PRAGMA encoding='UTF-16le'", "PRAGMA page_size=65536",
            "PRAGMA auto_vacuum=INCREMENTAL",
            "CREATE TABLE t (id integer PRIMARY KEY, v)",
            """
            INSERT INTO t VALUES (1, 9e999), (2, -9e999), (3, x'00ff00'), (4, 'ü\u{1F600}'),
            (5, CAST(x'610000006200' AS text)), (6, 9223372036854775807), (7, NULL), (8, ''),
            (9, x''), (10, -9223372036854775807 - 1), (11, 0.1), (12, 5e-324)
            """,
        ],
    ]

    static func dump(_ path: String) throws -> String {
        let connection = try SQLiteTestDatabase.open(path: path, .existing)
        defer { connection.close() }
        var lines = try connection.query("SELECT type, name, sql FROM sqlite_master ORDER BY name")
            .rows.map { "\($0)" }
        for name in try connection.query("SELECT name FROM sqlite_master WHERE type = 'table'").rows
        {
            let quoted = (name[0].string ?? "").replacingOccurrences(of: "\"", with: "\"\"")
            lines += try connection.query("SELECT * FROM \"\(quoted)\"").rows.map { "\($0)" }
        }
        for pragma in [
            "application_id", "user_version", "page_size", "journal_mode", "encoding",
            "auto_vacuum",
        ] {
            lines.append("\(try connection.query("PRAGMA \(pragma)").rows)")
        }
        return lines.joined(separator: "\n")
    }

    @Test(arguments: kinds) func `a database comes back as it was`(_ statements: [String]) throws {
        let place = try SQLitePlace(statements)
        let before = try Self.dump(place.path)
        let id = try place.take().id
        #expect(try Self.dump(place.path) == before)
        try place.run(["DROP TABLE t", "CREATE TABLE other (x)"])
        let changed = try Self.dump(place.path)
        let done = try place.restore(id)
        #expect(try Self.dump(place.path) == before)
        let kept = try #require(done.kept)
        #expect(
            try Self.dump(kept).replacingOccurrences(of: "persist", with: "wal")
                == changed.replacingOccurrences(of: "persist", with: "wal"))
        let copy = place.folder.file("copy.db")
        #expect(try place.restore(id, to: copy).kept == nil)
        #expect(try Self.dump(copy) == before)
    }

    @Test func `what was kept stays until it is forgotten, and is not overwritten`() throws {
        let place = try SQLitePlace()
        let id = try place.take().id
        try place.run(["UPDATE t SET v = 'later'"])
        try place.restore(id)
        #expect(try place.besides() == ["live.db_before_\(id.text)"])
        #expect(throws: SnapshotError.self) { try place.restore(id) }
        #expect(
            try place.rows(of: place.path + "_before_\(id.text)")
                == [[.integer(1), .text("later")], [.integer(2), .text("later")]])
        #expect(try SQLiteTarget(place.path).cleanUp(SQLiteFiles()) == [])
        try SQLiteTarget(place.path).forget(id)
        #expect(try place.besides() == [])
    }

    @Test func `a target that would be spoilt is refused`() throws {
        let place = try SQLitePlace()
        let id = try place.take().id
        let stray = try place.folder.write("x", to: "gone.db-wal")
        #expect(throws: SnapshotError.self) {
            try place.restore(id, to: place.folder.file("gone.db"))
        }
        #expect(FileManager.default.fileExists(atPath: stray))
        let other = place.folder.file("wal.db")
        let wal = try SQLiteTestDatabase.open(path: other)
        try wal.query("PRAGMA page_size=4096")
        try wal.query("PRAGMA journal_mode=WAL")
        try wal.query("CREATE TABLE mine (x)")
        #expect(throws: SnapshotError.self) { try place.restore(id, to: other) }
        #expect(try wal.query("SELECT count(*) FROM mine").rows.count == 1)
        wal.close()
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `readers see the old database or the new one`(_ mode: String) throws {
        let place = try SQLitePlace([
            "PRAGMA journal_mode=\(mode)", "CREATE TABLE t (id integer PRIMARY KEY, v text)",
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                + "INSERT INTO t SELECT i, 'old' || hex(zeroblob(100)) FROM n",
        ])
        let id = try place.take().id
        try place.run(["UPDATE t SET v = 'new' || hex(zeroblob(100))"])
        let isDone = Atomic(false)
        let seen = Mutex<Set<String>>([])
        let group = DispatchGroup()
        let path = place.path
        DispatchQueue.global().async(group: group) {
            guard let reader = try? SQLiteTestDatabase.open(path: path, .existing) else { return }
            while !isDone.load(ordering: .relaxed) {
                let sql = "SELECT group_concat(DISTINCT substr(v, 1, 3)) || count(*) FROM t"
                guard let row = try? reader.query(sql).rows.first else { continue }
                _ = seen.withLock { $0.insert(row[0].string ?? "none") }
            }
            reader.close()
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while seen.withLock(\.isEmpty), ContinuousClock.now < deadline { usleep(1000) }
        try place.restore(id)
        isDone.store(true, ordering: .relaxed)
        group.wait()
        let contents = seen.withLock { $0 }
        #expect(!contents.isEmpty)
        #expect(contents.isSubset(of: ["new3000", "old3000"]))
        #expect(try place.rows("SELECT count(*) FROM t WHERE v LIKE 'old%'") == [[.integer(3000)]])
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `a snapshot is one moment's truth while a writer commits`(_ mode: String) throws {
        let place = try SQLitePlace([
            "PRAGMA journal_mode=\(mode)", "CREATE TABLE a (n integer)", "INSERT INTO a VALUES (0)",
            "CREATE TABLE pad AS SELECT hex(zeroblob(200000)) AS x",
            "CREATE TABLE b (n integer)", "INSERT INTO b VALUES (0)",
        ])
        let isDone = Atomic(false)
        let commits = Atomic(0)
        let group = DispatchGroup()
        let path = place.path
        DispatchQueue.global().async(group: group) {
            guard let writer = try? SQLiteTestDatabase.open(path: path, .existing) else { return }
            while !isDone.load(ordering: .relaxed) {
                do {
                    try writer.run([
                        Step("BEGIN IMMEDIATE"), Step("UPDATE a SET n = n + 1"),
                        Step("UPDATE b SET n = n - 1"), Step("COMMIT"),
                    ])
                    commits.add(1, ordering: .relaxed)
                } catch {
                    _ = try? writer.query("ROLLBACK")
                }
            }
            writer.close()
        }
        let deadline = ContinuousClock.now + .seconds(30)
        for number in 0..<4 {
            while commits.load(ordering: .relaxed) < number * 3, ContinuousClock.now < deadline {
                usleep(500)
            }
            let copy = place.folder.file("copy\(number).db")
            try place.restore(try place.take().id, to: copy)
            #expect(
                try place.rows("SELECT a.n + b.n FROM a, b", of: copy) == [[.integer(0)]])
        }
        isDone.store(true, ordering: .relaxed)
        group.wait()
        #expect(commits.load(ordering: .relaxed) >= 9)
    }

    @Test func `a snapshot is dated after those that are there, whatever the clock says`() throws {
        let place = try SQLitePlace()
        let first = try place.take()
        let repository = try Repository.open(place.place)
        let early = Timestamp(milliseconds: 1_000_000_000_000)
        let writer = try SnapshotWriter(
            repository, SnapshotTitle(environment: "local", toolVersion: "1"), now: early)
        #expect(writer.isClockBehind)
        #expect(writer.createdAt.text > first.createdAt)
    }
}
