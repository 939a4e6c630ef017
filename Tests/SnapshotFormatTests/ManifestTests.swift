import Foundation
import SnapshotFormat
import Testing

/// What a manifest is read from, and what is refused.
@Suite struct ManifestTests {
    static func digest(_ text: String) -> ContentDigest { ContentDigest(of: Array(text.utf8)) }

    static func sample(
        system: DatabaseSystem = .sqlite, kind: PartKind = .sqliteDatabase,
        properties: [String: Property] = [
            "page_size": .integer(512), "page_count": .integer(4), "application_id": .integer(-1),
            "user_version": .integer(7), "journal_mode": .text("wal"), "tables": .integer(2),
        ]
    ) throws -> Manifest {
        let chunk = Chunk(
            digest: digest("content"), bytes: 2048, codec: .zstd, storedDigest: digest("stored"),
            storedBytes: 100)
        let part = Part(
            kind: kind, name: "main", rows: 3, digest: digest("all"), chunks: [chunk],
            properties: properties)
        return Manifest(
            id: try #require(SnapshotID("20261123T210722Z-production-4c1e")),
            repositoryID: String(repeating: "0a", count: 16), createdAt: "2026-11-23T21:07:22.123Z",
            environment: "production", label: "vor \"Umbau\" / ä", toolVersion: "1",
            database: SourceDatabase(system: system, name: "sqlite:app.db", version: "3.40.1"),
            parts: [part])
    }

    /// The file with its content changed and a digest that fits, as a forger would write it.
    static func forged(_ manifest: Manifest, _ change: (String) -> String) throws -> [UInt8] {
        let lines = String(decoding: try manifest.encoded(), as: UTF8.self)
            .components(separatedBy: "\n")
        let body = change(lines[1])
        #expect(body != lines[1], "the forgery changes nothing")
        return Array(
            "{\"sha256\":\"\(digest(body).hex)\",\"content\":\n\(body)\n}\n".utf8)
    }

    @Test func `what is written is read again, and is JSON`() throws {
        let manifest = try Self.sample()
        let bytes = try manifest.encoded()
        #expect(try Manifest(bytes) == manifest)
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let content = document?["content"] as? [String: Any]
        #expect(content?["label"] as? String == "vor \"Umbau\" / ä")
    }

    @Test func `every flipped bit and every cut is found`() throws {
        let bytes = try Self.sample().encoded()
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(throws: FormatError.self) { try Manifest(damaged) }
            }
            #expect(throws: FormatError.self) { try Manifest(Array(bytes[..<index])) }
        }
        #expect(throws: FormatError.self) { try Manifest(bytes + [10]) }
    }

    @Test(arguments: [
        ("\"format\":1", "\"format\":2"), ("\"format\":1", "\"format\":1,\"extra\":1"),
        ("\"rows\":3", "\"rows\":3,\"compressed\":true"), ("\"rows\":3", "\"rows\":-1"),
        ("\"rows\":3", "\"rows\":1e300"), ("\"rows\":3", "\"rows\":\"3\""),
        ("\"bytes\":2048,", "\"bytes\":9223372036854775807,"), ("\"bytes\":2048,", ""),
        ("\"stored_bytes\":100", "\"stored_bytes\":99999999999"),
        ("\"stored_bytes\":100", "\"stored_bytes\":0"),
        ("\"codec\":\"zstd\"", "\"codec\":\"../../etc\""),
        ("20261123T210722Z-production-4c1e", "../../../../etc/passwd"),
        ("20261123T210722Z-production-4c1e", "20261123T210722Z-../../x-4c1e"),
        ("\"page_size\":512", "\"page_size\":513"), ("\"page_size\":512", "\"page_size\":0"),
        ("\"page_count\":4", "\"page_count\":5"),
        ("\"journal_mode\":\"wal\"", "\"journal_mode\":\"x'\""),
        ("\"kind\":\"sqlite_database\"", "\"kind\":\"shell_script\""),
        ("\"system\":\"sqlite\"", "\"system\":\"postgresql\""),
        ("\"system\":\"sqlite\"", "\"system\":\"oracle\""),
        ("\"offset\":0", "\"offset\":1"), ("\"length\":2048", "\"length\":4096"),
        ("\"length\":2048", "\"length\":0"), ("\"continues\":false", "\"continues\":true"),
        ("\"continues\":false,", ""), ("\"chunks\":[{", "\"chunks\":[{\"x\":1,"),
        ("\"label\":", "\"label\":[[[[1]]]],\"x\":"), ("{", "{{"),
        ("\"repository\":\"0a", "\"repository\":\"zz"),
    ])
    func `a forged field is refused, though the digest fits`(_ old: String, _ new: String) throws {
        let bytes = try Self.forged(Self.sample()) {
            guard let range = $0.range(of: old) else { return $0 }
            return $0.replacingCharacters(in: range, with: new)
        }
        #expect(throws: FormatError.self) { try Manifest(bytes) }
    }

    @Test(arguments: ["", "../x", "/etc/passwd", "3F", String(repeating: "g", count: 64)])
    func `a digest is 64 digits and nothing else`(_ text: String) throws {
        #expect(ContentDigest(hex: text) == nil)
        let real = Self.digest("content").hex
        let bytes = try Self.forged(Self.sample()) {
            $0.replacingOccurrences(of: real, with: text)
        }
        #expect(throws: FormatError.self) { try Manifest(bytes) }
    }

    @Test func `deeply nested JSON is refused, and does not end the program`() throws {
        let deep = String(repeating: "[", count: 100_000)
        let bytes = try Self.forged(Self.sample()) {
            $0.replacing("\"label\":", with: "\"label\":\(deep)")
        }
        #expect(throws: FormatError.self) { try Manifest(bytes) }
    }

    @Test func `names of snapshots`() throws {
        let id = try #require(
            SnapshotID(time: "2026-11-23T21:07:22.123Z", environment: "a/../b c", number: 10))
        #expect(id.text == "20261123T210722Z-a____b_c-000a")
        #expect(SnapshotID("20261123T210722Z-production-4C1E") == nil)
        #expect(SnapshotID("20261123T210722Z--4c1e") == nil)
        #expect(SnapshotID("latest") == nil)
    }

    @Test func `the description of a repository`() throws {
        let description = RepositoryDescription(
            id: String(repeating: "0a", count: 16), createdAt: "2026-11-23T21:07:22Z", codec: .gzip)
        let bytes = try description.bytes()
        #expect(try RepositoryDescription(bytes) == description)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1
            #expect(throws: FormatError.self) { try RepositoryDescription(damaged) }
        }
    }
}
