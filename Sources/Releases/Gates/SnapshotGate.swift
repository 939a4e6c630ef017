/// Which snapshot is taken before a run.
package struct SnapshotPolicy: Sendable, Hashable {
    /// What it holds.
    package enum Strategy: String, Sendable, CaseIterable {
        /// Everything.
        case full
        /// Everything but the rows; a way back for the schema alone.
        case schema
        /// None is taken.
        case none
    }

    /// How many snapshots of the environment are kept; of no rule, all are.
    package struct Retention: Sendable, Hashable {
        /// The newest so many.
        package var last = 0
        /// One for each of so many days.
        package var daily = 0
        /// One for each of so many weeks.
        package var weekly = 0
        /// One for each of so many months.
        package var monthly = 0

        /// Keeps all.
        package init() {}
    }

    /// What it holds.
    package var strategy: Strategy
    /// What stays after a run that went well; nil: everything.
    package var keep: Retention?

    /// Creates a policy.
    package init(strategy: Strategy = .full, keep: Retention? = nil) {
        self.strategy = strategy
        self.keep = keep
    }
}

/// Whether the snapshot that a run begins with can be taken.
package struct SnapshotGate: Gate {
    private let policy: SnapshotPolicy?
    private let isFile: Bool
    private let repository: String
    private let problem: String?

    /// Creates the gate; without a policy it is open.
    ///
    /// - Parameters:
    ///   - policy: the rule.
    ///   - isFile: whether the database is an SQLite file, which is copied as a whole or not at all.
    ///   - repository: where the snapshot goes.
    ///   - problem: why nothing can go there; nil where it can, as far as a look tells.
    package init(
        _ policy: SnapshotPolicy?, isFile: Bool, repository: String, problem: String? = nil
    ) {
        self.policy = policy
        self.isFile = isFile
        self.repository = repository
        self.problem = problem
    }

    /// Its answer.
    package func answer(_ plan: ReleasePlan) -> GateAnswer {
        switch policy?.strategy {
        case nil: return GateAnswer(.snapshot, .yes, "no rule: no snapshot is taken before")
        case .some(.none): return GateAnswer(.snapshot, .yes, "none is taken (strategy: none)")
        case .schema where isFile:
            return GateAnswer(
                .snapshot, .no, "an SQLite file has no snapshot of its schema alone",
                hint: "Write 'strategy: full' for this environment: the file is copied as a whole.")
        case .full, .schema: break
        }
        if let problem {
            return GateAnswer(
                .snapshot, .no, "no snapshot can be taken into '\(repository)': \(problem)",
                hint: "'snapshots.repository' names the folder; nothing runs without the snapshot.")
        }
        let what = policy?.strategy == .schema ? "of the schema, without its rows," : ""
        return GateAnswer(
            .snapshot, .yes,
            "one \(what)\(what.isEmpty ? "" : " ")is taken into '\(repository)' first, and read again"
        )
    }
}
