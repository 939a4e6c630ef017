package import Database
package import SnapshotFormat

/// The file that a restore replaces, and the names that a restore puts beside it:
///
/// | name | what it is |
/// |---|---|
/// | `NAME_restore_ID` | the restored database on its way; goes with the restore |
/// | `NAME_restore_ID_before` | what is replaced, while it is copied |
/// | `NAME_before_ID` | what was replaced; stays until `restore --forget ID` |
package struct SQLiteTarget {
    /// The path without symbolic links.
    package let path: String

    /// The target at a path.
    package init(_ path: String) { self.path = SystemFiles.resolved(path) }

    /// Whether there is something.
    package var exists: Bool { SystemFiles.exists(path) }

    /// Where what a restore replaces is kept.
    package func keptPath(_ id: SnapshotID) -> String { "\(path)_before_\(id.text)" }

    /// Refuses a place where SQLite would take a stray file for the new database's.
    func refuseStrays() throws(SnapshotError) {
        for suffix in ["-journal", "-wal"] where SystemFiles.exists(path + suffix) {
            throw SnapshotError(
                .refused,
                "there is no '\(path)', but its '\(SystemFiles.name(of: path))"
                    + "\(suffix)' is there, and would be taken for the restored database's",
                hint: "It may hold the last changes of a database that was moved. Move it away.")
        }
    }

    func newPath(_ id: SnapshotID) -> String { "\(path)_restore_\(id.text)" }
    func keepingPath(_ id: SnapshotID) -> String { newPath(id) + "_before" }

    /// Whether something is kept of before the restore of a snapshot.
    package func isKept(_ id: SnapshotID) -> Bool { SystemFiles.exists(keptPath(id)) }

    /// Removes what is kept.
    ///
    /// - Throws: `.notFound`, `.storage`.
    package func forget(_ id: SnapshotID) throws(SnapshotError) {
        guard isKept(id) else {
            throw SnapshotError(
                .notFound,
                "nothing is kept of before the restore of '\(id.text)': there is no "
                    + "'\(keptPath(id))'")
        }
        try SystemFiles.remove(keptPath(id))
        for suffix in SystemFiles.companions { try SystemFiles.remove(keptPath(id) + suffix) }
        try SystemFiles.flush(SystemFiles.folder(of: path))
    }

    /// The snapshots before whose restore something is kept.
    ///
    /// - Throws: `.storage`.
    package func kept() throws(SnapshotError) -> [SnapshotID] {
        let prefix = SystemFiles.name(of: path) + "_before_"
        return try SystemFiles.list(SystemFiles.folder(of: path)).compactMap {
            $0.hasPrefix(prefix) ? SnapshotID(String($0.dropFirst(prefix.count))) : nil
        }
    }

    /// Removes what restores that were killed have left, and nothing that has another name.
    ///
    /// A restore that was killed after it had kept the old content and before it had replaced it
    /// leaves a kept copy of what the target still holds: it goes as well.
    ///
    /// - Parameters:
    ///   - files: opens databases.
    ///   - isDryRun: only looks.
    /// - Returns: the paths that were removed.
    /// - Throws: `.storage`, `.database`.
    package func cleanUp(
        _ files: any FileDatabases, isDryRun: Bool = false
    ) throws(SnapshotError) -> [String] {
        let folder = SystemFiles.folder(of: path)
        let prefix = SystemFiles.name(of: path) + "_restore_"
        let tails = ["_compare", "_before", ""].flatMap { tail in
            ([""] + SystemFiles.companions).map { tail + $0 }
        }
        var removed: [String] = []
        for name in try SystemFiles.list(folder) where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            let ids = tails.compactMap { tail in
                rest.hasSuffix(tail) ? SnapshotID(String(rest.dropLast(tail.count))) : nil
            }
            guard let id = ids.first else { continue }
            if !isDryRun, name == SystemFiles.name(of: newPath(id)), isKept(id),
                try holdsWhatIsKept(id, files)
            {
                try forget(id)
                removed.append(keptPath(id))
            }
            removed.append("\(folder)/\(name)")
            if !isDryRun { try SystemFiles.remove("\(folder)/\(name)") }
        }
        return removed
    }

    /// Whether the target still holds what was kept of it: every page, but for what SQLite counts
    /// up in the header of a copy.
    private func holdsWhatIsKept(
        _ id: SnapshotID, _ files: any FileDatabases
    ) throws(SnapshotError) -> Bool {
        guard exists else { return false }
        let copies = [(path, newPath(id) + "_compare"), (keptPath(id), keepingPath(id))]
        defer { for (_, copy) in copies { SystemFiles.removeDatabase(copy) } }
        for (original, copy) in copies {
            SystemFiles.removeDatabase(copy)
            do throws(DatabaseError) {
                let connection = try files.open(original, busyTimeout: .seconds(5))
                defer { connection.close() }
                try connection.copy(to: copy) { _, _ in }
            } catch {
                throw SnapshotError(error)
            }
        }
        return try Self.isSame(copies[0].1, copies[1].1)
    }

    /// Whether the target's file has the pages of another database file; nil where that cannot be
    /// told. Looking takes back what a commit that failed has left.
    func hasPages(of other: String, _ files: any FileDatabases) -> Bool? {
        guard let connection = try? files.open(path, busyTimeout: .seconds(5)) else { return nil }
        let mode = try? connection.query("PRAGMA main.journal_mode").rows.first?[0].string
        let isReadable = (try? connection.query("SELECT count(*) FROM main.sqlite_schema")) != nil
        connection.close()
        guard isReadable, let mode, mode != "wal" else { return nil }
        return try? Self.isSame(path, other)
    }

    private static func isSame(_ one: String, _ other: String) throws(SnapshotError) -> Bool {
        let first = try SequentialFile(reading: one)
        let second = try SequentialFile(reading: other)
        var isFirst = true
        while true {
            var (left, right) = (try first.read(1 << 20), try second.read(1 << 20))
            if isFirst, left.count >= 100, right.count >= 100 {
                // Change counter, schema cookie, and the version that wrote them.
                for index in [24..<28, 40..<44, 92..<100].joined() {
                    (left[index], right[index]) = (0, 0)
                }
            }
            isFirst = false
            guard left == right else { return false }
            if left.isEmpty { return true }
        }
    }
}
