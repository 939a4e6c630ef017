import Foundation
import TestSupport
import Testing

/// A disk that fills up or breaks at each write of a run on SQLite: the run says so, its document
/// says what is there, and the next run ends the work. A full disk on the side of a PostgreSQL server
/// is out of reach of these tests.
@Suite struct CrashStorageTests {
    @Test(arguments: [
        // With a rollback journal a transaction writes each page twice and more; every fifth write
        // meets each kind of them.
        (CrashEngine.rollbackJournal, 5), (.wal, 1),
    ])
    func `a disk that fills up stops the run`(_ engine: CrashEngine, _ stride: Int) throws {
        #expect(
            try Self.sweep(engine, .cut(ENOSPC), ["pwrite", "ftruncate"], stride) {
                $0.contains("disk is full") || $0.contains("no space left on device")
                    || $0.contains("its free space")
            } > 40)
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .wal])
    func `a disk that cannot sync or remove files stops the run`(_ engine: CrashEngine) throws {
        #expect(
            try Self.sweep(engine, .failure(EIO), ["fsync", "ftruncate", "unlink"], 1) {
                $0.contains("disk I/O error") || $0.contains("input/output error")
            } > 15)
    }

    /// The run can still write its log, or a rollback: none of it may bring a failed commit back.
    @Test(arguments: [(CrashEngine.rollbackJournal, 5), (.wal, 3)])
    func `a single failed write stops the run`(_ engine: CrashEngine, _ stride: Int) throws {
        #expect(
            try Self.sweep(
                engine, .failureOnce(EIO), ["pwrite", "fsync", "ftruncate", "unlink"], stride
            ) {
                $0.contains("disk I/O error") || $0.contains("input/output error")
            } > 40)
    }

    private static func sweep(
        _ engine: CrashEngine, _ action: MigrateProgram.Fault.Action, _ calls: [String],
        _ stride: Int, tells: @escaping (String) -> Bool
    ) throws -> Int {
        let database = try CrashDatabase(engine)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["up"], calls: calls,
            stride: stride, action: { _ in action }, prepare: { try $0.reset() },
            check: { result, before, after in
                // A file that could not be removed at the very end is no failure.
                guard let status = result.status, status != 0 else {
                    return result.documentProblems(before, after)
                }
                guard tells(result.errors), [6, 7, 12].contains(status) else {
                    return ["the run ended with \(result.summary)"]
                }
                return Self.problems(result, status, before, after)
            })
        return try sweep.run()
    }

    /// 6 and 7 promise what the database holds. 12 with a migration's name says that its commit
    /// failed, and that nobody knows what the disk made of it.
    private static func problems(
        _ result: ProgramResult, _ status: Int32, _ before: DatabaseState, _ after: DatabaseState
    ) -> [String] {
        let problems = result.documentProblems(before, after)
        guard status == 12, let document = try? result.json(),
            let failed = document["failed"] as? [String: Any],
            let version = failed["version"] as? String
        else { return problems }
        guard result.errors.contains("could not be committed"),
            result.errors.contains("Run 'migrate ")
        else { return ["the run ended with \(result.summary)"] }
        var without = after
        without.history.removeAll { $0.version == version }
        return problems.isEmpty ? [] : result.documentProblems(before, without)
    }
}
