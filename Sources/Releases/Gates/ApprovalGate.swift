/// Whether enough persons have signed the plan.
package struct ApprovalGate: Gate {
    private let tally: ApprovalTally?

    /// Creates the gate; without a tally, where nobody must approve, it is open.
    package init(_ tally: ApprovalTally?) { self.tally = tally }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        guard let tally else {
            return GateAnswer(.approval, .yes, "no rule: nobody has to approve")
        }
        guard !plan.steps.isEmpty else {
            return GateAnswer(.approval, .yes, "there is nothing to approve")
        }
        if let rejection = tally.rejections.first {
            let reason = rejection.statement.reason.map { ": \($0)" } ?? ""
            return GateAnswer(
                .approval, .no, "'\(rejection.statement.principal)' has rejected it\(reason)",
                hint: "It may run once that is withdrawn: migrate approve PLAN --withdraw")
        }
        let names = tally.approvals.map(\.statement.principal).joined(separator: ", ")
        guard tally.missing > 0 else {
            return GateAnswer(.approval, .yes, "approved by \(names)")
        }
        let wanted = tally.required == 1 ? "1 approval" : "\(tally.required) approvals"
        let have =
            tally.approvals.isEmpty
            ? "there is none of \(wanted)"
            : "there are \(tally.approvals.count) of \(wanted) (\(names))"
        let ignored = tally.ignored.map {
            "\($0.principal.map { "'\($0)'" } ?? $0.source) does not count: \($0.reason)"
        }
        return GateAnswer(
            .approval, .no, ([have] + ignored).joined(separator: "; "),
            hint: "Write the plan and have it signed: migrate plan --env \(plan.environment) "
                + "--out plan.json, then migrate approve plan.json --key KEY")
    }
}
