internal import Database

/// The built-in checks of a PostgreSQL database, in the order in which they are reported.
///
/// All that the catalog tells comes in one round trip; what has to be looked at in the rows follows.
///
/// Source: versions 14 to 18 of the catalogs, https://www.postgresql.org/docs/current/catalogs.html
struct PostgresChecks {
    let reader: PostgresReader

    /// Runs the checks of plain `verify`, or all of them.
    func run(isDeep: Bool, _ report: inout VerificationReport) throws(DatabaseError) {
        try runCatalog(.everything, isDeep ? .all : .affordable, isDeep: isDeep, &report)
        let collations = try reader.answerOne(CollationVersions.step(reader))
        report.add(
            .collationVersion,
            rows(of: collations, .collationVersion, &report).map(CollationVersions.finding))
        if isDeep { try runDeep(&report) }
    }

    /// Runs those that a transaction can break, in what the transaction at hand touched.
    ///
    /// - Parameter isDistrusted: true where its files speak of `session_replication_role`.
    func runTouched(isDistrusted: Bool) throws(DatabaseError) -> [Finding] {
        var report = VerificationReport()
        try runCatalog(.touched, .suspicious(distrusted: isDistrusted), isDeep: false, &report)
        return report.findings
    }

    /// The same, of everything, before any migration of a run.
    func runBefore() throws(DatabaseError) -> [Finding] {
        var report = VerificationReport()
        try runCatalog(.everything, .suspicious(distrusted: false), isDeep: false, &report)
        return report.findings
    }

    private func runCatalog(
        _ scope: PostgresScope, _ extent: BrokenForeignKeys.Extent, isDeep: Bool,
        _ report: inout VerificationReport
    ) throws(DatabaseError) {
        let answers = try reader.answers([
            InvalidIndexes.step(scope), NotValidConstraints.step(reader, scope),
            DisabledTriggers.step(scope), UnpopulatedViews.step(scope), Sequences.step(scope),
            ForeignKeys.step(reader, scope),
        ])
        let indexes = rows(of: answers[0], .invalidIndex, &report)
        report.add(.invalidIndex, try InvalidIndexes.findings(indexes, reader, scope))
        report.add(
            .notValidConstraint,
            rows(of: answers[1], .notValidConstraint, &report).map(NotValidConstraints.finding))
        report.add(
            .disabledTrigger,
            rows(of: answers[2], .disabledTrigger, &report).map(DisabledTriggers.finding))
        report.add(
            .unpopulatedView,
            rows(of: answers[3], .unpopulatedView, &report).map(UnpopulatedViews.finding))
        let sequences = try SequenceChecks(
            rows(of: answers[4], .sequenceBehind, &report), reader, isDeep: isDeep)
        report.add(.sequenceBehind, sequences.behind)
        report.add(.integerOverflow, sequences.overflow)
        report.note("not compared with its sequence, having no index", sequences.skipped)
        let keys = try BrokenForeignKeys(
            rows(of: answers[5], .brokenForeignKey, &report), reader, extent)
        report.add(.brokenForeignKey, keys.findings)
        report.note("not looked at row by row for its foreign key, being large", keys.skipped)
        report.note(
            "not looked at, its foreign key having a PERIOD", keys.temporal, isDeepToo: true)
    }

    /// The rows of an answer; a failure becomes a finding of its check.
    private func rows(
        of answer: Result<StepResult, DatabaseError>, _ check: Check,
        _ report: inout VerificationReport
    ) -> [Row] {
        switch answer {
        case .success(let result): return result.rows
        case .failure(let error):
            report.add(check, [Finding(check.name, couldNotLookAt: "the catalog", error)])
            return []
        }
    }

    private func runDeep(_ report: inout VerificationReport) throws(DatabaseError) {
        let rules = try looking(.checkViolation) { () throws(DatabaseError) in
            try TableRules.find(reader)
        }
        for check in TableRules.checks {
            report.add(check, rules.filter { $0.check == check.name })
        }
        report.add(
            .domainViolation,
            try looking(.domainViolation) { () throws(DatabaseError) in
                try DomainRows.find(reader)
            })
        report.add(
            .uniqueViolation,
            try looking(.uniqueViolation) { () throws(DatabaseError) in
                try UniqueRows.find(reader)
            })
        var skipped: [String] = []
        report.add(
            .exclusionViolation,
            try looking(.exclusionViolation) { () throws(DatabaseError) in
                let rows = try ExclusionRows(reader)
                skipped = rows.skipped
                return rows.findings
            })
        report.note(
            "not looked at for its exclusion constraint, being large", skipped, isDeepToo: true)
        try runAmcheck(&report)
    }

    private func runAmcheck(_ report: inout VerificationReport) throws(DatabaseError) {
        var isInstalled = true
        let findings = try looking(.damagedIndex) { () throws(DatabaseError) in
            let indexes = try DamagedIndexes(reader)
            isInstalled = indexes.isInstalled
            return indexes.findings
        }
        guard !isInstalled else { return report.add(.damagedIndex, findings) }
        report.notes.append(
            "The indexes themselves were not looked at: the extension amcheck is not installed "
                + "here (CREATE EXTENSION amcheck;).")
    }

    /// What a check finds; its failure as a finding.
    private func looking(
        _ check: Check, _ find: () throws(DatabaseError) -> [Finding]
    ) throws(DatabaseError) -> [Finding] {
        do {
            return try find()
        } catch {
            guard !reader.endsVerification(error) else { throw error }
            return [Finding(check.name, couldNotLookAt: "the catalog", error)]
        }
    }
}

extension VerificationReport {
    /// Notes that tables were left out.
    fileprivate mutating func note(_ what: String, _ names: [String], isDeepToo: Bool = false) {
        guard let first = names.first else { return }
        let others = names.count - 1
        notes.append(
            "\(first)\(others > 0 ? " and \(counted(Int64(others), "other"))" : ""): \(what)"
                + (isDeepToo ? "." : "; 'migrate verify --deep' does that."))
    }
}
