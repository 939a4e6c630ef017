import Foundation
import TestSupport
import Testing

/// The snapshot that `up` begins with.
@Suite struct SnapshotBeforeTests {
    private static let rule = "snapshot: { before: up }"

    @Test(arguments: SurfaceDatabase.allCases)
    func `it is taken under the lock, told of, kept until it is confirmed`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try ReleaseProject(database, production: Self.rule)
        let first = try project.migrate("production", "up", "--json")
        first.expect(0)
        let one = try #require(first.json()["snapshot_before"] as? String)
        #expect(try project.snapshots() == [one])
        #expect(
            try project.log("production") == ["stamp success", "snapshot success", "up success"])
        try project.migrate("production", "up").expect(0)
        #expect(try project.snapshots() == [one])
        // Pinned: neither deleted nor pruned.
        let kept = try project.migrate("production", "snapshot", "delete", one, "--yes")
        kept.expect(9)
        kept.expectError(
            "error: the snapshot '\(one)' is the way back of a release\nhint: 'migrate")
        try project.migrate("production", "snapshot", "create").expect(0)
        try project.migrate("production", "snapshot", "prune", "--keep-last", "1", "--yes").expect(
            0)
        #expect(try project.snapshots().count == 2)
        try project.migrate("production", "snapshot", "verify").expect(0)
        let confirmed = try project.migrate("production", "confirm")
        confirmed.expect(0)
        #expect(confirmed.output == "confirmed; \(one) may go\n")
        try project.migrate("production", "confirm").expect(0)
        #expect(try project.log("production").last == "confirm success")
        try project.migrate("production", "snapshot", "prune", "--keep-last", "1", "--yes").expect(
            0)
        #expect(try !project.snapshots().contains(one))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a run that fails names it, and it brings back what was there`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try ReleaseProject(database, production: Self.rule)
        try project.migrate("production", "up").expect(0)
        try project.rows("production", "INSERT INTO a VALUES (1), (2)")
        let one = try project.snapshots()
        try project.write("DELETE FROM a;", to: "002_b.up.sql")
        try project.write("SELECT nothing;", to: "003_c.up.sql")
        let failed = try project.migrate("production", "up")
        failed.expect(6)
        let two = try #require(project.snapshots().last)
        #expect(try project.snapshots() == one + [two])
        failed.expectError("  the snapshot of before is \(two)\n")
        #expect(
            try project.rows(
                "production", "SELECT details FROM schema_migrations_log WHERE action = 'run'")
                == ["the snapshot of before is \(two)"])
        let again = try project.migrate("production", "up", "--json")
        again.expect(6)
        #expect(try again.json()["snapshot_before"] as? String == project.snapshots().last)
        try project.migrate("production", "restore", two, "--yes").expect(0)
        #expect(try project.rows("production", "SELECT x FROM a ORDER BY 1") == ["1", "2"])
        // A run that ends well lets the earlier ways back go.
        try project.write("SELECT 1;", to: "003_c.up.sql")
        try project.migrate("production", "up").expect(0)
        for name in try project.snapshots().dropLast() {
            try project.migrate("production", "snapshot", "delete", name, "--yes").expect(0)
        }
        let last = try #require(project.snapshots().last)
        try project.migrate("production", "snapshot", "delete", last, "--yes").expect(9)
    }

    @Test func `where it cannot be taken, nothing runs`() throws {
        let project = try ReleaseProject(.sqlite, production: Self.rule)
        try project.folder.folder("snapshots")
        try project.folder.write("mine", to: "snapshots/notes.txt")
        let refused = try project.migrate("production", "up")
        refused.expect(9)
        refused.expectError("error: no snapshot could be taken, and nothing ran: the folder '")
        #expect(try project.rows("production", "SELECT * FROM schema_migrations") == [])
        try FileManager.default.removeItem(atPath: project.folder.file("snapshots/notes.txt"))
        // A rehearsal needs none.
        try project.migrate("production", "up", "--dry-run").expect(0)
        #expect(try project.snapshots() == [])
        try project.configure(production: "snapshot: { before: up, strategy: schema }")
        let schema = try project.migrate("production", "up")
        schema.expect(9)
        schema.expectError("error: an SQLite file has no snapshot of its schema alone\n")
        try project.configure(production: "snapshot: { before: up, strategy: none }")
        try project.migrate("production", "up").expect(0)
        #expect(try project.snapshots() == [])
    }

    @Test func `what the policy does not keep goes after a run that ended well`() throws {
        let project = try ReleaseProject(
            .sqlite, production: "snapshot: { before: up, keep: { last: 2 } }")
        for number in 2...5 {
            try project.write("SELECT \(number);", to: "00\(number)_m.up.sql")
            try project.migrate("production", "up", "--to", String(number)).expect(0)
        }
        #expect(try project.snapshots().count == 2)
        try project.migrate("staging", "snapshot", "create").expect(4)
        try project.migrate("production", "snapshot", "verify").expect(0)
        try project.migrate("production", "audit", "--verify").expect(0)
    }

    @Test func `a schema alone, on PostgreSQL`() throws {
        let project = try ReleaseProject(
            .postgres, production: "snapshot: { before: up, strategy: schema }")
        try project.migrate("production", "up").expect(0)
        try project.rows("production", "INSERT INTO a VALUES (1)")
        try project.write("SELECT 1;", to: "002_b.up.sql")
        try project.migrate("production", "up").expect(0)
        let shown = try project.migrate(
            "production", "snapshot", "show", try #require(project.snapshots().last), "--json")
        let snapshot = try #require(shown.json()["snapshot"] as? [String: Any])
        #expect(snapshot["rows"] as? Int == 0)
    }
}
