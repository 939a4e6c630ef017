import Foundation
import SnapshotFormat
import Testing

/// What a manifest says of a PostgreSQL database, and what of it is refused.
@Suite struct PostgresManifestTests {
    static let table: [String: Property] = [
        "schema": .text("public"), "table": .text("a \"b\"\nc"), "columns": .texts(["x", "y"]),
        "format": .text("text"), "content_hash": .text(String(repeating: "0a", count: 32)),
        "condition": .text(""), "loads_through": .texts([]),
    ]

    static func sample() throws -> Manifest {
        func chunk(_ text: String) -> Chunk {
            Chunk(
                digest: ManifestTests.digest(text), bytes: 1000, codec: .zstd,
                storedDigest: ManifestTests.digest("stored"), storedBytes: 100)
        }
        let catalog = Part(
            kind: .postgresCatalog, name: "catalog", rows: 7,
            digest: ManifestTests.digest("catalog"), chunks: [chunk("catalog")], properties: [:])
        let shared = chunk("rows")
        let first = Part(
            kind: .postgresTable, name: "t", rows: 3, digest: nil,
            slices: [Slice(shared, offset: 0, length: 600, continues: false)], properties: table)
        var properties = table
        properties["table"] = .text("u")
        let second = Part(
            kind: .postgresTable, name: "u", rows: 9, digest: nil,
            slices: [
                Slice(shared, offset: 600, length: 400, continues: false),
                Slice(chunk("more"), continues: true),
            ], properties: properties)
        return Manifest(
            id: try #require(SnapshotID("20261123T210722Z-production-4c1e")),
            repositoryID: String(repeating: "0a", count: 16), createdAt: "2026-11-23T21:07:22.123Z",
            environment: "production", label: nil, toolVersion: "1",
            database: SourceDatabase(system: .postgresql, name: "app", version: "15.18"),
            parts: [catalog, first, second], exclusions: ["the index 'i' is invalid"])
    }

    @Test func `tables share a chunk, which the manifest describes once`() throws {
        let manifest = try Self.sample()
        let bytes = try manifest.encoded()
        #expect(try Manifest(bytes) == manifest)
        #expect(manifest.distinctChunks.count == 3)
        #expect(manifest.parts.map(\.bytes) == [1000, 600, 1400])
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let content = document?["content"] as? [String: Any]
        #expect((content?["chunks"] as? [Any])?.count == 3)
    }

    @Test(arguments: [
        ("\"offset\":600", "\"offset\":601"), ("\"offset\":600", "\"offset\":-1"),
        ("\"length\":400", "\"length\":4000"), ("\"rows\":9", "\"rows\":0"),
        ("\"table\":\"u\"", "\"table\":\"\""), ("\"table\":\"u\"", "\"table\":\"u\\u0000\""),
        ("\"table\":\"u\"", "\"table\":[\"u\"]"),
        ("\"table\":\"u\"", "\"table\":\"a \\\"b\\\"\\nc\""),
        ("\"x\",\"y\"", "\"x\",\"x\""), ("\"format\":\"text\"", "\"format\":\"csv\""),
        ("\"content_hash\":\"0a", "\"content_hash\":\"0g"),
        ("\"loads_through\":[]", "\"loads_through\":[\"p\"]"),
        ("\"sha256\":null", "\"sha256\":\"\""),
        ("\"kind\":\"postgres_catalog\"", "\"kind\":\"postgres_large_objects\""),
        ("\"kind\":\"postgres_catalog\"", "\"kind\":\"sqlite_database\""),
    ])
    func `a forged field of a table is refused`(_ old: String, _ new: String) throws {
        let bytes = try ManifestTests.forged(Self.sample()) {
            guard let range = $0.range(of: old, options: .backwards) else { return $0 }
            return $0.replacingCharacters(in: range, with: new)
        }
        #expect(throws: FormatError.self) { try Manifest(bytes) }
    }

    @Test func `the sum of rows knows no order, and every change`() {
        func sum(_ rows: [String]) -> ContentSum {
            var sum = ContentSum()
            for row in rows { Array(row.utf8).withUnsafeBytes { sum.add(row: $0) } }
            return sum
        }
        let rows = (0..<100).map { "row \($0)\t\\N" }
        #expect(sum(rows).hex == sum(rows.shuffled()).hex)
        #expect(sum(rows).rows == 100)
        #expect(sum(rows).hex != sum(rows.dropLast()).hex)
        #expect(sum(rows).hex != sum(rows + ["row 1\t\\N"]).hex)
        #expect(sum(rows).hex != sum(["row 0\t"] + rows.dropFirst()).hex)
        var halves = sum(Array(rows[..<40]))
        halves.add(sum(Array(rows[40...])))
        #expect(halves == sum(rows))
        var lines = ContentSum()
        Array((rows.joined(separator: "\n") + "\n").utf8).withUnsafeBytes { lines.add(lines: $0) }
        #expect(lines == sum(rows))
        // sum(int(sha256(x).hexdigest(), 16) for x in [b"a", b"b", b"c"]) % 2**256 in Python.
        #expect(
            sum(["a", "b", "c"]).hex
                == "3738952c73a591f7943876ce346e132766d80bfb3a748e521e66cbd627e5391e")
    }
}
