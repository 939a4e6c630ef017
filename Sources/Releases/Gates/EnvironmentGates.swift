/// Whether the database is the environment's.
package struct IdentityGate: Gate {
    /// What is known of whose database it is.
    package enum Fact: Sendable, Hashable {
        /// It is stamped with the environment.
        case own
        /// It is stamped with none, and the run will stamp it.
        case unstamped
        /// The address was given by hand, and no environment with it.
        case unnamed
        /// It is another one's: what is wrong, and what to do.
        case other(problem: String, hint: String?)
    }

    private let fact: Fact

    /// Creates the gate.
    package init(_ fact: Fact) { self.fact = fact }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        switch fact {
        case .own:
            GateAnswer(.identity, .yes, "this database belongs to '\(plan.environment)'")
        case .unstamped:
            GateAnswer(
                .identity, .yes,
                "this database belongs to no environment yet; 'up' makes it that of "
                    + "'\(plan.environment)'")
        case .unnamed:
            GateAnswer(
                .identity, .yes, "the address was given by hand, and no environment was named")
        case .other(let problem, let hint):
            GateAnswer(.identity, .no, problem, hint: hint)
        }
    }
}

/// Whether a protected environment wants a reason.
package struct ProtectionGate: Gate {
    private let isProtected: Bool
    private let isAddressGiven: Bool
    private let isConfirmed: Bool

    /// Creates the gate.
    ///
    /// - Parameters:
    ///   - isProtected: whether the environment is.
    ///   - isAddressGiven: whether the database was named by hand.
    ///   - isConfirmed: whether `--yes` and a reason were given.
    package init(isProtected: Bool, isAddressGiven: Bool, isConfirmed: Bool) {
        self.isProtected = isProtected
        self.isAddressGiven = isAddressGiven
        self.isConfirmed = isConfirmed
    }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        guard isProtected else {
            return GateAnswer(.protection, .yes, "no rule: the environment is not protected")
        }
        guard isAddressGiven, !isConfirmed else {
            return GateAnswer(
                .protection, .yes,
                isAddressGiven
                    ? "the environment is protected, and a reason was given"
                    : "the environment is protected; 'up' needs no reason, what loses data does")
        }
        return GateAnswer(
            .protection, .no,
            "environment '\(plan.environment)' is protected, and this would run on a database named "
                + "by hand",
            hint: "Add --yes and --reason 'why'; the reason is kept in the log.")
    }
}
