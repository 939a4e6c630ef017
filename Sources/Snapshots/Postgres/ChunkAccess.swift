package import SnapshotFormat

/// Where content goes. Thread-safe: several threads compress and write at the same time.
package protocol ChunkWriter: Sendable {
    /// Stores content, unless it is there already.
    ///
    /// - Parameter content: 1 to `Chunk.maximumBytes` bytes.
    /// - Returns: what the manifest says of it.
    /// - Throws: `.storage`.
    func write(_ content: [UInt8]) throws(SnapshotError) -> Chunk
}

/// Where content comes from. Thread-safe.
package protocol ChunkReader: Sendable {
    /// The content of a chunk, which was found to be what was written.
    ///
    /// - Throws: `.damaged`, `.storage`.
    func read(_ chunk: Chunk) throws(SnapshotError) -> [UInt8]
}
