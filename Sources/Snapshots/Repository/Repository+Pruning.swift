package import SnapshotFormat
internal import Storage

/// What a prune does, or did.
package struct PrunePlan: Sendable {
    /// Snapshots that the policy does not keep, oldest first.
    package var expired: [Manifest] = []
    /// Chunks that no other snapshot names.
    package var chunks: [String] = []
    /// Length of those.
    package var bytes: Int64 = 0
    /// Chunks that nothing names and that are too young to be removed: a snapshot may be on its way.
    package var young = 0
    /// Files of killed writers.
    package var leftovers = 0
}

extension Repository {
    /// Removes a snapshot's manifest; its chunks stay until `prune`. A damaged one goes as well.
    ///
    /// - Throws: `.notFound`, `.storage`; `.refused` for one that is pinned.
    package func delete(_ id: SnapshotID) throws(SnapshotError) {
        let name = Manifest.objectName(id)
        guard try !pins().contains(id) else {
            throw SnapshotError(
                .refused, "the snapshot '\(id.text)' is the way back of a release",
                hint: "'migrate confirm' lets it go, once the release is well.")
        }
        do throws(StorageError) {
            guard try storage.list("snapshots").contains(where: { $0.name == name }) else {
                throw StorageError(.missing, "remove", name, "it is not there")
            }
            try storage.delete(name)
        } catch {
            throw error.code == .missing ? notFound(id.text) : SnapshotError(error)
        }
    }

    /// What `prune` would remove now.
    ///
    /// - Parameters:
    ///   - policy: which snapshots stay; an empty one keeps all.
    ///   - environment: the one that the policy is for; nil for each of them.
    ///   - grace: chunks younger than that stay.
    ///   - now: the time.
    /// - Returns: what `prune` takes.
    /// - Throws: `.damaged` or `.unsupported` where a manifest cannot be read: what it needs is not
    ///   known, and nothing is removed; `.storage`.
    package func prunePlan(
        _ policy: RetentionPolicy, environment: String? = nil, grace: Duration,
        now: Timestamp = .now
    ) throws(SnapshotError) -> PrunePlan {
        var manifests: [Manifest] = []
        for snapshot in try snapshots() {
            do throws(SnapshotError) {
                manifests.append(try snapshot.manifest.get())
            } catch {
                var failure = error
                failure.message =
                    "nothing is removed, as what a snapshot needs is not known: \(error.message)"
                failure.hint =
                    "If it is lost, remove it with 'migrate snapshot delete \(snapshot.name)'."
                throw failure
            }
        }
        var plan = PrunePlan()
        let pins = try pins()
        plan.expired = policy.expired(
            manifests.filter { environment == nil || $0.environment == environment }
        ).filter { !pins.contains($0.id) }
        let gone = Set(plan.expired.map(\.id))
        let used = Set(
            manifests.filter { !gone.contains($0.id) }.flatMap { manifest in
                manifest.parts.flatMap { $0.chunks.map(\.objectName) }
            })
        do throws(StorageError) {
            for object in try storage.list("chunks") where !used.contains(object.name) {
                guard Chunk.isObjectName(object.name) else { continue }
                // A clock that was set back makes a file younger, never older.
                let age = now.milliseconds / 1000 - object.modifiedAt
                guard age >= grace.components.seconds else {
                    plan.young += 1
                    continue
                }
                plan.chunks.append(object.name)
                plan.bytes += object.bytes
            }
            plan.leftovers = try storage.contents().count { $0.kind == .temporary }
        } catch {
            throw SnapshotError(error)
        }
        return plan
    }

    /// Removes what a plan names: manifests first, so that no snapshot is ever without its chunks.
    ///
    /// The repository was opened with the exclusive lock, and the plan made under it.
    ///
    /// - Throws: `.storage`.
    package func prune(_ plan: PrunePlan) throws(SnapshotError) {
        do throws(StorageError) {
            for manifest in plan.expired { try storage.delete(Manifest.objectName(manifest.id)) }
            for name in plan.chunks { try storage.delete(name) }
            _ = try storage.removeLeftovers()
        } catch {
            throw SnapshotError(error)
        }
    }
}
