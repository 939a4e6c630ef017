import Foundation
import TestSupport
import Testing

/// SIGINT and SIGTERM at each statement of a run: it stops with 130 and says what it did, or was
/// finished; and the next run ends the work at once.
@Suite struct CrashSignalSweepTests {
    @Test(arguments: CrashEngine.allCases)
    func `an interrupted up leaves whole migrations and the next up goes on`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["up"],
            calls: engine.everyStatement,
            // One thread waits for both, and what follows is the same.
            action: { .signal($0.isMultiple(of: 2) ? SIGTERM : SIGINT) },
            prepare: { try $0.reset() }, check: CrashCheck.ended)
        #expect(try sweep.run() > 20)
    }
}
