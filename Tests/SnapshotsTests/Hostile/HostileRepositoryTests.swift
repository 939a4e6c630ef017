import Database
import Foundation
import SQLiteDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Repositories that somebody made to reach out of their folder, or to take all memory.
@Suite struct HostileRepositoryTests {
    private let place: SQLitePlace
    private let id: SnapshotID

    init() throws {
        place = try SQLitePlace()
        id = try place.take().id
    }

    private func migrate(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(
            arguments + ["--repository", place.place.path, "--url", "sqlite:live.db", "--yes"],
            in: place.folder.path)
    }

    /// Writes a manifest with one part of these bytes, every digest right.
    private func forge(_ stored: [UInt8], of content: [UInt8], bytes: Int64, repeating: Int = 1)
        throws
    {
        let manifest = try Repository.open(place.place).manifest(id)
        let chunk = Chunk(
            digest: ContentDigest(of: content), bytes: bytes, codec: .zstd,
            storedDigest: ContentDigest(of: stored), storedBytes: Int64(stored.count))
        var properties = manifest.parts[0].properties
        properties["page_size"] = .integer(65536)
        properties["page_count"] = .integer(bytes * Int64(repeating) / 65536)
        let part = Part(
            kind: .sqliteDatabase, name: "main", rows: 1, digest: ContentDigest(of: content),
            chunks: Array(repeating: chunk, count: repeating), properties: properties)
        let forged = Manifest(
            id: id, repositoryID: manifest.repositoryID, createdAt: manifest.createdAt,
            environment: "local", label: nil, toolVersion: "1", database: manifest.database,
            parts: [part])
        try FileManager.default.createDirectory(
            atPath: place.place.path + "/chunks/\(chunk.digest.hex.prefix(2))",
            withIntermediateDirectories: true)
        try place.write(stored, to: chunk.objectName)
        try place.write(forged.encoded(), to: "snapshots/\(id.text).json")
    }

    @Test func `a bomb is not unpacked`() throws {
        let zeros = [UInt8](repeating: 0, count: 64 << 20)
        let bomb = try Codec.zstd.compress(zeros)
        #expect(bomb.count < 20_000)
        // The stream holds a thousand times what the manifest says.
        try forge(bomb, of: [UInt8](repeating: 0, count: 65536), bytes: 65536)
        for command in [
            ["snapshot", "verify"], ["restore", id.text], ["snapshot", "export", id.text],
        ] {
            let result = try MigrateProgram.run(
                command + ["--repository", place.place.path, "--url", "sqlite:live.db", "--yes"],
                in: place.folder.path)
            #expect(result.status == 11, "\(result)")
        }
        // What it says is true, a few thousand times: more than any disk has.
        try forge(bomb, of: zeros, bytes: 64 << 20, repeating: 40_000)
        for command in [["restore", id.text], ["snapshot", "export", id.text]] {
            let result = try MigrateProgram.run(
                command + ["--repository", place.place.path, "--url", "sqlite:live.db", "--yes"],
                in: place.folder.path)
            #expect(result.status == 9, "\(result)")
            #expect(result.errors.contains("free"), "\(result)")
        }
        #expect(try place.rows().count == 2)
        #expect(try place.besides().isEmpty)
    }

    @Test(arguments: ["chunks", "snapshots"])
    func `a symbolic link leads nowhere`(_ name: String) throws {
        let outside = try TemporaryFolder()
        let inside = place.place.path + "/" + name
        try FileManager.default.moveItem(atPath: inside, toPath: outside.file(name))
        try FileManager.default.createSymbolicLink(
            atPath: inside, withDestinationPath: outside.file(name))
        let before = try FileManager.default.subpathsOfDirectory(atPath: outside.path)
        for command in [
            ["snapshot", "verify"], ["restore", id.text], ["snapshot", "export", id.text],
            ["snapshot", "create"], ["snapshot", "prune", "--grace", "0s"],
            ["snapshot", "delete", id.text],
        ] {
            let result = try MigrateProgram.run(
                command + ["--repository", place.place.path, "--url", "sqlite:live.db", "--yes"],
                in: place.folder.path)
            if command[1] == "delete", name == "chunks" { continue }
            #expect(result.status == 11, "\(command): \(result)")
            #expect(
                (result.output + result.errors).contains("symbolic link"), "\(command): \(result)")
        }
        let after = try FileManager.default.subpathsOfDirectory(atPath: outside.path)
        #expect(after == before)
    }

    @Test func `a symbolic link in the place of a chunk or a manifest is damage`() throws {
        let secret = try place.folder.write("secret", to: "secret")
        for name in try place.files() where name.hasPrefix("chunks/") || name.hasPrefix("snap") {
            let path = place.place.path + "/" + name
            let bytes = try place.bytes(name)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: secret)
            let restored = try migrate("restore", id.text)
            #expect(restored.status == 11, "\(restored)")
            #expect(restored.errors.contains("symbolic link"), "\(restored)")
            #expect(!restored.errors.contains("secret"))
            #expect(try migrate("snapshot", "verify").status == 11)
            try FileManager.default.removeItem(atPath: path)
            try place.write(bytes, to: name)
        }
        #expect(try migrate("restore", id.text).status == 0)
    }

    @Test(arguments: [
        "../../live", "..", "a/b", "20260101T000000Z-local-0001\n", "20260101T000000Z-../x-0001",
        String(repeating: "a", count: 5000), "",
    ])
    func `a name leads to nothing outside`(_ name: String) throws {
        for command in ["show", "delete", "export", "verify"] {
            let result = try migrate("snapshot", command, name)
            #expect(result.status == 2 || result.status == 11, "\(result)")
        }
        #expect(try place.rows().count == 2)
    }
}
