package import SnapshotFormat
internal import Storage

/// Reads chunks of a repository and believes none of their bytes unseen. Thread-safe.
package struct RepositoryChunkReader: ChunkReader {
    private let place: RepositoryPlace

    init(_ place: RepositoryPlace) { self.place = place }

    /// The content of a chunk, once lengths and digests were found to be as the manifest says.
    ///
    /// - Throws: `.damaged` with what is wrong, `.storage`.
    package func read(_ chunk: Chunk) throws(SnapshotError) -> [UInt8] {
        let stored: [UInt8]
        do throws(StorageError) {
            stored = try place.storage.read(chunk.objectName, limit: Int(chunk.storedBytes))
        } catch {
            guard [.missing, .tooLong, .foreign].contains(error.code) else {
                throw SnapshotError(error)
            }
            let damage = Damage(chunk.objectName, error)
            throw SnapshotError(
                .damaged, "'\(damage.object)' is damaged: \(damage.problem)", damage: [damage])
        }
        do throws(FormatError) {
            return try chunk.content(of: stored)
        } catch {
            throw SnapshotError(chunk.objectName, error)
        }
    }
}

extension ChunkReader {
    /// Hands the bytes of a part to `body`, slice by slice, and in the end checks their digest, where
    /// the part has one.
    ///
    /// - Throws: `.damaged`, `.storage`, and what `body` throws.
    package func read(
        _ part: Part, of manifest: Manifest,
        _ body: (ArraySlice<UInt8>) throws(SnapshotError) -> Void
    ) throws(SnapshotError) {
        var hasher = ContentHasher()
        var last: (chunk: Chunk, content: [UInt8])?
        for slice in part.slices {
            let content: [UInt8]
            if let last, last.chunk == slice.chunk {
                content = last.content
            } else {
                content = try read(slice.chunk)
            }
            last = (slice.chunk, content)
            let piece = content[Int(slice.offset)..<Int(slice.offset + slice.length)]
            piece.withUnsafeBufferPointer { hasher.update($0) }
            try body(piece)
        }
        guard let digest = part.digest, hasher.finish() != digest else { return }
        let damage = Damage(
            object: Manifest.objectName(manifest.id),
            problem: "the chunks of '\(part.name.prefix(100))' do not make up its content")
        throw SnapshotError(
            .damaged, "'\(damage.object)' is damaged: \(damage.problem)", damage: [damage])
    }
}

extension Repository {
    /// A reader of this repository's chunks; to be used while the repository is open.
    package var chunks: RepositoryChunkReader { RepositoryChunkReader(place) }
}
