import Database
import Foundation
import SQLiteDriver
import SnapshotFormat
import Snapshots
import TestSupport

/// A database file and a repository in a folder of their own.
struct SQLitePlace {
    let folder: TemporaryFolder
    var path: String { folder.file("live.db") }
    var place: RepositoryPlace { RepositoryPlace(path: folder.file("repository")) }

    /// A database that the statements make.
    init(_ statements: [String] = Self.sample) throws {
        folder = try TemporaryFolder()
        try run(statements)
    }

    /// Small pages, so that every byte of it can be broken in turn.
    static let sample = [
        "PRAGMA page_size=512", "CREATE TABLE t (id integer PRIMARY KEY, v text)",
        "INSERT INTO t VALUES (1, 'old'), (2, 'rows')",
    ]

    func run(_ statements: [String]) throws {
        let connection = try SQLiteTestDatabase.open(path: path)
        defer { connection.close() }
        for statement in statements { try connection.query(statement) }
    }

    @discardableResult
    func take(_ label: String? = nil) throws -> Manifest {
        let repository = try Repository.openOrCreate(place)
        let connection = try SQLiteTestDatabase.open(path: path, .existing)
        defer { connection.close() }
        let snapshot = SQLiteSnapshot(connection, files: SQLiteFiles(), name: "sqlite:live.db")
        return try snapshot.take(
            into: repository,
            SnapshotTitle(environment: "local", label: label, toolVersion: "1")
        ).manifest
    }

    @discardableResult
    func restore(_ id: SnapshotID, to path: String? = nil) throws -> RestoredDatabase {
        let repository = try Repository.open(place)
        let manifest = try repository.manifest(id)
        let restore = try SQLiteRestore(manifest, to: path ?? self.path, files: SQLiteFiles())
        return try restore.run(repository.chunks)
    }

    func check() throws -> RepositoryReport {
        var check = RepositoryCheck(try Repository.open(place))
        return try check.run()
    }

    func rows(_ sql: String = "SELECT id, v FROM t ORDER BY id", of path: String? = nil) throws
        -> [[DatabaseValue]]
    {
        let connection = try SQLiteTestDatabase.open(path: path ?? self.path, .existing)
        defer { connection.close() }
        return try connection.query(sql).rows.map(\.values)
    }

    /// The repository's files but for the lock, by their names.
    func files() throws -> [String] {
        let root = place.path
        let names = try FileManager.default.subpathsOfDirectory(atPath: root)
        return names.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue && name != "lock"
        }.sorted()
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(place.path)/\(name)")))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(place.path)/\(name)"))
    }

    /// The names beside the database that a restore made.
    func besides() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("live.db") && $0 != "live.db" }.sorted()
    }
}
