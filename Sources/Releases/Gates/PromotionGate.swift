/// Where the same files must have run first.
package struct PromotionPolicy: Sendable, Hashable {
    /// The environment.
    package var environment: String
    /// For how long at least.
    package var soak: Duration

    /// Creates a policy.
    package init(environment: String, soak: Duration = .zero) {
        self.environment = environment
        self.soak = soak
    }
}

/// What is known of the environment that a plan is promoted from.
package enum PromotionProof: Sendable, Hashable {
    /// A migration there.
    package struct Applied: Sendable, Hashable {
        /// SHA-256 of the tokens that ran; nil where another tool has run it.
        package var contentDigest: String?
        /// Since when; nil where that is not recorded.
        package var at: UTCTime?
        /// False for one that stopped part-way.
        package var isWhole: Bool

        /// Creates one.
        package init(contentDigest: String?, at: UTCTime?, isWhole: Bool = true) {
            self.contentDigest = contentDigest
            self.at = at
            self.isWhole = isWhole
        }
    }

    /// What says that all is not well there.
    package struct Failure: Sendable, Hashable {
        /// What has found it. The raw values stand in evidence files.
        package enum Kind: String, Sendable {
            /// The verification after a run.
            case verification
            /// A probe that a release was watched with.
            case bake
        }

        /// What has found it.
        package var kind: Kind
        /// What it has found.
        package var message: String

        /// Creates one.
        package init(_ kind: Kind, _ message: String) {
            self.kind = kind
            self.message = message
        }
    }

    /// By version, or `R__name`; and what its newest verification or watch found, nil where that was
    /// nothing.
    case applied([String: Applied], failure: Failure?)
    /// It could not be found out, for this reason.
    case unknown(String)
}

/// Whether the same files have run elsewhere.
package struct PromotionGate: Gate {
    private let policy: PromotionPolicy?
    private let proof: PromotionProof
    private let now: UTCTime

    /// Creates the gate; without a policy it is open.
    package init(_ policy: PromotionPolicy?, proof: PromotionProof, now: UTCTime) {
        self.policy = policy
        self.proof = proof
        self.now = now
    }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        guard let policy else {
            return GateAnswer(.promotion, .yes, "no rule: nothing has to run elsewhere first")
        }
        let source = "'\(policy.environment)'"
        guard !plan.steps.isEmpty else {
            return GateAnswer(.promotion, .yes, "there is nothing to promote from \(source)")
        }
        switch proof {
        case .unknown(let reason):
            return GateAnswer(
                .promotion, .no, "what ran in \(source) is not known: \(reason)",
                hint: "This plan runs once \(source) can be read.")
        case .applied(_, let failure?): return answer(failure, source)
        case .applied(let applied, nil):
            return answer(plan, applied, policy, source)
        }
    }

    private func answer(_ failure: PromotionProof.Failure, _ source: String) -> GateAnswer {
        switch failure.kind {
        case .verification:
            GateAnswer(
                .promotion, .no,
                "the last verification of \(source) failed: \(failure.message)",
                hint: "Mend it there first; the next 'up' that passes its verification counts.")
        case .bake:
            GateAnswer(
                .promotion, .no,
                "the last release in \(source) did not pass its watch: \(failure.message)",
                hint: "Mend it there first; the next 'up' whose probes pass counts.")
        }
    }

    private func answer(
        _ plan: ReleasePlan, _ applied: [String: PromotionProof.Applied], _ policy: PromotionPolicy,
        _ source: String
    ) -> GateAnswer {
        var missing: [String] = []
        var early: [String] = []
        var ready = now
        for step in plan.steps {
            guard let there = applied[step.version] else {
                missing.append("\(step.label) is not applied in \(source)")
                continue
            }
            guard there.isWhole else {
                missing.append("\(step.label) is part-way in \(source)")
                continue
            }
            guard there.contentDigest == step.contentDigest else {
                missing.append("\(step.label) is another file than the one that ran in \(source)")
                continue
            }
            guard policy.soak > .zero else { continue }
            guard let at = there.at else {
                missing.append("since when \(step.label) is applied in \(source) is not recorded")
                continue
            }
            let due = at.advanced(by: policy.soak)
            guard now < due else { continue }
            ready = max(ready, due)
            early.append(
                "\(step.label) is in \(source) for \(describe(since: at)), and must be for "
                    + describe(policy.soak))
        }
        let reasons = missing + early
        guard !reasons.isEmpty else {
            let what = plan.steps.count == 1 ? "it is" : "all \(plan.steps.count) are"
            let soak = policy.soak > .zero ? " for \(describe(policy.soak)) at least" : ""
            return GateAnswer(.promotion, .yes, "\(what) applied in \(source)\(soak)")
        }
        let shown = reasons.prefix(3).joined(separator: "; ")
        return GateAnswer(
            .promotion, .no,
            reasons.count > 3 ? "\(shown); and \(reasons.count - 3) more" : shown,
            hint: missing.isEmpty
                ? "It may run from \(ready.text) on."
                : "Run it there first: migrate up --env \(policy.environment)")
    }

    private func describe(since moment: UTCTime) -> String {
        describe(.seconds(max(0, now.seconds - moment.seconds)))
    }

    /// `24h`, `1h 30m`, `5s`.
    private func describe(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        let shown = parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0)\($0.1)" }
        return shown.isEmpty ? "0s" : shown.joined(separator: " ")
    }
}
