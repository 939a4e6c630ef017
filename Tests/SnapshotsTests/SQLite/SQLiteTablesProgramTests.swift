import Database
import Foundation
import TestSupport
import Testing

/// `restore --only` on an SQLite file as a user runs it.
@Suite struct SQLiteTablesProgramTests {
    private let place: SQLitePlace

    init() throws {
        place = try SQLitePlace([
            "CREATE TABLE t (id integer PRIMARY KEY, v text)", "CREATE TABLE \"Odd one\" (i)",
            """
            INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
            WHERE i < 500) SELECT i, hex(randomblob(40)) FROM n
            """,
        ])
        let taken = try MigrateProgram.run(
            ["snapshot", "create", "--url", "sqlite:live.db"], in: place.folder.path)
        #expect(taken.status == 0, "\(taken)")
        try place.run(["DELETE FROM t WHERE id > 3"])
    }

    private func restore(
        _ arguments: String..., fault: MigrateProgram.Fault? = nil
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            ["restore", "latest", "--url", "sqlite:live.db"] + arguments, in: place.folder.path,
            fault: fault)
    }

    private func rows() throws -> Int64? { try place.rows("SELECT count(*) FROM t")[0][0].integer }

    @Test func `what is replaced is said, and can be brought back`() throws {
        let asked = try restore("--only", "t")
        #expect(asked.status == 9)
        #expect(asked.errors.contains("replace the 3 rows of t"), "\(asked)")
        let done = try restore("--only", "main.T", "--yes", "--json")
        #expect(done.status == 0, "\(done)")
        let facts = try #require(done.json()["restore"] as? [String: Any])
        #expect(facts["replaced"] as? [String] == ["t"])
        #expect(try rows() == 500)
        let before = try #require(facts["snapshot_before"] as? String)
        let back = try MigrateProgram.run(
            [
                "restore", before, "--only", "t", "--no-snapshot-before", "--yes", "--url",
                "sqlite:live.db",
            ], in: place.folder.path)
        #expect(back.status == 0, "\(back)")
        #expect(try rows() == 3)
    }

    @Test func `an unknown table is a mistake of usage`() throws {
        let result = try restore("--only", "t", "--only", "\"Odd ones\"", "--yes")
        #expect(result.status == 2)
        #expect(result.errors.contains("\"Odd one\""), "\(result)")
        #expect(try rows() == 3)
    }

    @Test func `in place is what every restore of a file is`() throws {
        let result = try restore("--in-place", "--yes")
        #expect(result.status == 0, "\(result)")
        #expect(try rows() == 500)
    }

    @Test func `a killed program leaves the old rows or the new ones`() throws {
        var (killed, number) = (0, 1)
        while true {
            let result = try restore(
                "--only", "t", "--no-snapshot-before", "--yes",
                fault: .init(.signal(SIGKILL), at: number))
            let there = try rows()
            #expect(there == 3 || there == 500)
            if result.status == 0 { break }
            #expect(result.signal == SIGKILL, "\(result)")
            killed += 1
            number += max(1, number / 8)
            try place.run(["DELETE FROM t WHERE id > 3"])
        }
        #expect(killed > 10)
        #expect(try rows() == 500)
        #expect(try place.rows("PRAGMA integrity_check")[0][0].string == "ok")
    }
}
