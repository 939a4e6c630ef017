import Foundation
import TestSupport
import Testing

/// "Fail the n-th call, for every n" (https://www.sqlite.org/testing.html): runs a command again and
/// again, broken at its first call, its second, … until a run ends without having come so far.
struct FaultSweep {
    let database: CrashDatabase
    let oracle: MigrationOracle
    /// What is broken: `["up"]`.
    let command: [String]
    /// Which calls count; all that the injector knows where it is empty.
    var calls: [String] = []
    /// From one broken call to the next: 1, unless neighbours are as good as the same.
    var stride = 1
    /// What happens to the n-th call.
    let action: (_ number: Int) -> MigrateProgram.Fault.Action
    /// Brings the database into the state in which the command starts.
    var prepare: (CrashDatabase) throws -> Void = { _ in }
    /// What is wrong with a database between two runs.
    var look: (_ oracle: MigrationOracle, DatabaseState) -> [String] = { $0.problems($1) }
    /// Brings the database to its end after the look that follows the fault; `migrate up` unless
    /// it takes more.
    var complete: (_ sweep: FaultSweep, DatabaseState) throws -> [String] = { sweep, state in
        try sweep.completeUp(state)
    }
    /// What is wrong with how the broken run ended and what it left.
    let check: (ProgramResult, _ before: DatabaseState, _ after: DatabaseState) throws -> [String]

    /// Goes through all of them; problems become issues, and end it after a few.
    ///
    /// - Returns: at how many calls the run was broken.
    @discardableResult
    func run() throws -> Int {
        var hits = 0
        var spared = 0
        var bad = 0
        var number = 1 - stride
        // The number of calls is not the same in every run on PostgreSQL: one that was spared may
        // have needed a call less than the next.
        while spared < (database.engine == .postgres ? 3 : 1), bad < 3 {
            number += stride
            let (isHit, problems) = try once(number)
            hits += isHit ? 1 : 0
            spared = isHit ? 0 : spared + 1
            for problem in problems {
                Issue.record("\(command.joined(separator: " ")) at call \(number): \(problem)")
            }
            bad += problems.isEmpty ? 0 : 1
        }
        return hits
    }

    private func once(_ number: Int) throws -> (isHit: Bool, problems: [String]) {
        try prepare(database)
        let before = try database.state()
        let fault = MigrateProgram.Fault(action(number), at: number, of: calls)
        let result = try database.migrate(command, fault: fault)
        guard try database.waitForKilledSession() else {
            return (true, ["the session of the killed run is still there after 15 s"])
        }
        let after = try database.state()
        var problems = look(oracle, after)
        if result.faultHappened {
            problems += try check(result, before, after)
        } else if result.status != 0 {
            problems.append("a run that nothing broke ended with \(result.summary)")
        }
        if problems.isEmpty { problems = try complete(self, after) }
        return (result.faultHappened, problems)
    }

    /// Ends what the broken run left with a plain `migrate up`, and one that has nothing to do. A
    /// revert that stopped part-way is ended first, by the command that began it.
    func completeUp(_ state: DatabaseState) throws -> [String] {
        if state.partWay?.state == "reverting" {
            let refused = try database.migrate(["up", "--lock-wait", "0s"])
            guard refused.status == 8 else {
                return ["'up' on a revert that is part-way ended with \(refused.summary)"]
            }
            let down = try database.migrate(["down"])
            guard down.status == 0 else { return ["'down' then ended with \(down.summary)"] }
        }
        // The lock is free at once: the run does not wait for it.
        let up = try database.migrate(["up", "--lock-wait", "0s"])
        guard up.status == 0 else { return ["'up' then ended with \(up.summary)"] }
        return oracle.finalProblems(try database.state())
    }
}

extension ProgramResult {
    /// Status and output in one line.
    var summary: String {
        let end = status.map { "status \($0)" } ?? "signal \(signal ?? 0)"
        let words = (errors + output).split(whereSeparator: \.isNewline).joined(separator: " ")
        return "\(end): \(words)"
    }

    /// What is wrong with the document of a run that failed or was interrupted: what it says was
    /// applied and reverted must be what the database records.
    func documentProblems(_ before: DatabaseState, _ after: DatabaseState) -> [String] {
        guard let document = try? json() else { return ["no JSON document: \(summary)"] }
        guard document["exit_status"] as? Int == status.map({ Int($0) }) else {
            return ["the document has another status than the program: \(summary)"]
        }
        let reverted = versions(document, "reverted")
        let applied = versions(document, "applied")
        var expected = before.applied.subtracting(reverted)
        // A revert sends the repeatable migrations back to be run again.
        if !reverted.isEmpty { expected = expected.filter { !$0.hasPrefix("R__") } }
        expected.formUnion(applied)
        // A revert that is part-way is no longer applied and not yet reverted.
        if let partWay = after.partWay { expected.remove(partWay.version) }
        guard expected == after.applied else {
            return [
                "the document says applied \(applied), reverted \(reverted), the history "
                    + "\(after.recorded)"
            ]
        }
        return []
    }

    /// The versions in a list of the document, `applied` or `reverted`.
    func versions(_ key: String) throws -> [String] { versions(try json(), key) }

    private func versions(_ document: [String: Any], _ key: String) -> [String] {
        (document[key] as? [[String: Any]] ?? []).compactMap { $0["version"] as? String }
    }
}
