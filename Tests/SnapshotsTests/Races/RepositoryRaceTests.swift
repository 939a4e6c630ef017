import Database
import Dispatch
import Foundation
import SQLiteDriver
import SnapshotFormat
import Snapshots
import Synchronization
import TestSupport
import Testing

/// Commands that work on one repository at the same time lose no chunk.
@Suite struct RepositoryRaceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for number in 0..<4 { try fill(number, round: 0) }
    }

    /// Gives a database rows that others have as well, and some of its own.
    private func fill(_ number: Int, round: Int) throws {
        let connection = try SQLiteTestDatabase.open(path: folder.file("\(number).db"))
        defer { connection.close() }
        for statement in [
            "CREATE TABLE IF NOT EXISTS t (i integer PRIMARY KEY, v text)", "DELETE FROM t",
            """
            INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
            WHERE i < 500) SELECT i, '\(number) of \(round)' FROM n
            """,
        ] {
            try connection.query(statement)
        }
    }

    private func content(_ name: String) throws -> [String?] {
        let connection = try SQLiteTestDatabase.open(path: folder.file(name), .existing)
        defer { connection.close() }
        return try connection.query("SELECT count(*), min(v), max(v) FROM t").rows[0].values
            .map(\.string)
    }

    private func migrate(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(arguments, in: folder.path)
    }

    /// Starts a command for each database, and waits for all.
    private func create() throws -> [ProgramResult] {
        try (0..<4).map { number in
            try MigrateProgram.start(
                ["snapshot", "create", "--label", "\(number)", "--url", "sqlite:\(number).db"],
                in: folder.path)
        }.map { $0.wait() }
    }

    private func list() throws -> [(id: String, label: String)] {
        let listed = try migrate("snapshot", "list", "--json")
        #expect(listed.status == 0, "\(listed)")
        let snapshots = try listed.json()["snapshots"] as? [[String: Any]] ?? []
        return snapshots.compactMap { snapshot in
            guard let id = snapshot["id"] as? String else { return nil }
            return (id, snapshot["label"] as? String ?? "")
        }
    }

    private func expectSound() throws {
        let verified = try migrate("snapshot", "verify")
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `snapshots that are taken at once into a new repository are all there`() throws {
        for result in try create() { #expect(result.status == 0, "\(result)") }
        let snapshots = try list()
        #expect(snapshots.map(\.label).sorted() == ["0", "1", "2", "3"])
        try expectSound()
        for (id, label) in snapshots {
            let restored = try migrate("restore", id, "--into", "sqlite:copy\(label).db", "--yes")
            #expect(restored.status == 0, "\(restored)")
            let text = "\(label) of 0"
            #expect(try content("copy\(label).db") == ["500", text, text])
        }
    }

    @Test func `snapshots, deletions and prunes at the same time`() throws {
        let isDone = Mutex(false)
        let problems = Mutex<[String]>([])
        let group = DispatchGroup()
        let path = folder.path
        for arguments in [
            ["snapshot", "prune", "--grace", "0s", "--keep-last", "6", "--yes"],
            ["snapshot", "verify"],
        ] {
            DispatchQueue(label: "other").async(group: group) {
                while !isDone.withLock({ $0 }) {
                    do {
                        let result = try MigrateProgram.run(arguments, in: path)
                        // Before the first snapshot there is no repository.
                        guard ![0, 3].contains(result.status) else { continue }
                        problems.withLock { $0.append("\(arguments): \(result)") }
                    } catch {
                        problems.withLock { $0.append("\(arguments): \(error)") }
                    }
                }
            }
        }
        for round in 1...5 {
            for number in 0..<4 { try fill(number, round: round) }
            for result in try create() { #expect(result.status == 0, "\(result)") }
            if let oldest = try list().first {
                // The prune may have been faster.
                let deleted = try migrate("snapshot", "delete", oldest.id, "--yes")
                #expect([0, 11].contains(deleted.status), "\(deleted)")
            }
        }
        isDone.withLock { $0 = true }
        group.wait()
        #expect(problems.withLock { $0 } == [])
        try expectSound()
        let snapshots = try list()
        #expect(snapshots.count >= 4)
        for (id, label) in snapshots.suffix(4) {
            let restored = try migrate("restore", id, "--into", "sqlite:copy\(label).db", "--yes")
            #expect(restored.status == 0, "\(restored)")
            let text = "\(label) of 5"
            #expect(try content("copy\(label).db") == ["500", text, text])
        }
    }

    @Test func `what a restore or a check reads is not pruned, though it was deleted`() throws {
        for result in try create() { #expect(result.status == 0, "\(result)") }
        let place = RepositoryPlace(path: folder.file("snapshots"))
        let repository = try Repository.open(place)
        let id = try #require(list().first.flatMap { SnapshotID($0.id) })
        let manifest = try repository.manifest(id)
        let deleted = try migrate("snapshot", "delete", id.text, "--yes")
        #expect(deleted.status == 0, "\(deleted)")
        let refused = try migrate("snapshot", "prune", "--grace", "0s", "--lock-wait", "0s")
        #expect(refused.status == 5, "\(refused)")
        let waiting = try MigrateProgram.start(
            ["snapshot", "prune", "--grace", "0s", "--json"], in: folder.path)
        let restore = try SQLiteRestore(
            manifest, to: folder.file("copy.db"), files: SQLiteFiles())
        _ = try restore.run(repository.chunks)
        #expect(try content("copy.db")[0] == "500")
        repository.close()
        let pruned = waiting.wait()
        #expect(pruned.status == 0, "\(pruned)")
        #expect(try (pruned.json()["removed_chunks"] as? Int ?? 0) > 0)
        try expectSound()
    }

    @Test func `chunks of a snapshot that is on its way are not pruned`() throws {
        for result in try create() { #expect(result.status == 0, "\(result)") }
        let place = RepositoryPlace(path: folder.file("snapshots"))
        let repository = try Repository.openOrCreate(place)
        let writer = try SnapshotWriter(
            repository, SnapshotTitle(environment: "local", toolVersion: "1"))
        let chunk = try writer.chunks.write(Array("not in any manifest yet".utf8))
        let refused = try migrate("snapshot", "prune", "--grace", "0s", "--lock-wait", "0s")
        #expect(refused.status == 5, "\(refused)")
        #expect(try repository.chunks.read(chunk) == Array("not in any manifest yet".utf8))
        repository.close()
    }

    @Test func `a snapshot that is deleted while others look is no damage`() throws {
        let place = try SQLitePlace()
        let ids = try (0..<40).map { _ in try place.take().id }
        let group = DispatchGroup()
        let path = place.place
        DispatchQueue(label: "deleter").async(group: group) {
            guard let repository = try? Repository.open(path) else { return }
            for id in ids.dropFirst() { try? repository.delete(id) }
        }
        var counts: [Int] = []
        while counts.last != 1, counts.count < 10_000 {
            let repository = try Repository.open(path)
            let snapshots = try repository.snapshots()
            for snapshot in snapshots { _ = try snapshot.manifest.get() }
            counts.append(snapshots.count)
            repository.close()
        }
        group.wait()
        #expect(counts.last == 1)
        #expect(try place.check().isSound)
    }
}
