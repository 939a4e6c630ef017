/// What would run, as far as a gate looks at it.
package struct ReleasePlan: Sendable, Hashable {
    /// One migration.
    package struct Step: Sendable, Hashable {
        /// Its version, or `R__name`.
        package var version: String
        /// Its name.
        package var name: String
        /// SHA-256 of its tokens.
        package var contentDigest: String

        /// Creates a step.
        package init(version: String, name: String, contentDigest: String) {
            self.version = version
            self.name = name
            self.contentDigest = contentDigest
        }

        /// `003 add_orders`; `R__view` says it all.
        package var label: String {
            version.hasSuffix("__" + name) ? version : "\(version) \(name)"
        }
    }

    /// The environment in which it would run.
    package var environment: String
    /// The plan's digest: it changes with any file, their order, the environment, the history.
    package var digest: String
    /// In the order in which they run.
    package var steps: [Step]

    /// Creates a plan.
    package init(environment: String, digest: String, steps: [Step]) {
        self.environment = environment
        self.digest = digest
        self.steps = steps
    }
}

/// The rules that an environment has. The raw values stand in JSON, in this order.
package enum GateName: String, Sendable, CaseIterable {
    /// The database belongs to the environment.
    case identity
    /// A protected environment wants a reason for an address that was given by hand.
    case protection
    /// The same files have run elsewhere first.
    case promotion
    /// Persons have signed the plan.
    case approval
    /// It is not a time at which nothing may run.
    case window
    /// A snapshot is taken first.
    case snapshot
}

/// What a rule says of a plan.
package struct GateAnswer: Sendable, Hashable {
    /// Whether the plan may run, as far as the rule goes.
    package enum Verdict: String, Sendable {
        /// It may.
        case yes
        /// It may not.
        case no
        /// It may not, and a person takes it upon them all the same.
        case overridden
    }

    /// Which rule.
    package var gate: GateName
    /// Its answer.
    package var verdict: Verdict
    /// Why: lower case, no full stop.
    package var reason: String
    /// What to do about a no: whole sentences.
    package var hint: String?

    /// Creates an answer.
    package init(
        _ gate: GateName, _ verdict: Verdict, _ reason: String, hint: String? = nil
    ) {
        self.gate = gate
        self.verdict = verdict
        self.reason = reason
        self.hint = hint
    }
}

/// A rule: a pure function from a plan to an answer. Policy and facts are its properties, gathered
/// before; nothing in a gate reads, asks or waits.
package protocol Gate: Sendable {
    /// Its answer.
    func answer(_ plan: ReleasePlan) -> GateAnswer
}

/// All the answers to a plan.
package struct GateAnswers: Sendable, Hashable {
    /// One for each rule, in the order of `GateName`.
    package let answers: [GateAnswer]

    /// Asks each gate.
    package init(_ plan: ReleasePlan, _ gates: [any Gate]) {
        let order = GateName.allCases
        answers = gates.map { $0.answer(plan) }.sorted {
            (order.firstIndex(of: $0.gate) ?? 0) < (order.firstIndex(of: $1.gate) ?? 0)
        }
    }

    /// Those that stop the plan.
    package var refusals: [GateAnswer] { answers.filter { $0.verdict == .no } }
    /// Those that a person took upon them.
    package var overridden: [GateAnswer] { answers.filter { $0.verdict == .overridden } }
    /// True where the plan may run.
    package var allow: Bool { refusals.isEmpty }
}
