import Database
import Foundation
import SQLiteDriver
import TestSupport
import Testing

/// Commands of snapshots, killed or refused at each of their writes: the repository stays valid, the
/// target is whole, and nothing is left behind.
@Suite struct CrashSnapshotTests {
    enum Action: String, CaseIterable, CustomTestStringConvertible {
        case kill, brokenDisk, fullDisk
        var testDescription: String { rawValue }
        var fault: MigrateProgram.Fault.Action {
            switch self {
            case .kill: .signal(SIGKILL)
            case .brokenDisk: .failure(EIO)
            case .fullDisk: .cut(ENOSPC)
            }
        }
    }

    static let commands: [[String]] = [
        ["snapshot", "create"], ["restore", "ID", "--yes"], ["snapshot", "delete", "ID", "--yes"],
        ["snapshot", "prune", "--keep-last", "1", "--grace", "0s", "--yes"],
    ]

    static func content(_ path: String) throws -> String {
        let connection = try SQLiteTestDatabase.open(path: path, .existing)
        defer { connection.close() }
        let sql = "SELECT group_concat(v) FROM t"
        guard try connection.query("PRAGMA integrity_check").rows.first?[0].string == "ok" else {
            return "damaged"
        }
        return try connection.query(sql).rows.first?[0].string ?? ""
    }

    @Test(arguments: commands, Action.allCases)
    func `a command of snapshots survives`(_ command: [String], _ action: Action) throws {
        try sweep(command, action.fault, [], stride: 1)
    }

    /// Calls that make and open files, and read them; each fails once.
    @Test(arguments: commands)
    func `a command of snapshots survives a single call that fails`(_ command: [String]) throws {
        let calls = ["open", "link", "mkdir", "rename", "unlink", "fsync"]
        try sweep(command, .failureOnce(EIO), calls, stride: 1)
        try sweep(command, .failureOnce(EIO), ["read"], stride: 3)
    }

    private func sweep(
        _ command: [String], _ fault: MigrateProgram.Fault.Action, _ calls: [String], stride: Int
    ) throws {
        let template = try TemporaryFolder()
        let url = ["--url", "sqlite:live.db"]
        func make(_ path: String, _ sql: [String]) throws {
            let connection = try SQLiteTestDatabase.open(path: path)
            for statement in sql { try connection.query(statement) }
            connection.close()
        }
        try make(template.file("live.db"), ["CREATE TABLE t (v)", "INSERT INTO t VALUES ('old')"])
        let taken = try MigrateProgram.run(
            ["snapshot", "create", "--json"] + url, in: template.path)
        let snapshot = try #require(try taken.json()["snapshot"] as? [String: Any])
        let id = try #require(snapshot["id"] as? String)
        try make(template.file("live.db"), ["UPDATE t SET v = 'new'"])
        try MigrateProgram.run(["snapshot", "create"] + url, in: template.path)
        let arguments = command.map { $0 == "ID" ? id : $0 } + url
        var number = 1
        while true {
            let work = try TemporaryFolder()
            let folder = work.file("run")
            try FileManager.default.copyItem(atPath: template.path, toPath: folder)
            let result = try MigrateProgram.run(
                arguments, in: folder,
                fault: MigrateProgram.Fault(fault, at: number, of: calls))
            let manifests = try FileManager.default.contentsOfDirectory(
                atPath: folder + "/snapshots/snapshots"
            ).count { $0.hasSuffix(".json") }
            let content = try Self.content(folder + "/live.db")
            let place = "\(command.joined(separator: " ")) at call \(number): \(result.summary)"
            // A snapshot that could be reported is there, and no other.
            if command[1] == "create", let status = result.status, !calls.isEmpty {
                #expect(manifests == (status == 0 ? 3 : 2), "\(place)")
            }
            if command[0] != "restore" {
                #expect(content == "new", "\(place)")
            } else if result.status == 0 {
                #expect(content == "old", "\(place)")
            } else if result.status != nil {
                #expect(content == "new", "\(place)")
            } else {
                #expect(["old", "new"].contains(content), "\(place)")
            }
            let verified = try MigrateProgram.run(["snapshot", "verify"], in: folder)
            #expect(verified.status == 0, "\(place) \(verified.summary)")
            let cleaned = try MigrateProgram.run(["restore", "--cleanup"] + url, in: folder)
            #expect(cleaned.status == 0, "\(place) \(cleaned.summary)")
            let pruned = try MigrateProgram.run(
                ["snapshot", "prune", "--grace", "0s"], in: folder)
            #expect(pruned.status == 0, "\(place) \(pruned.summary)")
            let left = try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
                $0.contains("_restore_") || $0.contains(".temporary-")
                    || $0.hasSuffix("-journal") || content == "new" && $0.contains("_before_")
            }
            #expect(left == [], "\(place)")
            guard result.faultHappened else {
                #expect(result.status == 0, "\(place)")
                break
            }
            number += stride
        }
        #expect(number > stride)
    }
}
