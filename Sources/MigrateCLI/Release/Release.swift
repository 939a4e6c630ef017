internal import Database
internal import Migrations
internal import ProjectConfig
internal import Releases
internal import Signatures
internal import SnapshotFormat
internal import Snapshots
internal import Storage

/// The rules of an environment over one run of `up`, or one look at what it would do: the facts are
/// gathered here, the answers are the gates'.
final class Release {
    let app: App
    let project: Project
    /// The database, once it is open.
    var database: OpenDatabase?
    private let overridesWindow: Bool
    /// Where snapshots go; nil where no rule wants one.
    private let place: RepositoryPlace?
    /// Which snapshot was taken before, once it was.
    private(set) var snapshot: SnapshotID?
    /// What the approvals of the plan that was last asked about come to; nil where none is asked for.
    private(set) var tally: ApprovalTally?
    /// What the run does.
    private(set) var steps: [Notice.Migration] = []
    /// What stopped the run under the lock.
    private var problem: (any Error)?

    /// Reads what the rules need of files.
    ///
    /// - Throws: `Failure` for a window that is to be gone through without a reason.
    init(_ app: App, _ project: Project, overridesWindow: Bool) throws {
        self.app = app
        self.project = project
        self.overridesWindow = overridesWindow
        place = project.rules.snapshot == nil ? nil : try app.repositoryPlace(named: nil)
        guard overridesWindow, app.options.reason?.isEmpty ?? true else { return }
        throw Failure(
            .usage, "usage", "'--override-window' needs a reason",
            hint: "Add --reason 'why'; it is kept in the log.")
    }

    // MARK: Answers

    /// What the rules say of a plan now.
    ///
    /// - Throws: `Failure` for a time zone that is not there.
    func answers(_ plan: Plan, _ migrator: Migrator) throws -> GateAnswers {
        let rules = project.rules
        let now = UTCTime.now
        tally = try app.approvals(of: plan, project, migrator)
        let reason = app.options.reason.flatMap { $0.isEmpty ? nil : $0 }
        return GateAnswers(
            plan.forGates(project.environment),
            [
                IdentityGate(identity(migrator)),
                ProtectionGate(
                    isProtected: project.isProtected, isAddressGiven: project.isURLGiven,
                    isConfirmed: app.options.yes && reason != nil),
                PromotionGate(
                    rules.promotion,
                    proof: plan.isEmpty
                        ? .applied([:], failure: nil)
                        : rules.promotion.map { proof($0, plan) } ?? .unknown("no rule"),
                    now: now),
                ApprovalGate(plan.isEmpty ? nil : tally),
                WindowGate(
                    rules.windows, rules: try rules.windows.map(zone) ?? .utc, now: now,
                    override: overridesWindow ? reason : nil),
                SnapshotGate(
                    rules.snapshot, isFile: project.url.dialect == .sqlite,
                    repository: place?.path ?? "", problem: repositoryProblem()),
            ])
    }

    /// Refuses a plan that a rule stops.
    ///
    /// - Throws: `Failure` with the words of the first rule, those of the others as notes.
    func require(_ answers: GateAnswers) throws(Failure) {
        guard let first = answers.refusals.first else { return }
        var failure = Failure(
            .refused, "\(first.gate.rawValue)_refused", first.reason, hint: first.hint)
        failure.notes = answers.refusals.dropFirst().map {
            "\($0.gate.rawValue): \($0.reason)" + ($0.hint.map { " (\($0))" } ?? "")
        }
        failure.documentFacts["gates"] = .array(answers.answers.map(\.json))
        throw failure
    }

    private func identity(_ migrator: Migrator) -> IdentityGate.Fact {
        if let problem = migrator.environmentProblem {
            return .other(problem: problem.message, hint: problem.hint)
        }
        guard project.claim == .certain else { return .unnamed }
        return migrator.stamp == nil ? .unstamped : .own
    }

    private func zone(_ policy: WindowPolicy) throws(Failure) -> TimeZoneRules {
        if policy.zone == "UTC" { return .utc }
        if let rules = TimeZoneRules(rule: policy.zone) { return rules }
        let folders =
            (Terminal.variable("TZDIR").map { [$0] } ?? [])
            + ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"]
        for folder in folders {
            guard let bytes = try? Files.read(folder + "/" + policy.zone) else { continue }
            if let rules = TimeZoneRules(bytes) { return rules }
        }
        var failure = Failure(
            .configuration, "time_zone_unknown",
            "there is no time zone '\(policy.zone)' on this machine",
            hint:
                "Look at its name, or install the time zone database (the package tzdata); a rule "
                + "such as CET-1CEST,M3.5.0,M10.5.0/3 needs none.")
        failure.file = project.configPath
        failure.line = project.rules.zonePlace.line
        failure.column = project.rules.zonePlace.column
        throw failure
    }

