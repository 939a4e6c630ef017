import Foundation
import TestSupport
import Testing

/// kill -9 before each write, unlink, send, … of a run: the database is before or after each
/// migration, nobody holds the lock, and the next run ends the work.
@Suite struct CrashKillTests {
    @Test(arguments: CrashEngine.allCases)
    func `a killed up leaves whole migrations and the next up goes on`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["up"],
            calls: engine.everyStep, action: { _ in .signal(SIGKILL) },
            prepare: { try $0.reset() }, check: CrashCheck.ended)
        #expect(try sweep.run() > 60)
    }

    @Test(arguments: [(CrashEngine.wal, ["pwrite", "fsync"]), (.postgres, ["send", "poll"])])
    func `a broken run in one transaction is there whole or not at all`(
        _ engine: CrashEngine, _ calls: [String]
    ) throws {
        let database = try CrashDatabase(engine, isOneTransaction: true)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["up"], calls: calls,
            action: { .signal($0.isMultiple(of: 2) ? SIGKILL : SIGINT) },
            prepare: { try $0.reset() },
            check: { result, before, after in
                let problems = CrashCheck.ended(result, before, after)
                return after.history.isEmpty || after.recorded == "001 002 004 R"
                    ? problems : problems + ["the history says '\(after.recorded)'"]
            })
        #expect(try sweep.run() > 20)
    }
}

extension CrashEngine {
    /// The calls between which a kill can make a difference. On PostgreSQL those that send, and those
    /// that wait for an answer: nothing that the server could notice lies between such a wait and
    /// the reading that follows it.
    var everyStep: [String] {
        switch self {
        case .rollbackJournal, .wal: []
        case .postgres: ["send", "poll", "write"]
        }
    }

    /// The calls between which a request to stop can make a difference: it is heeded between two
    /// statements, or inside one, and never between two pages of one write.
    var everyStatement: [String] {
        switch self {
        case .rollbackJournal, .wal: ["fsync", "unlink", "ftruncate", "write"]
        case .postgres: ["send", "poll", "write"]
        }
    }
}

/// What is expected of the end of a run that got a signal.
enum CrashCheck {
    /// It died of SIGKILL; or it stopped with 130 and said what it had done; or it was at its end.
    static func ended(
        _ result: ProgramResult, _ before: DatabaseState, _ after: DatabaseState
    ) -> [String] {
        if result.signal == SIGKILL { return [] }
        switch result.status {
        case 0: return result.documentProblems(before, after)
        case 130:
            guard result.errors.contains("interrupted") else {
                return ["the message does not say that it was interrupted: \(result.summary)"]
            }
            return result.documentProblems(before, after)
        default: return ["the run ended with \(result.summary)"]
        }
    }
}
