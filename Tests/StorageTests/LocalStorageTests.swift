import Foundation
import Storage
import TestSupport
import Testing

/// A folder of objects as its users rely on it.
@Suite struct LocalStorageTests {
    let folder: TemporaryFolder
    let storage: LocalStorage

    init() throws {
        folder = try TemporaryFolder()
        storage = LocalStorage(path: folder.file("repository"))
    }

    @Test func `what is written is read, listed and removed`() throws {
        try storage.write("chunks/ab/ab12.gz", [1, 2, 3])
        try storage.write("chunks/ab/ab12.gz", [4, 5])
        try storage.write("top.json", [])
        #expect(try storage.read("chunks/ab/ab12.gz", limit: 2) == [4, 5])
        #expect(try storage.read("top.json", limit: 10) == [])
        let objects = try storage.list("chunks")
        #expect(objects.map(\.name) == ["chunks/ab/ab12.gz"])
        #expect(objects.map(\.bytes) == [2])
        #expect(abs(Double(objects[0].modifiedAt) - Date().timeIntervalSince1970) < 60)
        try storage.delete("chunks/ab/ab12.gz")
        try storage.delete("chunks/ab/ab12.gz")
        #expect(try storage.list("chunks") == [])
        #expect(try storage.list("nothing") == [])
    }

    private func code(_ body: () throws -> Void) -> StorageError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? StorageError)?.code
        }
    }

    @Test func `an object that is missing, too long, or not a file`() throws {
        #expect(code { _ = try storage.read("a", limit: 1) } == .missing)
        try storage.write("a", [1, 2])
        #expect(code { _ = try storage.read("a", limit: 1) } == .tooLong)
        try storage.write("b/c", [1])
        #expect(code { _ = try storage.read("b", limit: 100_000) } == .foreign)
        try FileManager.default.createSymbolicLink(
            atPath: storage.path + "/link", withDestinationPath: "/etc/passwd")
        #expect(code { _ = try storage.read("link", limit: 1_000_000) } == .foreign)
        // Nor is anything read or written through a folder that is one.
        try FileManager.default.createSymbolicLink(
            atPath: storage.path + "/d", withDestinationPath: storage.path + "/b")
        #expect(code { _ = try storage.read("d/c", limit: 1) } == .foreign)
        #expect(code { try storage.write("d/e", [1]) } == .foreign)
        #expect(code { try storage.delete("d/c") } == .foreign)
        #expect(code { _ = try storage.list("d") } == .foreign)
        #expect(try storage.read("b/c", limit: 1) == [1])
    }

    @Test(arguments: [
        "", "/etc/passwd", "../x", "a/../../x", "a//b", ".hidden", "a b", "ä", "a\0b",
    ])
    func `a name that could lead elsewhere is refused`(_ name: String) throws {
        #expect(code { _ = try storage.read(name, limit: 10) } == .invalidName)
        #expect(code { try storage.write(name, [1]) } == .invalidName)
        #expect(code { try storage.delete(name) } == .invalidName)
    }

    @Test func `readers share the lock, and a writer has it alone`() throws {
        try storage.createFolder()
        let first = try storage.lock(.shared)
        let second = try storage.lock(.shared)
        #expect(code { _ = try storage.lock(.exclusive) } == .locked)
        first.release()
        second.release()
        let writer = try storage.lock(.exclusive)
        #expect(code { _ = try storage.lock(.shared) } == .locked)
        #expect(code { _ = try storage.lock(.exclusive) } == .locked)
        writer.release()
        try storage.lock(.exclusive).release()
    }

    @Test func `leftovers of a killed writer are no objects and can be removed`() throws {
        try storage.write("chunks/ab/x", [1])
        let left = storage.temporaryPath()
        try Data([1]).write(to: URL(fileURLWithPath: left))
        try Data([1]).write(to: URL(fileURLWithPath: storage.path + "/chunks/ab/.temporary-1-2"))
        #expect(try storage.list("chunks").map(\.name) == ["chunks/ab/x"])
        #expect(try storage.removeLeftovers() == 2)
        #expect(try storage.removeLeftovers() == 0)
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(try storage.read("chunks/ab/x", limit: 1) == [1])
    }
}