    /// What the history of the environment that is promoted from says, or the evidence of it.
    private func proof(_ policy: PromotionPolicy, _ plan: Plan) -> PromotionProof {
        do {
            let proof: PromotionProof
            if let source = project.rules.promotionEvidence {
                proof = PromotionEvidence.proof(
                    try EvidenceFolder(path: source.directory).read(), of: policy.environment,
                    signers: try AllowedSigners.read(source.signers), now: .now)
            } else {
                var options = app.options
                options.env = policy.environment
                let source = try Project(options, usesOwnAddress: true)
                guard let state = try app.promotionState(source) else {
                    return .unknown("its database is not there yet")
                }
                proof = state.proof
            }
            return proof.named(as: plan.steps.map(\.version))
        } catch {
            return .unknown(Program.failure(error, app).message)
        }
    }

    private func repositoryProblem() -> String? {
        guard let place else { return nil }
        do {
            try Repository.open(place).close()
            return nil
        } catch {
            // One that is made when it is needed, and one that is pruned now.
            if error.code == .noRepository || error.storage?.code == .locked { return nil }
            return error.message
        }
    }

    // MARK: Under the lock

    /// Has the rules asked again under the lock, where the plan is the one that runs and the time has
    /// gone on, and takes the snapshot.
    func attach(_ migrator: @escaping () -> Migrator?) {
        guard !project.rules.isEmpty || !project.rules.notifications.isEmpty else { return }
        app.beforeRun = { [self] plan throws(MigrationError) in
            do {
                guard let migrator = migrator() else { return RunPreamble() }
                return try preamble(plan, migrator)
            } catch {
                problem = error
                throw (error as? MigrationError) ?? MigrationError(.refused, "refused")
            }
        }
    }

    private func preamble(_ plan: Plan, _ migrator: Migrator) throws -> RunPreamble {
        let answers = try answers(plan, migrator)
        try require(answers)
        steps = plan.steps.map { .init(version: $0.version, name: $0.name) }
        tell(.start, steps, runID: migrator.runID)
        var preamble = RunPreamble()
        for answer in answers.overridden {
            preamble.entries.append(
                LogEntry(
                    action: "override", details: "\(answer.gate.rawValue): \(answer.reason)"))
        }
        if let policy = project.rules.snapshot, policy.strategy != .none {
            let id = try takeSnapshot(isSchemaOnly: policy.strategy == .schema)
            snapshot = id
            preamble.note = "the snapshot of before is \(id.text)"
            preamble.entries.append(
                LogEntry(action: "snapshot", details: "snapshot \(id.text), before this run"))
        }
        return preamble
    }

    private func takeSnapshot(isSchemaOnly: Bool) throws -> SnapshotID {
        guard let database, let place else {
            throw Failure(.internalError, "internal", "no database is open")
        }
        do {
            let repository = try Repository.openOrCreate(
                place, codec: app.codec() ?? .zstd,
                patience: LockPatience(
                    limit: project.options.lockWait, cancellation: app.cancellation))
            defer { repository.close() }
            let title = SnapshotTitle(
                environment: project.environment, label: "before up",
                toolVersion: BuildInformation.version)
            let before = SnapshotBefore(
                app: app, project: project, database: database, repository: repository)
            let id = try before.take(title, isSchemaOnly: isSchemaOnly).manifest.id
            try repository.pin(id, reason: "before a run of 'up' in \(project.environment)")
            try readAgain(id, repository)
            app.terminal.progress?.end()
            app.terminal.result("  took \(app.terminal.styled(id.text, .bold)), read again")
            return id
        } catch {
            guard !app.cancellation.isRequested else { throw error }
            var failure = Program.failure(error, app)
            failure.message = "no snapshot could be taken, and nothing ran: \(failure.message)"
            throw failure
        }
    }

    private func readAgain(_ id: SnapshotID, _ repository: Repository) throws {
        var check = RepositoryCheck(repository)
        check.cancellation = app.cancellation
        let report = try check.run([id.text])
        guard let damage = report.snapshots.flatMap(\.damage).first else { return }
        throw SnapshotError(
            .damaged, "what was written is not what is read again: \(damage.problem)",
            hint: "Look at the disk of '\(repository.place.path)'.",
            damage: report.snapshots.flatMap(\.damage))
    }

