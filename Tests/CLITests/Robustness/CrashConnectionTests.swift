import Database
import Foundation
import TestSupport
import Testing

/// A connection to PostgreSQL that breaks: before each message of a run is sent, and after it was sent
/// and before its answer was read.
@Suite struct CrashConnectionTests {
    @Test(arguments: [(["send"], EPIPE), (["recv"], ECONNRESET)])
    func `a run whose connection breaks says so and the next one goes on`(
        _ calls: [String], _ number: Int32
    ) throws {
        let database = try CrashDatabase(.postgres)
        let sweep = FaultSweep(
            database: database, oracle: try database.oracle(), command: ["up"], calls: calls,
            action: { _ in .failure(number) }, prepare: { try $0.reset() },
            check: { result, before, after in
                // At the very end, what is lost is the good-bye.
                if result.status == 0 { return result.documentProblems(before, after) }
                guard result.status == 4, result.errors.contains("hint: ") else {
                    return ["the run ended with \(result.summary)"]
                }
                return Self.problems(result, before, after)
            })
        #expect(try sweep.run() > 15)
    }

    /// The migration in which it broke may be committed or not; all else is as the document says.
    private static func problems(
        _ result: ProgramResult, _ before: DatabaseState, _ after: DatabaseState
    ) -> [String] {
        let problems = result.documentProblems(before, after)
        guard let document = try? result.json(),
            let failed = document["failed"] as? [String: Any],
            let version = failed["version"] as? String
        else { return problems }
        guard result.errors.contains("the connection broke during \(version)"),
            result.errors.contains("Run 'migrate ")
        else { return ["the run ended with \(result.summary)"] }
        var without = after
        without.history.removeAll { $0.version == version }
        return problems.isEmpty ? [] : result.documentProblems(before, without)
    }

    @Test func `a session that an administrator ends is a broken connection`() throws {
        let database = try CrashDatabase(
            .postgres,
            files: [
                "001_one.up.sql": "CREATE TABLE one (a int);",
                "002_slow.up.sql": "CREATE TABLE two (a int); SELECT pg_sleep(60);",
            ])
        let watcher = try database.open()
        let run = try database.start(["up"])
        #expect(
            try poll(for: .seconds(20)) {
                try watcher.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        + "WHERE datname = current_database() AND wait_event = 'PgSleep'"
                ).rowCount > 0
            })
        let result = run.wait()
        #expect(result.status == 4)
        #expect(result.errors.contains("the connection broke during 002"))
        #expect(result.errors.contains("administrator command"))
        #expect(try database.state().recorded == "001")
        try database.write(["002_slow.up.sql": "CREATE TABLE two (a int);"])
        #expect(try database.migrate(["up", "--lock-wait", "0s"]).status == 0)
    }
}
