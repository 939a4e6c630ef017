internal import PostgresCatalog
package import SnapshotFormat

/// What a snapshot of a PostgreSQL database holds, for its manifest.
package struct PostgresContent: Sendable {
    /// The database's name.
    package let databaseName: String
    /// The server's version.
    package let serverVersion: String
    /// The catalog first, then every table in the order of the catalog, then the large objects.
    package let parts: [Part]
    /// What was left out, in words.
    package let exclusions: [String]

    /// How many tables it has.
    package var tables: Int { parts.count { $0.kind == .postgresTable } }
    /// How many rows.
    package var rows: Int64 {
        parts.reduce(0) { $0 + ($1.kind == .postgresTable ? $1.rows : 0) }
    }
}

extension Part {
    /// The part of one table.
    init(_ table: TableContents, _ segments: [StoredSegment], isBinary: Bool) {
        let sum = Self.sum(segments)
        let target = table.loadsThrough.map { [$0.schema, $0.name] }
        self.init(
            kind: .postgresTable, name: table.plainName, rows: sum.rows, digest: nil,
            slices: segments.map(\.slice),
            properties: [
                "schema": .text(table.schema), "table": .text(table.name),
                "columns": .texts(table.columns), "format": .text(isBinary ? "binary" : "text"),
                "content_hash": .text(sum.hex), "condition": .text(table.extensionCondition ?? ""),
                "loads_through": .texts(target ?? []),
            ])
    }

    /// The part of all large objects.
    init(largeObjects segments: [StoredSegment]) {
        let sum = Self.sum(segments)
        self.init(
            kind: .postgresLargeObjects, name: "large objects", rows: sum.rows, digest: nil,
            slices: segments.map(\.slice), properties: ["content_hash": .text(sum.hex)])
    }

    private static func sum(_ segments: [StoredSegment]) -> ContentSum {
        segments.reduce(into: ContentSum()) { $0.add($1.sum) }
    }

    /// The part of a catalog.
    ///
    /// - Throws: `.storage`.
    init(
        catalog document: CatalogDocument, _ writer: any ChunkWriter
    ) throws(SnapshotError) {
        let bytes = document.encoded()
        var chunks: [Chunk] = []
        for start in stride(from: 0, to: bytes.count, by: Chunk.targetBytes) {
            let end = min(start + Chunk.targetBytes, bytes.count)
            chunks.append(try writer.write(Array(bytes[start..<end])))
        }
        self.init(
            kind: .postgresCatalog, name: "catalog", rows: Int64(document.entries.count),
            digest: ContentDigest(of: bytes), chunks: chunks, properties: [:])
    }
}
