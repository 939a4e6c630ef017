/// What a plan's digest binds, so that whoever holds the parts can work the digest out again: a person
/// who is asked to sign it need not believe the file that shows it.
package struct PlanRecord: Sendable, Hashable {
    /// A step.
    package struct Step: Sendable, Hashable {
        /// The version, or `R__name`.
        package var version: String
        /// Its name.
        package var name: String
        /// `apply`, `apply_repeatable`, `resume`, `revert`, `resume_revert`.
        package var action: String
        /// How many statements are done already.
        package var statementsDone: Int
        /// The script's checksum.
        package var checksum: String
        /// That of its verify queries; nil where it has none.
        package var verifyChecksum: String?
        /// That of its down script; nil where it has none.
        package var downChecksum: String?

        /// Creates one from its parts.
        package init(
            version: String, name: String, action: String, statementsDone: Int, checksum: String,
            verifyChecksum: String?, downChecksum: String?
        ) {
            self.version = version
            self.name = name
            self.action = action
            self.statementsDone = statementsDone
            self.checksum = checksum
            self.verifyChecksum = verifyChecksum
            self.downChecksum = downChecksum
        }
    }

    /// The environment.
    package var environment: String
    /// SHA-256 over the history that the plan starts from; lower-case hex.
    package var historyDigest: String
    /// The steps, in order.
    package var steps: [Step]

    /// Creates one from its parts.
    package init(environment: String, historyDigest: String, steps: [Step]) {
        self.environment = environment
        self.historyDigest = historyDigest
        self.steps = steps
    }

    init(environment: String, steps: [PlannedMigration], history: [HistoryRow]) {
        self.environment = environment
        var fields: [String?] = ["migrate history 1"]
        for row in history.sorted(by: { $0.version < $1.version }) {
            fields += [row.version, row.checksum, row.state.rawValue]
        }
        historyDigest = Checksum.fields(fields)
        self.steps = steps.map { step in
            Step(
                version: step.version, name: step.name, action: step.action.rawValue,
                statementsDone: step.statementsDone, checksum: step.script.checksum,
                verifyChecksum: step.verify?.checksum, downChecksum: step.down?.checksum)
        }
    }

    /// SHA-256 over all of it; lower-case hex.
    package var digest: String {
        var fields: [String?] = ["migrate plan 2", environment, historyDigest]
        for step in steps {
            fields += [
                step.version, step.name, step.action, String(step.statementsDone), step.checksum,
                step.verifyChecksum, step.downChecksum,
            ]
        }
        return Checksum.fields(fields)
    }
}
