import Database
import Foundation
import TestSupport
import Testing

/// Commands of snapshots of PostgreSQL, killed, cut off from the server or without a disk at points
/// from their first call to their last: the repository stays valid, the database is the old one or
/// the new one, the cleanup leaves nothing behind.
@Suite struct CrashPostgresSnapshotTests {
    enum Command: String, CaseIterable, CustomTestStringConvertible {
        case create, swap, inPlace, only
        var testDescription: String { rawValue }

        func arguments(_ id: String) -> [String] {
            switch self {
            case .create: ["snapshot", "create"]
            case .swap: ["restore", id, "--yes"]
            case .inPlace: ["restore", id, "--yes", "--in-place"]
            case .only: ["restore", id, "--yes", "--only", "t", "--no-snapshot-before"]
            }
        }

        /// What the database says once it was done.
        var done: String {
            switch self {
            case .create: "new/new"
            case .swap, .inPlace: "old/old"
            case .only: "old/new"
            }
        }
    }

    private static let ours = ["send", "write", "rename", "link", "fsync", "unlink", "mkdir"]
    private static let disk = ["open", "write", "rename", "link", "fsync", "mkdir", "read"]

    @Test(arguments: Command.allCases)
    func `a command survives its being killed`(_ command: Command) throws {
        try sweep(command, Self.ours, points: 8, last: 6) { _ in .signal(SIGKILL) }
    }

    @Test(arguments: Command.allCases)
    func `a command survives a lost connection`(_ command: Command) throws {
        // By turns one connection breaks, and the whole network.
        try sweep(command, ["send", "recv"], points: 6, last: 4) {
            $0.isMultiple(of: 2) ? .failure(ECONNRESET) : .failureOnce(ECONNRESET)
        }
    }

    @Test(arguments: [Command.create, .inPlace], [true, false])
    func `a command survives a disk that fails`(_ command: Command, _ isFull: Bool) throws {
        try sweep(command, Self.disk, points: 8, last: 2) { _ in
            isFull ? .cut(ENOSPC) : .failure(EIO)
        }
    }

    private func sweep(
        _ command: Command, _ calls: [String], points: Int, last: Int,
        _ action: (Int) -> MigrateProgram.Fault.Action
    ) throws {
        let scene = try PostgresScene()
        var never = MigrateProgram.Fault.never
        never.calls = calls
        let total = try #require(try run(command, scene, never).faultCalls)
        #expect(total > last)
        let numbers =
            (0..<points).map { 1 + $0 * total / points }
            + (max(1, total - last + 1)...total)
        var hits = 0
        for number in Set(numbers).sorted() {
            let result = try run(
                command, scene, MigrateProgram.Fault(action(number), at: number, of: calls))
            hits += result.faultHappened ? 1 : 0
        }
        #expect(hits >= points)
    }

    /// One run, and all that must hold after it.
    private func run(
        _ command: Command, _ scene: PostgresScene, _ fault: MigrateProgram.Fault
    ) throws -> ProgramResult {
        let folder = try scene.makeFolder()
        let url = ["--url", scene.database.url.text]
        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(arguments, in: folder.path)
        }
        let program = try MigrateProgram.start(
            command.arguments(scene.old) + url, in: folder.path, fault: fault)
        let result = program.wait(atMost: .seconds(60))
        try scene.waitForSessions(of: program.pid)
        let place = "\(command) at call \(fault.number): \(result.summary)"
        let cleaned = try migrate("restore", "--cleanup", "--url", scene.database.url.text)
        #expect(cleaned.status == 0, "\(place) \(cleaned.summary)")
        let content = try scene.content()
        let isUnknown = result.status == nil || result.errors.contains("is unknown")
        if result.status == 0 {
            #expect(content == command.done, "\(place)")
        } else if isUnknown {
            #expect([command.done, "new/new"].contains(content), "\(place)")
        } else {
            #expect(content == "new/new", "\(place)")
        }
        if !result.faultHappened { #expect(result.status == 0, "\(place)") }
        // The old database is kept where the new one has its place, and nothing else is there.
        let others = try scene.others()
        let isSwapped = command == .swap && content == command.done
        #expect(others.count == (isSwapped ? 1 : 0), "\(place) \(others)")
        #expect(others.allSatisfy { $0.contains("_before_") }, "\(place) \(others)")
        try checkRepository(folder, place)
        if content != "new/new" {
            try scene.dropOthers()
            try scene.reset()
        }
        return result
    }

    private func checkRepository(_ folder: TemporaryFolder, _ place: String) throws {
        let verified = try MigrateProgram.run(["snapshot", "verify"], in: folder.path)
        #expect(verified.status == 0, "\(place) \(verified.summary)")
        let pruned = try MigrateProgram.run(
            ["snapshot", "prune", "--grace", "0s"], in: folder.path)
        #expect(pruned.status == 0, "\(place) \(pruned.summary)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
            $0.contains(".temporary-")
        }
        #expect(left == [], "\(place)")
    }
}
