internal import Database
internal import Migrations
internal import ProjectConfig
internal import SQLText
internal import Verification

extension App {
    /// The user's files for the project's database, read and parsed; none where there is no folder.
    ///
    /// - Throws: `VerifyFileError`; `Failure` where a file or the folder cannot be read.
    func verifyFiles(_ project: Project) throws -> [VerifyFile] {
        let dialect = project.url.dialect
        let folder = project.verifyFolder
        let names: [String]
        do {
            names = try Files.list(folder)
        } catch {
            guard !error.isMissing else { return [] }
            throw Failure(
                .configuration, "invalid_verify_file",
                "the folder '\(folder)' cannot be read: \(error.reason)")
        }
        do {
            return try VerifyFile.select(names, dialect: dialect).map { name in
                let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
                return try VerifyFile(Files.read(path), path: path, dialect: dialect)
            }
        } catch let error as Files.Failure {
            throw Failure(
                .configuration, "invalid_verify_file",
                "the file '\(error.path)' cannot be read: \(error.reason)")
        }
    }

    /// Reads the user's files where the environment verifies by itself, before anything runs: a
    /// file that does not hold together must stop a run and not follow it. `isComplete` is false
    /// where the run leaves out migrations that it was not asked for.
    func prepareVerification(_ project: Project, isComplete: Bool = true) throws {
        guard project.verify.beforeCommit || project.verify.after else { return }
        policyFiles = try verifyFiles(project)
        guard project.verify.beforeCommit else { return }
        let verification = CommitVerification(
            files: policyFiles, limits: project.queryLimits, isComplete: isComplete)
        commitChecks = CommitChecks(
            prepare: { connection throws(DatabaseError) in try verification.remember(connection) },
            inspect: { connection, moment throws(DatabaseError) in
                try verification.inspect(connection, moment.forVerification)
                    .map(CheckFinding.init)
            })
    }

    /// Verifies an open database.
    ///
    /// - Throws: `DatabaseError`; `Failure` where the run was interrupted.
    func verify(
        _ project: Project, _ database: OpenDatabase, isDeep: Bool, files: [VerifyFile],
        isComplete: Bool = true
    ) throws -> VerificationReport {
        let verifier = Verifier(database.connection, limits: project.queryLimits)
        let report = try cancellation.interruptible(database.connection.interrupter) {
            () throws(DatabaseError) in
            try verifier.run(isDeep: isDeep, files: files, isComplete: isComplete)
        }
        // A request that found no statement to cancel.
        guard !cancellation.isRequested else {
            throw Failure(.interrupted, "interrupted", "interrupted")
        }
        return report
    }

    /// Verifies what a run has done, where the environment wants it; where it did nothing, nothing is
    /// verified. The facts of the verification are added to those of the run.
    ///
    /// - Throws: `Failure` with the facts, which says that what was done stays.
    func verifyAfter(
        _ project: Project, _ database: OpenDatabase, _ run: RunReport, files: [VerifyFile],
        isComplete: Bool = true, _ facts: inout [String: JSONValue]
    ) throws {
        guard project.verify.after, !run.isDryRun, !run.isEmpty else { return }
        let report: VerificationReport
        do {
            report = try verify(
                project, database, isDeep: false, files: files, isComplete: isComplete)
        } catch {
            guard var failure = Program.knownFailure(error, self) else { throw error }
            failure.hint = run.staysInWords + " It was not verified: run 'migrate verify'."
            failure.documentFacts.merge(facts) { $1 }
            throw failure
        }
        print(report)
        facts.merge(report.facts) { $1 }
        recordVerification(report, project, database)
        guard var failure = failure(report) else { return }
        failure.hint = run.staysInWords
        failure.documentFacts = facts
        throw failure
    }

    /// The failure that a report's errors are; nil where it has none.
    func failure(_ report: VerificationReport) -> Failure? {
        let errors = report.errors.count
        guard errors > 0 else { return nil }
        var failure = Failure(
            .verificationFailed, "verification_failed",
            "verification found \(count(errors, "error"))")
        // Where the findings were not printed as results, they are told here.
        if terminal.isJSON || terminal.isQuiet { failure.notes = report.errors.map(\.line) }
        return failure
    }
}

extension Project {
    /// How long a query of a verification may take.
    fileprivate var queryLimits: QueryLimits {
        QueryLimits(
            lockTimeout: options.lockTimeout, statementTimeout: options.statementTimeout)
    }
}

extension RunReport {
    /// `The 2 migrations that this run applied stay applied.`
    fileprivate var staysInWords: String {
        let (number, word) =
            applied.isEmpty ? (reverted.count, "reverted") : (applied.count, "applied")
        return number == 1
            ? "The migration that this run \(word) stays \(word)."
            : "The \(number) migrations that this run \(word) stay \(word)."
    }
}

extension CommitMoment {
    /// The same for the verification: the user's files say how the data is when all is applied, so
    /// that they run at the end, and not on the way down.
    fileprivate var forVerification: CommitVerification.Moment {
        var moment = CommitVerification.Moment()
        moment.runsFiles = endsRun && steps.last?.isRevert == false
        moment.isDistrusted = steps.contains { step in
            String(decoding: step.script.sql.bytes, as: UTF8.self).lowercased()
                .contains("session_replication_role")
        }
        for step in steps { moment.allowed.formUnion(step.script.directives.allowed.keys) }
        return moment
    }
}
