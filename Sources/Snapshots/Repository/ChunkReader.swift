package import SnapshotFormat
internal import Storage

/// Reads chunks of a repository and believes none of their bytes unseen. Thread-safe.
package struct ChunkReader: Sendable {
    private let place: RepositoryPlace

    init(_ place: RepositoryPlace) { self.place = place }

    /// The content of a chunk, once lengths and digests were found to be as the manifest says.
    ///
    /// - Throws: `.damaged` with what is wrong, `.storage`.
    package func content(_ chunk: Chunk) throws(SnapshotError) -> [UInt8] {
        let stored: [UInt8]
        do throws(StorageError) {
            stored = try place.storage.read(chunk.objectName, limit: Int(chunk.storedBytes))
        } catch {
            guard error.code == .missing || error.code == .tooLong else {
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

    /// Hands the bytes of a part to `body`, chunk by chunk, and in the end checks their digest.
    ///
    /// - Throws: `.damaged`, `.storage`, and what `body` throws.
    package func read(
        _ part: Part, of manifest: Manifest, _ body: ([UInt8]) throws(SnapshotError) -> Void
    ) throws(SnapshotError) {
        var hasher = ContentHasher()
        for chunk in part.chunks {
            let content = try content(chunk)
            hasher.update(content)
            try body(content)
        }
        guard hasher.finish() == part.digest else {
            let damage = Self.otherContent(part, manifest)
            throw SnapshotError(
                .damaged, "'\(damage.object)' is damaged: \(damage.problem)", damage: [damage])
        }
    }

    static func otherContent(_ part: Part, _ manifest: Manifest) -> Damage {
        Damage(
            object: Manifest.objectName(manifest.id),
            problem: "the chunks of '\(part.name.prefix(100))' do not make up its content")
    }
}

extension Repository {
    /// A reader of this repository's chunks; to be used while the repository is open.
    package var chunks: ChunkReader { ChunkReader(place) }
}
