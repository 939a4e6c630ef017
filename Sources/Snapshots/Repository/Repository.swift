package import SnapshotFormat
package import Storage

/// An open repository of snapshots (docs/snapshot-format.md).
///
/// Holds the repository's lock until `close()` or the end of its life: shared for those who read it
/// or add to it, exclusive for one who removes chunks. Used by one thread at a time; the chunks are
/// read and written by values of their own, which any thread may use.
package final class Repository {
    /// Where it is.
    package let place: RepositoryPlace
    /// Which one it is.
    package let description: RepositoryDescription
    let storage: LocalStorage
    private var lock: StorageLock?

    private init(
        _ place: RepositoryPlace, _ description: RepositoryDescription, _ storage: LocalStorage,
        _ lock: StorageLock
    ) {
        self.place = place
        self.description = description
        self.storage = storage
        self.lock = lock
    }

    /// Opens a repository that is there.
    ///
    /// - Throws: `.noRepository`, `.damaged`, `.unsupported`, `.storage`, `.interrupted`.
    package static func open(
        _ place: RepositoryPlace, _ mode: LockMode = .shared, patience: LockPatience = .init()
    ) throws(SnapshotError) -> Repository {
        let storage = place.storage
        guard storage.exists else { throw missing(place) }
        // Before the lock, which would leave its file in a folder that is none of ours.
        guard let description = try read(storage) else { throw missing(place) }
        return Repository(place, description, storage, try patience.lock(storage, mode))
    }

    /// Opens a repository to add to it, and makes it where there is none.
    ///
    /// - Parameters:
    ///   - place: an empty folder, or one that is not there yet, where there is no repository.
    ///   - codec: how a new repository stores chunks.
    ///   - patience: for the lock.
    /// - Returns: the repository, with a shared lock.
    /// - Throws: `.refused` where the folder holds something else; as `open`.
    package static func openOrCreate(
        _ place: RepositoryPlace, codec: Codec = .zstd, patience: LockPatience = .init()
    ) throws(SnapshotError) -> Repository {
        let storage = place.storage
        if storage.exists, let description = try read(storage) {
            return Repository(
                place, description, storage, try patience.lock(storage, .shared))
        }
        try refuseForeign(storage)
        do throws(StorageError) {
            try storage.createFolder()
        } catch {
            throw SnapshotError(error)
        }
        // Two that make it at once agree on one: the second finds what the first has written.
        let first = try patience.lock(storage, .exclusive)
        if try read(storage) == nil { try create(storage, codec) }
        first.release()
        return try open(place, patience: patience)
    }

    /// Lets the lock go; a further call does nothing.
    package func close() {
        lock?.release()
        lock = nil
    }

    // MARK: - The description

    private static func create(
        _ storage: LocalStorage, _ codec: Codec
    ) throws(SnapshotError) {
        var generator = SystemRandomNumberGenerator()
        let id = (0..<4).map { _ in
            let digits = String(UInt32.random(in: 0 ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
        let description = RepositoryDescription(
            id: id.joined(), createdAt: Timestamp.now.text, codec: codec)
        let bytes: [UInt8]
        do throws(FormatError) {
            bytes = try description.bytes()
        } catch {
            throw SnapshotError(RepositoryDescription.name, error)
        }
        do throws(StorageError) {
            try storage.create(RepositoryDescription.name, bytes)
        } catch {
            throw SnapshotError(error)
        }
    }

    /// The description; nil where there is none, and nothing else of a repository either.
    private static func read(
        _ storage: LocalStorage
    ) throws(SnapshotError) -> RepositoryDescription? {
        let bytes: [UInt8]
        do throws(StorageError) {
            bytes = try storage.read(
                RepositoryDescription.name, limit: RepositoryDescription.maximumBytes)
        } catch {
            if error.code == .tooLong {
                throw damaged(Damage(RepositoryDescription.name, error))
            }
            guard error.code == .missing else { throw SnapshotError(error) }
            guard try holdsSnapshots(storage) else { return nil }
            throw damaged(Damage(RepositoryDescription.name, error))
        }
        do throws(FormatError) {
            return try RepositoryDescription(bytes)
        } catch {
            throw SnapshotError(RepositoryDescription.name, error)
        }
    }

    private static func holdsSnapshots(_ storage: LocalStorage) throws(SnapshotError) -> Bool {
        do throws(StorageError) {
            for folder in ["snapshots", "chunks"] where try !storage.list(folder).isEmpty {
                return true
            }
            return false
        } catch {
            throw SnapshotError(error)
        }
    }

    private static func damaged(_ damage: Damage) -> SnapshotError {
        SnapshotError(
            .damaged, "the repository's '\(damage.object)' cannot be used: \(damage.problem)",
            damage: [damage])
    }

    private static func missing(_ place: RepositoryPlace) -> SnapshotError {
        SnapshotError(
            .noRepository, "there is no repository of snapshots in '\(place.path)'",
            hint: "'migrate snapshot create' makes one; name its place with --repository.")
    }

    /// A folder with something else in it is somebody's, and not to be filled with chunks.
    private static func refuseForeign(_ storage: LocalStorage) throws(SnapshotError) {
        guard storage.exists else { return }
        do throws(StorageError) {
            let foreign = try storage.contents().first {
                $0.kind != .temporary && $0.name != "lock" && $0.name != RepositoryDescription.name
            }
            guard let foreign else { return }
            throw StorageError(.exists, "use", storage.path, foreign.name)
        } catch {
            guard error.code == .exists else { throw SnapshotError(error) }
            throw SnapshotError(
                .refused,
                "the folder '\(storage.path)' is not empty and holds no repository: there is "
                    + "'\(error.reason)'",
                hint: "Name a folder of its own with --repository; it need not exist.")
        }
    }
}
