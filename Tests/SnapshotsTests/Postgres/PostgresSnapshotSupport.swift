import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import Synchronization
import TestSupport

/// Chunks in memory, compressed as in a repository.
final class MemoryChunks: ChunkWriter, ChunkReader {
    private let stored = Mutex<[ContentDigest: (chunk: Chunk, bytes: [UInt8])]>([:])

    func write(_ content: [UInt8]) throws(SnapshotError) -> Chunk {
        let digest = ContentDigest(of: content)
        if let known = stored.withLock({ $0[digest]?.chunk }) { return known }
        do {
            let bytes = try Codec.zstd.compress(content)
            let chunk = Chunk(
                digest: digest, bytes: Int64(content.count), codec: .zstd,
                storedDigest: ContentDigest(of: bytes), storedBytes: Int64(bytes.count))
            stored.withLock { $0[digest] = (chunk, bytes) }
            return chunk
        } catch {
            throw SnapshotError(.storage, error.message)
        }
    }

    func read(_ chunk: Chunk) throws(SnapshotError) -> [UInt8] {
        guard let bytes = stored.withLock({ $0[chunk.digest]?.bytes }) else {
            throw SnapshotError(.damaged, "a chunk is missing")
        }
        do {
            return try chunk.content(of: bytes)
        } catch {
            throw SnapshotError(.damaged, error.message)
        }
    }

    /// Length of what is stored.
    var storedBytes: Int { stored.withLock { $0.values.reduce(0) { $0 + $1.bytes.count } } }
    var count: Int { stored.withLock { $0.count } }

    /// The bytes of a part.
    func bytes(_ part: Part) throws -> [UInt8] {
        try part.slices.flatMap { slice in
            try read(slice.chunk)[Int(slice.offset)..<Int(slice.offset + slice.length)]
        }
    }
}

extension TestDatabase {
    /// Takes a snapshot of it.
    func take(
        into chunks: MemoryChunks, jobs: Int = 2, isSchemaOnly: Bool = false,
        patience: Duration = .seconds(60), cancellation: Cancellation = Cancellation(),
        access: CatalogAccess = .live
    ) throws -> PostgresContent {
        let url = url
        return try PostgresTake(
            connect: {
                try PostgresConnection(
                    PostgresOptions(url: url, applicationName: "migrate snapshot"))
            }, access: access, writer: chunks,
            options: .init(
                jobs: jobs, isSchemaOnly: isSchemaOnly, lockTimeout: .milliseconds(500),
                patience: patience),
            cancellation: cancellation
        ).run()
    }
}

extension PostgresContent {
    /// The part of a table.
    func table(_ name: String) -> Part? {
        parts.first { $0.kind == .postgresTable && $0.name == name }
    }
}
