import Database
import Foundation
import PostgresDriver
import TestSupport
import Testing

/// `restore --in-place` and `restore --only` as a user runs them.
@Suite struct PostgresInPlaceProgramTests {
    private let database: TestDatabase
    private let folder: TemporaryFolder

    init() throws {
        database = try TestDatabase()
        folder = try TemporaryFolder()
        try database.connect().run([
            Step("CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 1000) i"),
            Step("CREATE TABLE \"Odd one\" (i int)"),
        ])
    }

    private func migrate(
        _ arguments: String..., yes: Bool = true, fault: MigrateProgram.Fault? = nil
    ) throws -> ProgramResult {
        try MigrateProgram.run(
            arguments + ["--url", database.url.text] + (yes ? ["--yes"] : []), in: folder.path,
            fault: fault)
    }

    private func rows() throws -> Int64? {
        try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer
    }

    private func restored(_ result: ProgramResult) throws -> [String: Any] {
        #expect(result.status == 0, "\(result)")
        return try #require(result.json()["restore"] as? [String: Any])
    }

    @Test func `what is replaced can be brought back by the snapshot of before`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        try database.connect().query("DELETE FROM t WHERE i > 10")
        let first = try restored(migrate("restore", "latest", "--in-place", "--json"))
        #expect(first["in_place"] as? Bool == true)
        #expect(first["rows"] as? Int == 1000)
        #expect(try rows() == 1000)
        let before = try #require(first["snapshot_before"] as? String)
        let second = try restored(
            migrate("restore", before, "--in-place", "--no-snapshot-before", "--json"))
        #expect(second["snapshot_before"] is NSNull)
        #expect(try rows() == 10)
        // The way back is none of the snapshots that 'latest' means.
        let third = try migrate("restore", "latest", "--in-place", "--no-snapshot-before")
        #expect(third.status == 0, "\(third)")
        #expect(third.errors.contains("passed over"))
        #expect(try rows() == 1000)
    }

    @Test func `a table by itself is said to be created or replaced`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        try database.connect().query("DROP TABLE t")
        let made = try restored(migrate("restore", "latest", "--only", "t", "--json"))
        #expect(made["created"] as? [String] == ["public.t"])
        #expect(made["snapshot_before"] is NSNull)
        try database.connect().query("DELETE FROM t")
        let filled = try restored(migrate("restore", "latest", "--only", "T", "--json"))
        #expect(filled["replaced"] as? [String] == ["public.t"])
        #expect(filled["snapshot_before"] is String)
        #expect(try rows() == 1000)
    }

    @Test func `the confirmation says what is replaced`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        let all = try migrate("restore", "latest", "--in-place", yes: false)
        #expect(all.status == 9)
        #expect(all.errors.contains("2 tables with 1000 rows"), "\(all)")
        #expect(all.errors.contains("A snapshot of what is there is taken first"))
        let one = try migrate("restore", "latest", "--only", "t", yes: false)
        #expect(one.status == 9)
        #expect(
            one.errors.contains("replace the rows of public.t, 1 table with 1000 rows"), "\(one)")
    }

    @Test func `an unknown table is a mistake of usage, and the nearest one is named`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        let result = try migrate("restore", "latest", "--only", "\"Odd ones\"", "--json")
        #expect(result.status == 2)
        let error = try #require(result.json()["error"] as? [String: Any])
        #expect(error["code"] as? String == "unknown_table")
        #expect((error["hint"] as? String)?.contains("public.\"Odd one\"") == true, "\(error)")
        #expect(try rows() == 1000)
    }

    @Test func `latest is the newest snapshot with rows, and one without is announced`() throws {
        #expect(try migrate("snapshot", "create", "--schema-only").status == 0)
        let warned = try migrate("restore", "latest", "--in-place", yes: false)
        #expect(warned.errors.contains("NO ROWS"), "\(warned)")
        #expect(try migrate("snapshot", "create").status == 0)
        #expect(try migrate("snapshot", "create", "--schema-only").status == 0)
        let result = try migrate("restore", "latest", "--in-place")
        #expect(result.status == 0, "\(result)")
        #expect(result.errors.contains("passed over"), "\(result)")
        #expect(try rows() == 1000)
        let refused = try migrate(
            "restore", "latest", "--only", "t", "--schema-only", "--no-snapshot-before")
        #expect(refused.status == 9, "\(refused)")
        #expect(try rows() == 1000)
    }

    @Test func `a killed program leaves the old content or the new`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        try database.connect().query("DELETE FROM t WHERE i > 10")
        var (killed, number) = (0, 1)
        while true {
            let result = try migrate(
                "restore", "latest", "--in-place", "--no-snapshot-before",
                fault: .init(.signal(SIGKILL), at: number, of: ["send"]))
            // What is left of its session ends with the connection.
            let there = try rows()
            #expect(there == 10 || there == 1000)
            if result.status == 0 { break }
            #expect(result.signal == SIGKILL, "\(result)")
            killed += 1
            number += max(1, number / 3)
        }
        #expect(killed > 3)
        #expect(try rows() == 1000)
    }

    @Test func `two restores in place at once come one after the other`() throws {
        #expect(try migrate("snapshot", "create").status == 0)
        let arguments = [
            "restore", "latest", "--in-place", "--no-snapshot-before", "--yes", "--url",
            database.url.text,
        ]
        let programs = try (0..<2).map { _ in
            try MigrateProgram.start(arguments, in: folder.path)
        }
        for program in programs { #expect(program.wait().status == 0) }
        #expect(try rows() == 1000)
    }
}
