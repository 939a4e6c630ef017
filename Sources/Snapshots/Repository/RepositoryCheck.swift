package import Database
internal import SnapshotFormat
internal import Storage

/// What a check of a repository found.
package struct RepositoryReport: Sendable {
    /// What is wrong with one snapshot.
    package struct Snapshot: Sendable {
        /// Its name.
        package var name: String
        /// Everything that is wrong; empty where it can be restored.
        package var damage: [Damage]
    }

    /// The snapshots that were looked at, oldest first.
    package var snapshots: [Snapshot] = []
    /// What is wrong besides: files that are no part of a repository.
    package var damage: [Damage] = []
    /// Chunks that no snapshot names; nil where that cannot be told, or was not asked.
    package var unusedChunks: Int?
    /// Their length.
    package var unusedBytes: Int64 = 0
    /// Length of the different chunks that were read.
    package var checkedBytes: Int64 = 0

    /// True where all is as it was written.
    package var isSound: Bool { damage.isEmpty && snapshots.allSatisfy(\.damage.isEmpty) }
}

/// Reads every byte that snapshots need, and says all that is wrong.
package struct RepositoryCheck {
    /// Told of the bytes that are done, and of how many there are.
    package var onProgress: (_ done: Int64, _ total: Int64) -> Void = { _, _ in }
    /// Ends it.
    package var cancellation = Cancellation()

    private let repository: Repository
    /// What is wrong with the chunks that were read so far; nil for nothing.
    private var problems: [Chunk: String?] = [:]
    private var soundParts: Set<Part> = []
    private var report = RepositoryReport()
    private var total: Int64 = 0
    private var done: Int64 = 0

    /// A check of an open repository.
    package init(_ repository: Repository) { self.repository = repository }

    /// Checks the named snapshots, or all of them with everything else that is there.
    ///
    /// - Returns: what was found, damage included.
    /// - Throws: `.notFound` for a name that no snapshot has; `.storage`, `.interrupted`.
    package mutating func run(_ names: [String] = []) throws(SnapshotError) -> RepositoryReport {
        let all = try repository.snapshots()
        for name in names where !all.contains(where: { $0.name == name }) {
            throw repository.notFound(name)
        }
        let chosen = names.isEmpty ? all : all.filter { names.contains($0.name) }
        total = chosen.reduce(0) { $0 + ((try? $1.manifest.get())?.bytes ?? 0) }
        for snapshot in chosen {
            let damage: [Damage]
            switch snapshot.manifest {
            case .success(let manifest): damage = try check(manifest)
            case .failure(let error):
                // A disk that cannot be read now says nothing of what is on it.
                guard !error.damage.isEmpty else { throw error }
                damage = error.damage
            }
            report.snapshots.append(.init(name: snapshot.name, damage: damage))
        }
        if names.isEmpty { try checkOthers(all) }
        return report
    }

    private mutating func check(_ manifest: Manifest) throws(SnapshotError) -> [Damage] {
        var damage: [Damage] = []
        for part in manifest.parts {
            if soundParts.contains(part) {
                done += part.bytes
                continue
            }
            let found = try check(part, manifest)
            if found.isEmpty { soundParts.insert(part) }
            for one in found where !damage.contains(one) { damage.append(one) }
        }
        return damage
    }

    private mutating func check(
        _ part: Part, _ manifest: Manifest
    ) throws(SnapshotError) -> [Damage] {
        var damage: [Damage] = []
        for chunk in part.chunks {
            if let known = problems[chunk], let problem = known {
                damage.append(Damage(object: chunk.objectName, problem: problem))
            }
        }
        guard damage.isEmpty else { return damage }
        if part.digest == nil {
            // Rows have no order and no digest of the whole: it is their chunks that count.
            for chunk in part.chunks { damage += try check(chunk) }
        } else {
            damage = try checkWhole(part, manifest)
        }
        done += part.bytes
        onProgress(done, total)
        return damage
    }

    private mutating func check(_ chunk: Chunk) throws(SnapshotError) -> [Damage] {
        if let known = problems[chunk] {
            return known.map { [Damage(object: chunk.objectName, problem: $0)] } ?? []
        }
        guard !cancellation.isRequested else { throw SnapshotError(.interrupted, "interrupted") }
        do throws(SnapshotError) {
            _ = try repository.chunks.read(chunk)
            problems.updateValue(nil, forKey: chunk)
            report.checkedBytes += chunk.storedBytes
            return []
        } catch {
            guard let first = error.damage.first else { throw error }
            problems[chunk] = first.problem
            return error.damage
        }
    }

    /// Reads all of a part, which has a digest of its own.
    private mutating func checkWhole(
        _ part: Part, _ manifest: Manifest
    ) throws(SnapshotError) -> [Damage] {
        var read: Int64 = 0
        do throws(SnapshotError) {
            try repository.chunks.read(part, of: manifest) { (piece) throws(SnapshotError) in
                guard !cancellation.isRequested else {
                    throw SnapshotError(.interrupted, "interrupted")
                }
                read += Int64(piece.count)
                onProgress(done + read, total)
            }
            for chunk in part.chunks where problems.updateValue(nil, forKey: chunk) == nil {
                report.checkedBytes += chunk.storedBytes
            }
            return []
        } catch {
            guard !error.damage.isEmpty else { throw error }
            // The others may be damaged as well.
            var others: [Damage] = []
            for chunk in part.chunks { others += try check(chunk) }
            return others.isEmpty ? error.damage : others
        }
    }

    /// What is there and belongs to no snapshot.
    private mutating func checkOthers(_ all: [ListedSnapshot]) throws(SnapshotError) {
        let entries: [StoredEntry]
        do throws(StorageError) {
            entries = try repository.storage.contents()
        } catch {
            throw SnapshotError(error)
        }
        let manifests = all.compactMap { try? $0.manifest.get() }
        let used = Set(manifests.flatMap { $0.distinctChunks.map(\.objectName) })
        var unused: [StoredEntry] = []
        for entry in entries where entry.kind != .temporary {
            // Damaged manifests have been told of already.
            if entry.kind == .object, entry.name.hasPrefix("snapshots/") { continue }
            guard entry.kind == .object, Self.isExpected(entry.name) else {
                report.damage.append(Damage(object: entry.name, problem: Repository.foreign))
                continue
            }
            if entry.name.hasPrefix("chunks/"), !used.contains(entry.name) { unused.append(entry) }
        }
        if manifests.count == all.count {
            report.unusedChunks = unused.count
            report.unusedBytes = unused.reduce(0) { $0 + $1.bytes }
        }
    }

    private static func isExpected(_ name: String) -> Bool {
        name == RepositoryDescription.name || name == "lock" || Chunk.isObjectName(name)
            || Repository.isPinName(name)
    }
}

extension Chunk {
    /// Whether a chunk can have the name.
    static func isObjectName(_ name: String) -> Bool {
        let file = name.split(separator: "/").last ?? ""
        guard let dot = file.firstIndex(of: "."),
            let digest = ContentDigest(hex: String(file[..<dot]))
        else { return false }
        return Codec.allCases.contains { objectName(digest, $0) == name }
    }
}
