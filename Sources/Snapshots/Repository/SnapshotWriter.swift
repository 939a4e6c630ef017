package import SnapshotFormat
internal import Storage

/// What a snapshot is called.
package struct SnapshotTitle: Sendable {
    /// The environment that it is taken of.
    package var environment: String
    /// What the user calls it.
    package var label: String?
    /// The version of the program.
    package var toolVersion: String

    /// Creates one.
    package init(environment: String, label: String? = nil, toolVersion: String) {
        self.environment = environment
        self.label = label
        self.toolVersion = toolVersion
    }
}

/// One snapshot on its way into a repository: chunks first, the manifest last.
///
/// Dropped before `finish`, it leaves chunks that nothing names and `prune` removes. Used by one
/// thread; `chunks` by any.
package final class SnapshotWriter {
    /// Takes the content.
    package let chunks: RepositoryChunkWriter
    /// When the snapshot was begun, unless the clock says that an older one is younger.
    package let createdAt: Timestamp
    /// True where the clock is behind that of an earlier snapshot.
    package let isClockBehind: Bool
    private let repository: Repository
    private let title: SnapshotTitle
    private let codec: Codec

    /// Begins a snapshot in an open repository.
    ///
    /// A snapshot is always younger than those that are there, whatever the clock does: `latest`
    /// must be the last one that was taken.
    ///
    /// - Parameters:
    ///   - repository: stays open until the snapshot is finished.
    ///   - title: what it is called.
    ///   - codec: how new chunks are stored; the repository's own where it is nil.
    ///   - now: the time.
    /// - Throws: `.storage`.
    package init(
        _ repository: Repository, _ title: SnapshotTitle, codec: Codec? = nil,
        now: Timestamp = .now
    ) throws(SnapshotError) {
        self.repository = repository
        self.title = title
        self.codec = codec ?? repository.description.codec
        chunks = RepositoryChunkWriter(repository.place, self.codec)
        let newest = try repository.snapshots().compactMap {
            (try? $0.manifest.get()).flatMap { Timestamp($0.createdAt) }
        }.max()
        isClockBehind = newest.map { $0 >= now } ?? false
        createdAt = newest.map { max(now, Timestamp(milliseconds: $0.milliseconds + 1)) } ?? now
    }

    /// Writes the manifest: from here on the snapshot exists.
    ///
    /// - Parameters:
    ///   - database: what it was taken of.
    ///   - parts: what it holds; every chunk was put.
    ///   - exclusions: what was left out, in words.
    /// - Returns: the manifest.
    /// - Throws: `.storage`; `.refused` where the manifest would be too long to be read.
    package func finish(
        database: SourceDatabase, parts: [Part], exclusions: [String] = []
    ) throws(SnapshotError) -> Manifest {
        while true {
            let number = UInt16.random(in: 0 ... .max)
            guard
                let id = SnapshotID(
                    time: createdAt.text, environment: title.environment, number: number)
            else {
                throw SnapshotError(
                    .refused, "a snapshot of environment '\(title.environment)' cannot be named")
            }
            let manifest = Manifest(
                id: id, repositoryID: repository.description.id, createdAt: createdAt.text,
                environment: title.environment, label: title.label,
                toolVersion: title.toolVersion, database: database, parts: parts,
                exclusions: exclusions)
            if try write(manifest) { return manifest }
        }
    }

    /// False where another snapshot has the name.
    private func write(_ manifest: Manifest) throws(SnapshotError) -> Bool {
        let name = Manifest.objectName(manifest.id)
        let bytes: [UInt8]
        do throws(FormatError) {
            bytes = try manifest.encoded()
            // What cannot be read again is no snapshot.
            guard bytes.count <= Manifest.maximumBytes else {
                throw FormatError(.malformed, "it would have \(bytes.count) bytes")
            }
            guard try Manifest(bytes) == manifest else {
                throw FormatError(.malformed, "it would not be read as it is written")
            }
        } catch {
            throw SnapshotError(
                .refused, "the snapshot cannot be described: \(error.message)")
        }
        do throws(StorageError) {
            try repository.storage.create(name, bytes)
            return true
        } catch {
            guard error.code == .exists else { throw SnapshotError(error) }
            return false
        }
    }
}
