import Foundation
import TestSupport
import Testing

/// Standard streams that are closed, or whose reader has gone, do not stop or break a run.
@Suite struct CrashStreamsTests {
    @Test(
        arguments: [CrashEngine.rollbackJournal, .postgres],
        [
            // Nobody reads.
            "\"$0\" \"$@\" | head -c 0", "{ \"$0\" \"$@\" 2>&1; echo $? >status; } | head -c 0",
            "\"$0\" \"$@\" 2>&1 >/dev/null | head -c 0", "exec \"$0\" \"$@\" >/dev/full 2>&1",
            // There is no stream at all: the next file that is opened gets its number.
            "exec \"$0\" \"$@\" <&-", "exec \"$0\" \"$@\" >&-", "exec \"$0\" \"$@\" 2>&-",
            "exec \"$0\" \"$@\" >&- 2>&-", "exec \"$0\" \"$@\" <&- >&- 2>&-",
        ])
    func `a run without standard streams does its work`(
        _ engine: CrashEngine, _ shell: String
    ) throws {
        let database = try CrashDatabase(engine)
        // Words on both streams.
        let run = try MigrateProgram.start(
            database.arguments(["up", "--verbose"]).filter { $0 != "--json" },
            in: database.folder.path, shell: shell)
        let result = run.wait(atMost: .seconds(60))
        #expect(result.status == 0, "\(result.summary)")
        let state = try database.state()
        #expect(try database.oracle().finalProblems(state) == [])
        #expect(state.log.count { $0.outcome == "success" } == 5)
        if database.folder.has("status") {
            #expect(
                try String(contentsOfFile: database.folder.file("status"), encoding: .utf8) == "0\n"
            )
        }
    }

    @Test(arguments: [CrashEngine.rollbackJournal, .postgres])
    func `a failure is told by the status where no stream is left`(_ engine: CrashEngine) throws {
        let database = try CrashDatabase(engine)
        try database.write(["005_bad.up.sql": "INSERT INTO trace VALUES ('005'); SELECT nothing;"])
        let run = try MigrateProgram.start(
            database.arguments(["up"]), in: database.folder.path,
            shell: "exec \"$0\" \"$@\" <&- >&- 2>&-")
        #expect(run.wait(atMost: .seconds(60)).status == 6)
        #expect(try database.state().recorded == "001 002 003 004")
        #expect(try database.oracle().problems(database.state()) == [])
    }

    /// `down --all` asks; with nobody to ask it refuses.
    @Test(arguments: ["exec \"$0\" \"$@\" <&-", "exec \"$0\" \"$@\" </dev/null"])
    func `a question without standard input is answered with no`(_ shell: String) throws {
        let database = try CrashDatabase(.rollbackJournal)
        #expect(try database.migrate(["up"]).status == 0)
        let run = try MigrateProgram.start(
            database.arguments(["down", "--all"]).filter { $0 != "--json" },
            in: database.folder.path, shell: shell)
        let result = run.wait(atMost: .seconds(60))
        #expect(result.status == 9)
        #expect(result.errors.contains("--yes"))
        #expect(try database.state().recorded == "001 002 003 004 R")
    }
}
