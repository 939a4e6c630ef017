internal import Database

/// One migration that a plan runs, with everything that running it needs.
package struct PlannedMigration: Sendable {
    /// What is done with it.
    package enum Action: String, Sendable {
        /// Run the up script.
        case apply
        /// Run a repeatable migration.
        case applyRepeatable = "apply_repeatable"
        /// Go on with an up script that stopped part-way.
        case resume
        /// Run the down script.
        case revert
        /// Go on with a down script that stopped part-way.
        case resumeRevert = "resume_revert"
    }

    /// The version as it stands, or will stand, in the history; `R__name` of a repeatable one.
    package let version: String
    /// Its name.
    package let name: String
    /// What is done.
    package let action: Action
    /// The script that runs.
    package let script: Script
    /// The queries that must return no row before the commit.
    package var verify: Script?
    /// The down script that is stored with the row.
    package var down: Script?
    /// How many statements are done already; not 0 only when resuming.
    package var statementsDone = 0
    /// The statement (from 1) whose end is not known; only when resuming.
    package var statementInDoubt: Int?

    /// True where all of it is one transaction.
    package var isTransactional: Bool { !script.directives.noTransaction }
    /// True for a revert.
    package var isRevert: Bool { action == .revert || action == .resumeRevert }
}

/// What a run would do: a pure value, which `execute` carries out and nothing else decides.
package struct Plan: Sendable {
    /// In the order in which they run.
    package let steps: [PlannedMigration]
    /// What a person should know although it stops nothing.
    package let warnings: [String]
    /// What is bound by the digest.
    package let record: PlanRecord
    /// SHA-256 over the steps, their order, the environment and the history that they start from;
    /// lower-case hex. Any change to one of them gives another digest.
    package let digest: String

    /// True where there is nothing to do.
    package var isEmpty: Bool { steps.isEmpty }

    init(
        steps: [PlannedMigration], warnings: [String], environment: String, history: [HistoryRow]
    ) {
        self.steps = steps
        self.warnings = warnings
        record = PlanRecord(environment: environment, steps: steps, history: history)
        digest = record.digest
    }
}

/// What `up` was asked for.
package struct UpRequest: Sendable {
    /// Which phases run.
    package enum Phases: String, Sendable, CaseIterable {
        /// Only migrations of the expand phase; the default.
        case expand
        /// Only those of the contract phase, and only once no other is pending.
        case contract
        /// All, in order of version: for a new database.
        case all
    }

    /// Nothing newer than this runs.
    package var to: Version?
    /// At most so many versioned migrations run.
    package var count: Int?
    /// Run late migrations as well.
    package var allowsOutOfOrder = false
    /// Fail where the database is newer than the files.
    package var isStrict = false
    /// The phases.
    package var phases = Phases.expand

    /// Everything that is pending.
    package init() {}
}

/// What `down` was asked for.
package enum DownRequest: Sendable, Hashable {
    /// The newest so many, in the order in which they were applied.
    case count(Int)
    /// All that are newer than this version.
    case to(Version)
    /// All that the newest run applied.
    case lastRun
    /// All that the run of this id applied, which must be the newest.
    case run(String)
    /// All.
    case all
}

/// One migration that a run finished.
package struct FinishedMigration: Sendable, Hashable {
    /// The version, or `R__name`.
    package var version: String
    /// Its name.
    package var name: String
    /// How long it ran.
    package var durationMilliseconds: Int64

    /// Creates one.
    package init(version: String, name: String, durationMilliseconds: Int64) {
        self.version = version
        self.name = name
        self.durationMilliseconds = durationMilliseconds
    }
}

/// What a run did.
package struct RunReport: Sendable {
    /// The run's id, as in the history.
    package var runID: String
    /// Applied, in order.
    package var applied: [FinishedMigration] = []
    /// Reverted, in order.
    package var reverted: [FinishedMigration] = []
    /// What a person should know.
    package var warnings: [String] = []
    /// True where everything was rolled back on purpose.
    package var isDryRun = false
    /// How many versioned migrations are applied now; nil where it was not asked.
    package var totalApplied: Int?
    /// True where the run stopped because everything was rolled back (`transaction: all`).
    package var rolledBack: [FinishedMigration] = []

    /// The report of a run of this id.
    package init(
        runID: String, isDryRun: Bool = false, totalApplied: Int? = nil
    ) {
        self.runID = runID
        self.isDryRun = isDryRun
        self.totalApplied = totalApplied
    }
}
