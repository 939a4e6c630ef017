package import SnapshotFormat
internal import Storage
internal import Synchronization

/// Puts chunks into a repository, each once.
///
/// Thread-safe: several threads may write at a time. The bytes are on disk when `write` returns. Only
/// while the repository is open.
package final class RepositoryChunkWriter: ChunkWriter {
    private struct State {
        var chunks: [ContentDigest: Chunk] = [:]
        var newBytes: Int64 = 0
    }

    private let place: RepositoryPlace
    private let codec: Codec
    private let state = Mutex(State())

    init(_ place: RepositoryPlace, _ codec: Codec) {
        self.place = place
        self.codec = codec
    }

    /// Length of the stored forms that were written, those that were there already left out.
    package var newBytes: Int64 { state.withLock { $0.newBytes } }

    /// Stores content, unless it is there.
    ///
    /// What is there is used only if it still holds this very content: a damaged file is written
    /// anew, and no later snapshot rests on it.
    ///
    /// - Parameter content: from 1 to `Chunk.maximumBytes` bytes.
    /// - Returns: what the manifest says of it.
    /// - Throws: `.storage`.
    package func write(_ content: [UInt8]) throws(SnapshotError) -> Chunk {
        precondition((1...Chunk.maximumBytes).contains(content.count), "a chunk of no legal length")
        let digest = ContentDigest(of: content)
        if let known = state.withLock({ $0.chunks[digest] }) { return known }
        let storage = place.storage
        for codec in [codec] + Codec.allCases.filter({ $0 != self.codec }) {
            if let chunk = try existing(content, digest, codec, storage) {
                return remember(chunk, isNew: false)
            }
        }
        let stored: [UInt8]
        do throws(FormatError) {
            stored = try codec.compress(content)
        } catch {
            throw SnapshotError(Chunk.objectName(digest, codec), error)
        }
        do throws(StorageError) {
            try storage.write(Chunk.objectName(digest, codec), stored)
        } catch {
            throw SnapshotError(error)
        }
        return remember(Self.describe(content, digest, codec, stored), isNew: true)
    }

    private func remember(_ chunk: Chunk, isNew: Bool) -> Chunk {
        state.withLock { state in
            // Two threads had the same content at the same time: the same bytes, written twice.
            if let known = state.chunks[chunk.digest] { return known }
            state.chunks[chunk.digest] = chunk
            if isNew { state.newBytes += chunk.storedBytes }
            return chunk
        }
    }

    private static func describe(
        _ content: [UInt8], _ digest: ContentDigest, _ codec: Codec, _ stored: [UInt8]
    ) -> Chunk {
        Chunk(
            digest: digest, bytes: Int64(content.count), codec: codec,
            storedDigest: ContentDigest(of: stored), storedBytes: Int64(stored.count))
    }

    private func existing(
        _ content: [UInt8], _ digest: ContentDigest, _ codec: Codec, _ storage: LocalStorage
    ) throws(SnapshotError) -> Chunk? {
        let stored: [UInt8]
        do throws(StorageError) {
            stored = try storage.read(
                Chunk.objectName(digest, codec), limit: codec.maximumStoredBytes(content.count))
        } catch {
            guard error.code == .missing || error.code == .tooLong else {
                throw SnapshotError(error)
            }
            return nil
        }
        guard let found = try? codec.decompress(stored, count: content.count), found == content
        else { return nil }
        return Self.describe(content, digest, codec, stored)
    }
}
