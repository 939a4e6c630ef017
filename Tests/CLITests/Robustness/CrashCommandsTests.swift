import Foundation
import TestSupport
import Testing

/// The other commands that change a database, broken by SIGKILL, SIGINT and SIGTERM in turn at each
/// of their steps. The end of one round, a database with everything applied, is the start of the next.
@Suite struct CrashCommandsTests {
    @Test(arguments: [
        (CrashEngine.rollbackJournal, ["down", "--all", "--yes"], ["fsync", "unlink"]),
        (.wal, ["down", "--run"], ["fsync"]), (.wal, ["redo"], ["fsync", "pwrite"]),
        (.rollbackJournal, ["redo", "--count", "2"], ["fsync", "unlink"]),
        (.postgres, ["down", "--all", "--yes"], ["send"]), (.postgres, ["redo"], ["send"]),
        (.postgres, ["redo", "--count", "2"], ["send"]),
    ])
    func `a run that reverts leaves whole migrations`(
        _ engine: CrashEngine, _ command: [String], _ calls: [String]
    ) throws {
        let database = try CrashDatabase(engine)
        #expect(try database.migrate(["up"]).status == 0)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: command,
            calls: calls, action: Self.inTurn,
            // What a broken round left to the next 'up' is part of the last run all the same.
            prepare: { try $0.run(["UPDATE schema_migrations SET run_id = 'one run'"]) },
            check: CrashCheck.ended)
        #expect(try sweep.run() > 5)
    }

    @Test(arguments: CrashEngine.allCases)
    func `a baseline is recorded whole or not at all`(_ engine: CrashEngine) throws {
        let database = try CrashDatabase(engine)
        #expect(try database.migrate(["up"]).status == 0)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["baseline", "004"],
            calls: engine.everyStep, action: Self.inTurn,
            prepare: {
                try $0.run([
                    "DROP TABLE schema_migrations", "DROP TABLE schema_migrations_log",
                    "DROP VIEW summary", "DROP TABLE repeats",
                ])
            },
            look: { _, state in state.damage + state.chainProblems },
            complete: { sweep, state in
                if state.history.isEmpty {
                    let again = try database.migrate(["baseline", "004"])
                    if again.status != 0 { return ["the next ended with \(again.summary)"] }
                }
                return try sweep.completeUp(state)
            },
            check: { result, before, after in
                let problems = CrashCheck.ended(result, before, after)
                guard [0, 4].contains(after.history.count),
                    after.history.count == after.log.count
                else { return problems + ["the history has \(after.history.count) rows"] }
                return problems
            })
        #expect(try sweep.run() > 10)
    }

    @Test(arguments: CrashEngine.allCases)
    func `another tool's history is taken over whole or not at all`(_ engine: CrashEngine) throws {
        let database = try CrashDatabase(engine)
        #expect(try database.migrate(["up"]).status == 0)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["adopt"],
            calls: engine.everyStep, action: Self.inTurn,
            prepare: {
                try $0.run([
                    "DROP TABLE schema_migrations", "DROP TABLE schema_migrations_log",
                    "DROP VIEW summary", "DROP TABLE repeats",
                    "CREATE TABLE goose_db_version (id integer, version_id bigint, is_applied "
                        + "boolean, tstamp timestamp)",
                    "INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (1, 0, true), "
                        + "(2, 1, true), (3, 2, true), (4, 3, true), (5, 4, true)",
                ])
            },
            look: { _, state in state.damage + state.chainProblems },
            complete: { sweep, _ in
                let again = try database.migrate(["adopt"])
                if again.status != 0 { return ["the next ended with \(again.summary)"] }
                try database.run(["DROP TABLE goose_db_version"])
                return try sweep.completeUp(try database.state())
            },
            check: { result, before, after in
                let problems = CrashCheck.ended(result, before, after)
                guard [0, 4].contains(after.history.count),
                    after.history.count == after.log.count
                else { return problems + ["the history has \(after.history.count) rows"] }
                return problems
            })
        #expect(try sweep.run() > 10)
    }

    @Test(arguments: CrashEngine.allCases)
    func `a repair is recorded whole or not at all`(_ engine: CrashEngine) throws {
        let database = try CrashDatabase(engine)
        #expect(try database.migrate(["up"]).status == 0)
        let command = ["repair", "--accept-checksum", "001", "004"]
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: command,
            calls: engine.everyStep, action: Self.inTurn,
            prepare: {
                try $0.run([
                    "UPDATE schema_migrations SET checksum = 'x', content_digest = 'x' "
                        + "WHERE version IN ('001', '004')"
                ])
            },
            complete: { sweep, state in
                let again = try database.migrate(command)
                if again.status != 0 { return ["the next ended with \(again.summary)"] }
                return try sweep.completeUp(state)
            },
            check: { result, before, after in
                var problems = CrashCheck.ended(result, before, after)
                let wrong = after.history.count { $0.checksum == "x" }
                let added = after.log.count - before.log.count
                if added + wrong != 2 || wrong == 1 {
                    problems.append("\(added) new entries in the log, \(wrong) checksums wrong")
                }
                return problems
            })
        #expect(try sweep.run() > 10)
    }

    private static func inTurn(_ number: Int) -> MigrateProgram.Fault.Action {
        .signal([SIGKILL, SIGINT, SIGTERM][number % 3])
    }
}
