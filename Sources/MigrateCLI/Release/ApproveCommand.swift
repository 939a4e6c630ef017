internal import ArgumentParser
internal import Migrations
internal import ProjectConfig
internal import Releases
internal import Signatures

/// `migrate approve`
struct ApproveCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", _superCommandName: RootCommand.name,
        abstract: "Sign a plan with your SSH key, so that it may run.",
        usage: "migrate approve PLAN --key FILE [options]",
        discussion: """
            PLAN is a file that 'migrate plan --out' wrote. The statement and its signature become \
            two files in the approvals' folder; 'ssh-keygen -Y verify' checks them too. Any change \
            to a pending migration, their order, the environment or the database's history makes \
            another plan, for which the approval is not good. With --record both stand in the log \
            of the environment's database, where 'up' looks too.
            """)

    @Argument(help: ArgumentHelp("The plan's file.", valueName: "plan"), completion: .file())
    var plan: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Your private key, or the public half of one that an agent holds.", valueName: "file"),
        completion: .file())
    var key: String

    @Option(
        name: [.customLong("as")],
        help: ArgumentHelp(
            "Who you are in the allowed signers file; needed where your key stands for several.",
            valueName: "principal"))
    var principal: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Say that the plan must not run, and why.", valueName: "reason"))
    var reject: String?

    @Flag(name: .long, help: "Take back what you said of this plan before.")
    var withdraw = false

    @Flag(
        name: .long,
        help: "Write the statement into the log of the environment's database, not into files.")
    var record = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func validate() throws {
        if reject != nil, withdraw {
            throw ValidationError("'--reject' and '--withdraw' exclude each other")
        }
    }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let file = try PlanFile(plan)
        environment = file.record.environment
        if let given = app.options.env, given != file.record.environment {
            throw Failure(
                .usage, "usage",
                "the plan is for the environment '\(file.record.environment)', not '\(given)'")
        }
        guard !file.record.steps.isEmpty else {
            throw Failure(
                .refused, "nothing_to_approve", "the plan '\(plan)' has nothing to do",
                hint: "Plan again where a migration is pending.")
        }
        let (settings, folder) = try settings(app, file.record.environment)
        let signers = try AllowedSigners.read(settings.signers)
        let missing = try file.compare(
            with: folder, Project.layout(Project.configuration(app.options)))
        show(file, missing, folder, app.terminal)
        let decision: ApprovalStatement.Decision =
            reject != nil ? .reject : withdraw ? .withdraw : .approve
        let verb = reject != nil ? "Reject" : withdraw ? "Withdraw your word on" : "Approve"
        try app.confirm("\(verb) this plan for '\(file.record.environment)'?")
        let place = try ApprovalPlace(app, settings, record ? file.record.environment : nil)
        defer { place.close() }
        let statement = try statement(file, decision, signers, place.read())
        let signed = try SSHSigner(key: key).sign(
            statement.text, namespace: ApprovalStatement.namespace)
        try check(signed.signature.key, statement, signers, settings)
        let path = try place.write(statement, signature: signed.text)
        let word =
            reject != nil ? "rejected" : withdraw ? "withdrawn" : "approved"
        app.terminal.result("\(word) by \(statement.principal): \(path)")
        return Outcome(facts: [
            "approval": .object([
                "plan": .string(statement.plan), "decision": .string(decision.rawValue),
                "principal": .string(statement.principal), "at": .string(statement.at.text),
                "reason": JSONValue(statement.reason), "file": .string(path),
                "fingerprint": .string(signed.signature.key.fingerprint),
            ])
        ])
    }

    /// What the configuration demands, and the folder of migrations.
    private func settings(
        _ app: App, _ environment: String
    ) throws -> (ApprovalSettings, folder: String) {
        guard let config = try Project.configuration(app.options) else {
            throw Failure(
                .configuration, "config_not_found", "there is no migrate.yaml here or above",
                hint: "It says who may approve; name it with --config.")
        }
        let found = try config.environment(
            environment, needsAddress: false, variables: Terminal.variable)
        guard let approvals = found.rules.approvals else {
            var failure = Failure(
                .configuration, "no_approvals", "environment '\(environment)' asks for no approval",
                hint: "Add 'approvals: { required: 1, signers: ops/allowed_signers }' to it.")
            (failure.file, failure.line, failure.column) = (config.path, found.line, found.column)
            throw failure
        }
        return (approvals, Project.givenFolder(app.options) ?? config.migrations)
    }

    private func show(
        _ file: PlanFile, _ missing: [String], _ folder: String, _ terminal: Terminal
    ) {
        terminal.result("\(file.record.environment): \(file.database ?? "")")
        var table = Table(["VERSION", "NAME", "ACTION", "SHA-256"], shrinking: [1])
        for step in file.record.steps {
            table.add([
                step.version, step.name, step.action.split(separator: "_").joined(separator: " "),
                String(step.checksum.prefix(12)),
            ])
        }
        for line in table.lines(terminal) { terminal.result(line) }
        terminal.result("digest \(file.record.digest)")
        for name in missing {
            terminal.warning("'\(name)' is not in '\(folder)': it was not compared with the plan")
        }
    }

    private func statement(
        _ file: PlanFile, _ decision: ApprovalStatement.Decision, _ signers: AllowedSigners,
        _ others: [SignedText]
    ) throws(Failure) -> ApprovalStatement {
        let principal: String
        if let given = self.principal {
            principal = given
        } else {
            principal = try ownName(signers)
        }
        // Of a person the newest statement counts: this one is later than all before it.
        let before = others.compactMap { ApprovalStatement($0.text) }.filter {
            $0.plan == file.record.digest && $0.principal == principal
        }
        let now = UTCTime.now
        let next = before.map { $0.at.advanced(by: .seconds(1)) }.max() ?? now
        let reason = reject ?? (withdraw ? options.reason ?? "withdrawn" : nil)
        guard
            let statement = ApprovalStatement(
                environment: file.record.environment, plan: file.record.digest, decision: decision,
                principal: principal, at: max(now, next),
                reason: reason)
        else {
            throw Failure(
                .usage, "usage", "a principal and a reason are one line of text, and not empty")
        }
        return statement
    }

    /// The principal that the key stands for, where it is one name and no pattern.
    private func ownName(_ signers: AllowedSigners) throws(Failure) -> String {
        if let key = SSHSigner(key: key).publicKey, let name = signers.soleName(of: key) {
            return name
        }
        throw Failure(
            .usage, "usage", "who you are does not follow from the key",
            hint: "Say it with --as, as it stands in the allowed signers file.")
    }

    /// Refuses before anything is written what `up` would not count.
    private func check(
        _ key: SSHPublicKey, _ statement: ApprovalStatement, _ signers: AllowedSigners,
        _ settings: ApprovalSettings
    ) throws(Failure) {
        guard
            let problem = ApprovalTally.objection(statement, key, signers, statement.at)
        else { return }
        throw Failure(
            .refused, "not_a_signer", "this approval would not count: \(problem)",
            hint: "The allowed signers stand in '\(settings.signers)'.")
    }
}
