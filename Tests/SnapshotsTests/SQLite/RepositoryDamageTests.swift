import Database
import Foundation
import SnapshotFormat
import Snapshots
import Storage
import Testing

/// Whatever happens to a file of a repository, a check finds it, and a restore before it touches
/// its target.
@Suite struct RepositoryDamageTests {
    let place: SQLitePlace
    let old: Manifest
    let new: Manifest

    init() throws {
        place = try SQLitePlace()
        old = try place.take("the older one")
        try place.run(["UPDATE t SET v = 'changed'"])
        new = try place.take()
        try place.run(["DELETE FROM t", "INSERT INTO t VALUES (9, 'live')"])
    }

    /// The new snapshot is found damaged, by a check and by a restore that leaves the target alone.
    func expectFound(_ what: String, _ id: SnapshotID? = nil) throws {
        let report = try? place.check()
        #expect(report?.isSound != true, "a check does not find \(what)")
        let live = try Data(contentsOf: URL(fileURLWithPath: place.path))
        #expect(throws: SnapshotError.self, "a restore does not find \(what)") {
            try place.restore(id ?? new.id)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.path)) == live)
        #expect(try place.besides() == [])
    }

    /// The files that the new snapshot rests on.
    func needed() throws -> [String] {
        let chunks = new.distinctChunks.map(\.objectName)
        return [RepositoryDescription.name, Manifest.objectName(new.id)] + chunks
    }

    @Test func `an undamaged repository is sound`() throws {
        #expect(try place.check().isSound)
        #expect(try place.check().snapshots.map(\.name) == [old.id.text, new.id.text])
        try place.restore(new.id)
        #expect(try place.rows("SELECT v FROM t") == [[.text("changed")], [.text("changed")]])
    }

    @Test func `every byte that is flipped is found`() throws {
        for name in try needed() {
            let whole = try place.bytes(name)
            for index in whole.indices {
                var bytes = whole
                bytes[index] ^= 1 << (index % 8)
                try place.write(bytes, to: name)
                try expectFound("byte \(index) of \(name)")
            }
            try place.write(whole, to: name)
        }
    }

    @Test func `a file that is cut, longer, empty or gone is found`() throws {
        for name in try needed() {
            let whole = try place.bytes(name)
            for bytes in [[], Array(whole.dropLast()), Array(whole.prefix(100)), whole + [0]] {
                try place.write(bytes, to: name)
                try expectFound("\(bytes.count) bytes of \(name)")
            }
            try FileManager.default.removeItem(atPath: "\(place.place.path)/\(name)")
            let id = new.id
            #expect(throws: SnapshotError.self) { try place.restore(id) }
            if name != Manifest.objectName(id) { #expect((try? place.check())?.isSound != true) }
            #expect(throws: SnapshotError.self) {
                var check = RepositoryCheck(try Repository.open(place.place))
                let report = try check.run([id.text])
                if !report.isSound { throw SnapshotError(.damaged, "found") }
            }
            try place.write(whole, to: name)
        }
    }

    @Test func `files that are swapped, and older versions, are found`() throws {
        for (one, other) in [
            (Manifest.objectName(new.id), Manifest.objectName(old.id)),
            (new.distinctChunks[0].objectName, old.distinctChunks[0].objectName),
            (Manifest.objectName(new.id), new.distinctChunks[0].objectName),
        ] {
            let (first, second) = (try place.bytes(one), try place.bytes(other))
            try place.write(second, to: one)
            try expectFound("\(other) as \(one)")
            try place.write(first, to: other)
            try expectFound("\(other) and \(one) swapped")
            try place.write(first, to: one)
            try place.write(second, to: other)
        }
    }

    @Test func `a file of another repository is found`() throws {
        let other = try SQLitePlace()
        let foreign = try other.take()
        let bytes = try other.bytes(Manifest.objectName(foreign.id))
        try place.write(bytes, to: Manifest.objectName(foreign.id))
        #expect(try place.check().isSound == false)
        let whole = try place.bytes(RepositoryDescription.name)
        try place.write(try other.bytes(RepositoryDescription.name), to: RepositoryDescription.name)
        try expectFound("the description of another repository")
        try place.write(whole, to: RepositoryDescription.name)
    }

    @Test func `a stranger's file is named`() throws {
        try place.write([1], to: "notes.txt")
        #expect(try place.check().damage.map(\.object) == ["notes.txt"])
    }

    @Test func `a damaged manifest stops no other snapshot, and pruning altogether`() throws {
        try place.write([1, 2, 3], to: Manifest.objectName(old.id))
        let repository = try Repository.open(place.place, .exclusive)
        let listed = try repository.snapshots()
        #expect(listed.map(\.name) == [old.id.text, new.id.text])
        #expect((try? listed[0].manifest.get()) == nil)
        #expect(try listed[1].manifest.get() == new)
        #expect(throws: SnapshotError.self) {
            try repository.prunePlan(RetentionPolicy(), grace: .zero)
        }
        try repository.delete(old.id)
        let plan = try repository.prunePlan(RetentionPolicy(), grace: .zero)
        #expect(plan.chunks.count == 1)
        try repository.prune(plan)
        repository.close()
        #expect(try place.check().isSound)
    }

    @Test func `an older snapshot does not stand in for a latest one that is damaged`() throws {
        try place.write([1, 2, 3], to: Manifest.objectName(new.id))
        // In one second the names do not tell which is the newer one.
        let later = new.id.text.prefix(16) > old.id.text.prefix(16)
        if later {
            #expect(throws: SnapshotError.self) {
                try Repository.open(place.place).latest(of: "local")
            }
        }
        #expect(throws: SnapshotError.self) {
            try Repository.open(place.place).latest(of: "elsewhere")
        }
    }

    @Test func `a damaged chunk is written anew by the next snapshot`() throws {
        let name = new.distinctChunks[0].objectName
        try place.run(["DELETE FROM t", "INSERT INTO t VALUES (1, 'x')"])
        let third = try place.take()
        let chunk = third.distinctChunks[0].objectName
        try place.write([0], to: chunk)
        let fourth = try place.take()
        #expect(fourth.distinctChunks[0].objectName == chunk)
        #expect(try place.check().isSound)
        #expect(name != chunk)
    }
}
