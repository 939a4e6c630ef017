import Database
import Foundation
import TestSupport
import Testing

/// Several runs at once on one database: together they do what one would have done.
@Suite struct ConcurrencyRunsTests {
    @Test(arguments: CrashEngine.allCases, [2, 10])
    func `runs at once on a fresh database apply each migration once`(
        _ engine: CrashEngine, _ count: Int
    ) throws {
        let database = try CrashDatabase(engine)
        let oracle = try database.oracle()
        // Few runs meet at another place each time.
        for _ in 0..<(count == 2 ? 6 : 2) {
            try database.reset()
            let runs = try (0..<count).map { _ in try database.start(["up"]) }
            let results = runs.map { $0.wait(atMost: .seconds(120)) }
            var applied: [String] = []
            for result in results {
                #expect(result.status == 0, "\(result.summary)")
                applied += try result.versions("applied")
            }
            #expect(applied.sorted() == ["001", "002", "003", "004", "R__summary"])
            let state = try database.state()
            #expect(oracle.finalProblems(state) == [])
            #expect(state.repeats == 1)
            #expect(state.log.count == 5)
            Self.expectHolders(runs, results)
        }
    }

    /// Whoever waited says who held the lock: one of the other runs.
    private static func expectHolders(_ runs: [RunningProgram], _ results: [ProgramResult]) {
        let pids = Set(runs.map { String($0.pid) })
        for result in results {
            for line in result.errors.split(separator: "\n") where line.contains("held by pid ") {
                let rest = line.components(separatedBy: "held by pid ")[1]
                #expect(pids.contains(String(rest.prefix { $0.isNumber })), "\(line)")
                #expect(rest.contains(", user ") && rest.contains(", since "), "\(line)")
            }
        }
    }

    @Test(arguments: CrashEngine.allCases)
    func `runs that wait say who holds the lock and find nothing left to do`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine, lockTimeout: "60s")
        let gate = try Gate(database)
        try database.write(["001_items.verify.sql": gate.statement])
        let holder = try database.start(["up"])
        // The one that has the lock says nothing; the others are started once it has it.
        try gate.waitUntilReached(by: holder)
        let others = try (0..<3).map { _ in try database.start(["up"]) }
        for other in others {
            #expect(
                poll(for: .seconds(30)) {
                    other.errorsSoFar.contains(
                        "waiting for the lock, held by pid \(holder.pid) on ")
                })
        }
        try gate.open()
        #expect(holder.wait(atMost: .seconds(60)).status == 0)
        for other in others {
            let result = other.wait(atMost: .seconds(60))
            #expect(result.status == 0, "\(result.summary)")
            #expect(try result.versions("applied") == [])
            #expect(try result.json()["outcome"] as? String == "nothing_to_do")
        }
        #expect(try database.oracle().finalProblems(database.state()) == [])
    }

    @Test(arguments: CrashEngine.allCases)
    func `a failing migration fails for each of several runs as for one`(
        _ engine: CrashEngine
    ) throws {
        let database = try CrashDatabase(engine)
        try database.write([
            "004_\(engine == .postgres ? "widen" : "rebuild").up.sql":
                "INSERT INTO trace VALUES ('004'); SELECT nothing;"
        ])
        let results = try (0..<4).map { _ in try database.start(["up"]) }
            .map { $0.wait(atMost: .seconds(120)) }
        var applied: [String] = []
        for result in results {
            #expect(result.status == 6, "\(result.summary)")
            #expect(result.errors.contains("up.sql:1:42: error: "), "\(result.summary)")
            applied += try result.versions("applied")
        }
        #expect(applied.sorted() == ["001", "002", "003"])
        let state = try database.state()
        #expect(state.recorded == "001 002 003")
        #expect(try database.oracle().problems(state) == [])
        #expect(state.log.count { $0.outcome == "success" } == 3)
        #expect(state.log.count { $0.outcome == "failure" && $0.version == "004" } == 4)
    }

    @Test(arguments: CrashEngine.allCases)
    func `up and down at once are one after the other`(_ engine: CrashEngine) throws {
        let database = try CrashDatabase(engine)
        let oracle = try database.oracle()
        #expect(try database.migrate(["up"]).status == 0)
        for _ in 0..<4 {
            let commands = [["down", "--all", "--yes"], ["up"], ["down", "--count", "2"], ["up"]]
            let results = try commands.map { try database.start($0) }
                .map { $0.wait(atMost: .seconds(120)) }
            for (command, result) in zip(commands, results) {
                #expect(result.status == 0, "\(command): \(result.summary)")
            }
            #expect(oracle.problems(try database.state()) == [])
            #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
            #expect(oracle.finalProblems(try database.state()) == [])
        }
    }

    /// What another run is in the middle of looks part-way; it is no failure while that run lives.
    @Test(arguments: [["down"], ["redo"], ["up"]])
    func `a run waits for one that is in the middle of a migration without transaction`(
        _ command: [String]
    ) throws {
        let database = try CrashDatabase(
            .postgres,
            files: [
                "001_one.up.sql": "CREATE TABLE one (a text);",
                "001_one.down.sql": "DROP TABLE one;",
                "002_two.down.sql": "DELETE FROM one;",
            ], lockTimeout: "60s")
        let gate = try Gate(database)
        try database.write([
            "002_two.up.sql": """
            -- migrate: no-transaction
            INSERT INTO one VALUES ('first');
            \(gate.statement);
            INSERT INTO one VALUES ('last');
            """
        ])
        let up = try database.start(["up"])
        try gate.waitUntilReached(by: up)
        #expect(try database.state().recorded == "001 002↑1")
        let other = try database.start(command)
        #expect(
            poll(for: .seconds(30)) {
                other.errorsSoFar.contains("waiting for the lock, held by pid \(up.pid) on ")
            })
        try gate.open()
        #expect(up.wait(atMost: .seconds(60)).status == 0)
        let result = other.wait(atMost: .seconds(60))
        #expect(result.status == 0, "\(result.summary)")
        let state = try database.state()
        #expect(state.recorded == (command == ["down"] ? "001" : "001 002"))
        #expect(
            state.contents.filter { $0.hasPrefix("one | ") }
                == (command == ["down"] ? [] : ["one | first", "one | last"]))
    }
}
