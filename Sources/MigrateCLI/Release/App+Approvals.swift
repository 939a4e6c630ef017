internal import Migrations
internal import ProjectConfig
internal import Releases
internal import Signatures

extension App {
    /// What the approvals of a plan come to; nil where the environment asks for none.
    ///
    /// - Throws: `Failure` where the signers or the approvals cannot be read, `MigrationError` where
    ///   the log cannot.
    func approvals(
        of plan: Plan, _ project: Project, _ migrator: Migrator
    ) throws -> ApprovalTally? {
        guard let settings = project.rules.approvals else { return nil }
        let files = plan.steps.flatMap {
            [$0.script.file, $0.verify?.file, $0.down?.file].compactMap(\.self)
        }
        return ApprovalTally(
            try ApprovalFolder(path: settings.directory).read() + migrator.recordedApprovals(),
            plan: plan.digest,
            environment: project.environment, signers: try AllowedSigners.read(settings.signers),
            policy: ApprovalPolicy(
                required: settings.required, expire: settings.expire,
                forbidsAuthor: settings.forbidsAuthor),
            authors: settings.forbidsAuthor
                ? MigrationAuthors.of(files, in: project.folder) : .known([]),
            now: .now)
    }
}

extension ApprovalTally {
    /// Who signed, who rejected, what does not count, how many are missing.
    func print(_ terminal: Terminal) {
        for voice in approvals {
            terminal.result(
                "approved by \(voice.statement.principal), \(voice.statement.at.text) "
                    + "(\(voice.fingerprint))")
        }
        for voice in rejections {
            terminal.result(
                "rejected by \(voice.statement.principal), \(voice.statement.at.text)"
                    + (voice.statement.reason.map { ": \($0)" } ?? ""))
        }
        for statement in ignored {
            terminal.result(
                "does not count: \(statement.principal ?? statement.source): \(statement.reason)")
        }
        terminal.result(
            missing == 0
                ? "\(count(approvals.count, "approval")) of \(required)"
                : "\(count(approvals.count, "approval")) of \(required): \(missing) missing")
    }

    /// The same for the JSON document.
    var json: JSONValue {
        func json(_ voice: Voice) -> JSONValue {
            .object([
                "principal": .string(voice.statement.principal),
                "at": .string(voice.statement.at.text), "file": .string(voice.source),
                "fingerprint": .string(voice.fingerprint),
                "reason": JSONValue(voice.statement.reason),
            ])
        }
        return .object([
            "required": .integer(Int64(required)), "missing": .integer(Int64(missing)),
            "approved": .array(approvals.map(json)), "rejected": .array(rejections.map(json)),
            "ignored": .array(
                ignored.map {
                    .object([
                        "principal": JSONValue($0.principal), "file": .string($0.source),
                        "reason": .string($0.reason),
                    ])
                }),
        ])
    }
}
