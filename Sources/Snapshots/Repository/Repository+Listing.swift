package import SnapshotFormat
internal import Storage

/// A snapshot as a listing shows it.
package struct ListedSnapshot: Sendable {
    /// The name of its file, without the ending.
    package let name: String
    /// Its manifest, or what is wrong with it.
    package let manifest: Result<Manifest, SnapshotError>

    /// Its name as one; nil where the file has none that a snapshot may have.
    package var id: SnapshotID? { SnapshotID(name) }
}

extension Repository {
    /// All snapshots, oldest first; one whose manifest is damaged stands among them, and one that is
    /// deleted meanwhile does not.
    ///
    /// - Throws: `.storage` where the folder cannot be listed.
    package func snapshots() throws(SnapshotError) -> [ListedSnapshot] {
        let objects: [StoredObject]
        do throws(StorageError) {
            objects = try storage.list("snapshots")
        } catch {
            throw SnapshotError(error)
        }
        var found: [(key: (String, String), snapshot: ListedSnapshot)] = []
        for object in objects {
            let file = object.name.dropFirst("snapshots/".count)
            let name = String(file.hasSuffix(".json") ? file.dropLast(5) : file)
            var created = ""
            let manifest: Result<Manifest, SnapshotError>
            do throws(SnapshotError) {
                guard let id = SnapshotID(name), Manifest.objectName(id) == object.name else {
                    let damage = Damage(object: object.name, problem: Self.foreign)
                    throw SnapshotError(
                        .damaged, "'\(object.name)' is no manifest: \(damage.problem)",
                        damage: [damage])
                }
                let read = try self.manifest(id)
                created = read.createdAt
                manifest = .success(read)
            } catch {
                if error.code == .notFound { continue }
                manifest = .failure(error)
            }
            // The name has the time in seconds, also where nothing else can be read.
            let key = (String(name.prefix(16)), created)
            found.append((key, ListedSnapshot(name: name, manifest: manifest)))
        }
        return found.sorted { $0.key < $1.key }.map(\.snapshot)
    }

    static let foreign = "it is no part of a repository"

    /// The manifest of a snapshot.
    ///
    /// - Throws: `.notFound`, `.damaged`, `.unsupported`, `.storage`.
    package func manifest(_ id: SnapshotID) throws(SnapshotError) -> Manifest {
        let name = Manifest.objectName(id)
        let bytes: [UInt8]
        do throws(StorageError) {
            bytes = try storage.read(name, limit: Manifest.maximumBytes)
        } catch {
            switch error.code {
            case .missing: throw notFound(id.text)
            case .tooLong, .foreign:
                throw SnapshotError(
                    .damaged, "'\(name)' is damaged: \(error.reason)", damage: [Damage(name, error)]
                )
            default: throw SnapshotError(error)
            }
        }
        do throws(FormatError) {
            let manifest = try Manifest(bytes)
            guard manifest.id == id else {
                throw FormatError(
                    .digestMismatch, "it is the manifest of snapshot \(manifest.id.text)")
            }
            guard manifest.repositoryID == description.id else {
                throw FormatError(.digestMismatch, "it belongs to another repository")
            }
            return manifest
        } catch {
            throw SnapshotError(name, error)
        }
    }

    /// The newest snapshot of an environment.
    ///
    /// - Throws: `.notFound`; `.damaged` where a newer one cannot be read: an older one must not
    ///   silently stand in for it.
    package func latest(of environment: String) throws(SnapshotError) -> Manifest {
        try latest(of: environment) { _ in true }.found
    }

    /// The snapshot that a restore of the latest one brings back, and those newer ones that it passes
    /// over unless there is no other: what an earlier restore has kept of before it, and, where
    /// `needsRows` says so, those without rows.
    ///
    /// - Throws: as `latest(of:)`.
    package func latestToRestore(
        of environment: String, needsRows: Bool
    ) throws(SnapshotError) -> (found: Manifest, passedOver: [Manifest]) {
        try latest(of: environment) { ($0.holdsRows || !needsRows) && !$0.isOfBeforeRestore }
    }

    private func latest(
        of environment: String, where isWanted: (Manifest) -> Bool
    ) throws(SnapshotError) -> (found: Manifest, passedOver: [Manifest]) {
        var passed: [Manifest] = []
        let all = try snapshots()
        let word = SnapshotID(time: "1970-01-01T00:00:00Z", environment: environment, number: 0)
        let middle = word?.text.dropFirst(16).dropLast(4) ?? "-"
        for snapshot in all.reversed() {
            switch snapshot.manifest {
            case .success(let manifest):
                guard manifest.environment == environment else { continue }
                if isWanted(manifest) { return (manifest, passed) }
                passed.append(manifest)
            case .failure(let error):
                guard snapshot.name.dropFirst(16).hasPrefix(middle) else { continue }
                var failure = error
                failure.hint =
                    "It would be the latest of '\(environment)'. Name another one, or remove it "
                    + "with 'migrate snapshot delete \(snapshot.name)'."
                throw failure
            }
        }
        if let newest = passed.first { return (newest, []) }
        throw SnapshotError(
            .notFound, "there is no snapshot of environment '\(environment)'",
            hint: "'migrate snapshot list' shows those that are there.")
    }

    func notFound(_ name: String) -> SnapshotError {
        SnapshotError(
            .notFound, "there is no snapshot '\(name)'",
            hint: "'migrate snapshot list' shows those that are there.")
    }
}

extension Manifest {
    /// The label of a snapshot of what a restore is about to replace.
    package static func labelBeforeRestore(of id: SnapshotID) -> String {
        beforeRestore + id.text
    }

    private static let beforeRestore = "before the restore of "

    /// Whether it was taken of what a restore was about to replace.
    package var isOfBeforeRestore: Bool { label?.hasPrefix(Self.beforeRestore) ?? false }
}
