/// Whether it is a time at which something may run.
package struct WindowGate: Gate {
    private let policy: WindowPolicy?
    private let rules: TimeZoneRules
    private let now: UTCTime
    private let override: String?

    /// Creates the gate; without a policy it is open.
    ///
    /// - Parameters:
    ///   - policy: the rule.
    ///   - rules: those of the policy's zone.
    ///   - now: the time.
    ///   - override: why a person goes through a closed window; nil where nobody does.
    package init(
        _ policy: WindowPolicy?, rules: TimeZoneRules, now: UTCTime, override: String? = nil
    ) {
        self.policy = policy
        self.rules = rules
        self.now = now
        self.override = override
    }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        guard let policy else {
            return GateAnswer(.window, .yes, "no rule: it may run at any time")
        }
        let time = rules.civil(now)
        let place = "\(time.text) \(policy.zone)"
        guard let objection = policy.objection(at: time) else {
            return GateAnswer(.window, .yes, "it may run now, \(place)")
        }
        let reason = "it is \(place), and \(objection)"
        if let override {
            return GateAnswer(.window, .overridden, "\(reason); overridden: \(override)")
        }
        let opening = policy.opening(from: now, rules).map {
            "It may run from \(rules.civil($0).text) \(policy.zone) on. "
        }
        return GateAnswer(
            .window, .no, reason,
            hint: (opening ?? "")
                + "--override-window with --reason 'why' goes through, and is kept in the log.")
    }
}