    /// Tells whom the environment names. A run that was stopped before it began has no id.
    func tell(
        _ event: NotificationEvent, _ migrations: [Notice.Migration], runID: String?,
        failure: Failure? = nil
    ) {
        Notifier(app: app, project: project, identity: app.identity(project)).tell(
            event, migrations, runID: runID,
            database: (try? OpenDatabase.display(project.url)) ?? "", failure: failure,
            snapshot: snapshot?.text)
    }

    // MARK: After the run

    /// The failure of a run as it is told: what stopped it, and the snapshot to go back to.
    func explained(_ error: any Error) -> any Error {
        let cause = problem ?? error
        guard let snapshot else { return cause }
        var failure = Program.failure(cause, app)
        failure.notes.append("the snapshot of before is \(snapshot.text)")
        failure.documentFacts["snapshot_before"] = .string(snapshot.text)
        return failure
    }

    /// Finds the snapshot of before an earlier run, which is pinned until its release is confirmed.
    func recallSnapshot() {
        guard project.rules.snapshot != nil, let place,
            let repository = try? Repository.open(place)
        else { return }
        defer { repository.close() }
        snapshot = try? repository.pinned(in: project.environment).max { $0.text < $1.text }
    }

    /// A run has ended well: earlier ways back are let go, and what the policy does not keep is
    /// removed. What goes wrong here changes nothing of the run.
    func finish(_ facts: inout [String: JSONValue]) {
        guard let policy = project.rules.snapshot, let place else { return }
        if let snapshot {
            facts["snapshot_before"] = .string(snapshot.text)
            app.terminal.result(
                "  what was there is in the snapshot \(snapshot.text), until 'migrate confirm'")
        }
        do {
            try letGo(place, keeping: snapshot)
            if let keep = policy.keep { facts["expired"] = JSONValue(try expire(place, keep)) }
        } catch {
            let failure = Program.failure(error, app)
            app.terminal.warning("old snapshots were not let go: \(failure.message)")
        }
    }

    private func letGo(_ place: RepositoryPlace, keeping id: SnapshotID?) throws {
        let repository: Repository
        do {
            repository = try Repository.open(place, patience: patience)
        } catch {
            if error.code == .noRepository { return }
            throw error
        }
        defer { repository.close() }
        for pinned in try repository.pinned(in: project.environment) where pinned != id {
            try repository.unpin(pinned)
        }
    }

    /// - Returns: the snapshots that were removed.
    private func expire(
        _ place: RepositoryPlace, _ keep: SnapshotPolicy.Retention
    ) throws -> [String] {
        let repository = try Repository.open(place, .exclusive, patience: patience)
        defer { repository.close() }
        var policy = RetentionPolicy()
        (policy.last, policy.daily) = (keep.last, keep.daily)
        (policy.weekly, policy.monthly) = (keep.weekly, keep.monthly)
        let plan = try repository.prunePlan(
            policy, environment: project.environment, grace: .seconds(3600))
        try repository.prune(plan)
        let names = plan.expired.map(\.id.text)
        if !names.isEmpty {
            app.terminal.result("  let go of \(count(names.count, "old snapshot"))")
        }
        return names
    }

    private var patience: LockPatience {
        LockPatience(limit: .seconds(5), cancellation: app.cancellation)
    }
}

extension Plan {
    /// The plan as the gates see it.
    func forGates(_ environment: String) -> ReleasePlan {
        ReleasePlan(
            environment: environment, digest: digest,
            steps: steps.map {
                .init(
                    version: $0.version, name: $0.name, contentDigest: $0.script.contentDigest)
            })
    }
}

extension PromotionProof {
    /// The same under the versions as the plan writes them: 1 and 001 are one.
    fileprivate func named(as versions: [String]) -> PromotionProof {
        guard case .applied(let applied, let failure) = self else { return self }
        var named: [String: Applied] = [:]
        for version in versions {
            let number = Version(version)
            named[version] =
                applied[version]
                ?? applied.first { number != nil && Version($0.key) == number }?.value
        }
        return .applied(named, failure: failure)
    }
}

extension GateAnswer {
    /// The answer for the JSON document.
    var json: JSONValue {
        .object([
            "gate": .string(gate.rawValue), "answer": .string(verdict.rawValue),
            "reason": .string(reason), "hint": JSONValue(hint),
        ])
    }
}

extension UTCTime {
    /// The system's clock.
    static var now: UTCTime { UTCTime(seconds: Timestamp.now.milliseconds / 1000) }
}
