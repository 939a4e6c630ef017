internal import Database
internal import Migrations
internal import ProjectConfig
internal import Releases
internal import Signatures

/// What is applied in an environment, and what its newest verification or watch has found.
struct PromotionState {
    var rows: [HistoryRow]
    var failure: PromotionProof.Failure?
    /// Whether the newest run was verified, and how that ended; nil where it was not.
    var verified: Bool?

    /// Each row as evidence holds it.
    var migrations: [PromotionEvidence.Migration] {
        rows.map {
            .init(
                version: $0.version, name: $0.name, contentDigest: $0.contentDigest,
                appliedAt: $0.appliedAt, isWhole: $0.state == .applied)
        }
    }

    /// The same as a proof for another environment.
    var proof: PromotionProof {
        PromotionEvidence.proof(migrations, failure: failure)
    }
}

extension App {
    /// Reads the state of an environment's database; nil where there is none yet.
    ///
    /// - Throws: what opening and reading it throws; `MigrationError` where it belongs to another
    ///   environment.
    func promotionState(_ project: Project) throws -> PromotionState? {
        let database = try open(project, .look)
        defer { database.connection.close() }
        guard database.exists else { return nil }
        let migrator = migrator(project, database)
        let rows = try migrator.history().rows
        if let problem = migrator.environmentProblem { throw problem }
        var state = PromotionState(rows: rows)
        let last = try migrator.lastVerification()
        if let last, last.sequence > (try migrator.lastRun()?.sequence ?? 0) {
            state.verified = last.entry.outcome == "success"
        }
        if let last, last.entry.outcome != "success" {
            state.verified = false
            state.failure = .init(.verification, last.entry.error ?? last.entry.outcome)
        } else if let bake = try migrator.standingBakeFailure(rows) {
            state.failure = .init(.bake, bake.entry.error ?? bake.entry.outcome)
        }
        return state
    }

    // MARK: Evidence

    /// Refuses a run whose evidence could not be signed: it would have to run again for that.
    func checkEvidence(_ project: Project) throws(Failure) {
        guard let settings = project.rules.evidence, !Files.exists(settings.key) else { return }
        throw Failure(
            .configuration, "evidence_key_not_found",
            "there is no key '\(settings.key)' to sign the evidence of '\(project.environment)' with",
            hint: "Name the key of this runner: 'key' under 'evidence'.")
    }

    /// Writes what is applied in the environment now, where it wants that and it is not what the
    /// newest evidence says. It follows what was done: where it cannot be written, that is said, and
    /// what was done stays done.
    func writeEvidence() {
        guard let project = current, let settings = project.rules.evidence,
            project.claim == .certain
        else { return }
        do {
            guard let state = try promotionState(project) else { return }
            let folder = EvidenceFolder(path: settings.directory)
            let signer = SSHSigner(key: settings.key)
            let newest = try folder.read().compactMap { text in
                PromotionEvidence(text.text).map { (evidence: $0, text: text) }
            }.filter { $0.evidence.environment == project.environment }
                .max { $0.evidence.at < $1.evidence.at }
            let identity = identity(project)
            var evidence = PromotionEvidence(
                environment: project.environment, at: .now, principal: settings.principal,
                by: identity.appliedBy, toolVersion: identity.toolVersion,
                migrations: state.migrations, failure: state.failure, verified: state.verified)
            if let newest {
                if newest.evidence.saysTheSame(as: evidence), isSigned(newest.text, by: signer) {
                    return
                }
                // The newest one counts: this one is later than all before it.
                evidence.at = max(evidence.at, newest.evidence.at.advanced(by: .seconds(1)))
            }
            let signed = try signer.sign(
                evidence.text, namespace: PromotionEvidence.namespace)
            let path = try folder.write(evidence, signature: signed.text)
            terminal.note("evidence of '\(project.environment)': \(path)")
        } catch {
            let failure = Program.failure(error, self)
            terminal.warning(
                "no evidence of what is applied here could be written: \(failure.message)")
        }
    }

    /// Whether evidence has a signature that holds, of the key that would sign now: a key that took the
    /// place of another signs anew.
    private func isSigned(_ text: SignedText, by signer: SSHSigner) -> Bool {
        guard let signature = try? SSHSignature(armored: text.signature),
            (try? signature.verify(Array(text.text.utf8), namespace: PromotionEvidence.namespace))
                != nil
        else { return false }
        return signer.publicKey.map { $0 == signature.key } ?? true
    }
}
