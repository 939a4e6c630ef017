package import SnapshotFormat
internal import Storage

/// Pins: snapshots that are somebody's way back, and stay until that is over, whatever the retention
/// policy says.
extension Repository {
    static let pinFolder = "pins"

    static func pinName(_ id: SnapshotID) -> String { "\(pinFolder)/\(id.text)" }

    /// Whether a name is that of a pin.
    static func isPinName(_ name: String) -> Bool {
        name.hasPrefix(pinFolder + "/")
            && SnapshotID(String(name.dropFirst(pinFolder.count + 1))) != nil
    }

    /// Pins a snapshot; one that is pinned already stays so.
    ///
    /// - Parameters:
    ///   - id: the snapshot.
    ///   - reason: what it is the way back of; one line.
    /// - Throws: `.storage`.
    package func pin(_ id: SnapshotID, reason: String) throws(SnapshotError) {
        do throws(StorageError) {
            try storage.write(Self.pinName(id), Array((reason + "\n").utf8))
        } catch {
            throw SnapshotError(error)
        }
    }

    /// Lets a snapshot go; one that is not pinned is fine.
    ///
    /// - Throws: `.storage`.
    package func unpin(_ id: SnapshotID) throws(SnapshotError) {
        do throws(StorageError) {
            try storage.delete(Self.pinName(id))
        } catch {
            throw SnapshotError(error)
        }
    }

    /// The snapshots that are pinned, in no order.
    ///
    /// - Throws: `.storage`.
    package func pins() throws(SnapshotError) -> Set<SnapshotID> {
        do throws(StorageError) {
            return Set(
                try storage.list(Self.pinFolder).compactMap {
                    SnapshotID(String($0.name.dropFirst(Self.pinFolder.count + 1)))
                })
        } catch {
            throw SnapshotError(error)
        }
    }

    /// The pinned snapshots of an environment, oldest first.
    ///
    /// - Throws: `.storage`.
    package func pinned(in environment: String) throws(SnapshotError) -> [SnapshotID] {
        let pins = try pins()
        guard !pins.isEmpty else { return [] }
        return try snapshots().compactMap { snapshot in
            guard let manifest = try? snapshot.manifest.get(), pins.contains(manifest.id) else {
                return nil
            }
            return manifest.environment == environment ? manifest.id : nil
        }
    }
}
