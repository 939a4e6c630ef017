internal import Database

/// Decides what `up` runs, from the files and the history. Reads files through the cache, and
/// nothing else.
struct UpPlanner {
    let cache: SourceCache
    let history: [HistoryRow]
    let request: UpRequest
    let environment: String

    /// - Throws: `.checksumMismatch`, `.missing`, `.outOfOrder`, `.future`, `.failedPartWay`,
    ///   `.invalidRequest`, `.refused`, `.invalidFiles`.
    func plan() throws(MigrationError) -> Plan {
        let files = try cache.facts(history)
        let statuses = StatusRules.statuses(files, try cache.repeatableFacts(), history)
        try checkTarget(files)
        try refuseDisagreement(statuses)
        var warnings = cache.folder.notes + self.warnings(statuses)
        let selection = try select(statuses, files, &warnings)
        var steps: [PlannedMigration] = []
        for status in selection {
            guard let version = Version(status.version),
                let migration = cache.migrations[version],
                let up = migration.up
            else { continue }
            steps.append(try step(migration, up, status))
        }
        if isComplete(selection, statuses) { steps += try repeatableSteps(statuses) }
        return Plan(
            steps: steps, warnings: warnings, environment: environment, history: history)
    }

    private func checkTarget(_ files: [FileFacts]) throws(MigrationError) {
        guard let target = request.to, cache.migrations[target] == nil else { return }
        throw MigrationError(
            .invalidRequest, "there is no migration \(target) in '\(cache.folder.path)'",
            hint: files.map(\.migration.version).hint(for: target),
            versions: [target.text])
    }

    /// History and files must agree before anything runs.
    private func refuseDisagreement(_ statuses: [MigrationStatus]) throws(MigrationError) {
        func versions(_ state: MigrationStatus.State) -> [String] {
            statuses.filter { $0.state == state && !$0.version.hasPrefix("R__") }.map(\.version)
        }
        let changed = versions(.checksumMismatch)
        guard changed.isEmpty else {
            throw MigrationError(
                .checksumMismatch,
                "\(Self.list(changed)) \(changed.count == 1 ? "was" : "were") changed after "
                    + "being applied",
                hint: "Restore the file as it ran and put the change into a new migration. If "
                    + "the database already is as the file says, record that: "
                    + "migrate repair --accept-checksum \(changed.joined(separator: " "))",
                versions: changed)
        }
        let missing = versions(.missing)
        guard missing.isEmpty else {
            throw MigrationError(
                .missing,
                "\(Self.list(missing)) \(missing.count == 1 ? "is" : "are") applied, but the "
                    + "folder has no such file",
                hint: "Bring the file back (was it renamed, or lost in a merge?), or revert it "
                    + "with 'migrate down', or drop it from the record: "
                    + "migrate repair --mark-reverted \(missing.joined(separator: " "))",
                versions: missing)
        }
        let late = versions(.outOfOrder)
        guard late.isEmpty || request.allowsOutOfOrder else {
            throw MigrationError(
                .outOfOrder,
                "\(Self.list(late)) \(late.count == 1 ? "is" : "are") older than what is "
                    + "already applied",
                hint: "Usually two branches were merged: give the file a newer version. To run "
                    + "it now, after the others, use --allow-out-of-order.",
                versions: late)
        }
        let future = versions(.future)
        guard future.isEmpty || !request.isStrict else {
            throw MigrationError(
                .future,
                "the database is newer than the files: \(Self.list(future)) \(future.count == 1 ? "has" : "have") no file",
                hint: "Deploy the release that has them, or leave out --strict.",
                versions: future)
        }
        let reverting = history.filter { $0.state == .reverting }.map(\.version)
        guard reverting.isEmpty else {
            throw MigrationError(
                .failedPartWay,
                "\(Self.list(reverting)) stopped part-way on the way down",
                hint: "Run 'migrate down' again: it goes on after the last finished statement.",
                versions: reverting)
        }
    }

    private func warnings(_ statuses: [MigrationStatus]) -> [String] {
        var warnings: [String] = []
        let comments = statuses.filter { $0.onlyCommentsDiffer && !$0.version.hasPrefix("R__") }
        if !comments.isEmpty {
            warnings.append(
                "\(Self.list(comments.map(\.version))) differ\(comments.count == 1 ? "s" : "") "
                    + "from what ran in comments or white space only")
        }
        let future = statuses.filter { $0.state == .future }.map(\.version)
        if !future.isEmpty {
            warnings.append(
                "the database is newer than these files: \(Self.list(future)) "
                    + "\(future.count == 1 ? "has" : "have") no file here")
        }
        return warnings
    }

    private func select(
        _ statuses: [MigrationStatus], _ files: [FileFacts], _ warnings: inout [String]
    ) throws(MigrationError) -> [MigrationStatus] {
        let partWay = statuses.filter { $0.state == .failedPartWay && Version($0.version) != nil }
        for status in partWay {
            guard Version(status.version).flatMap({ cache.migrations[$0]?.up }) == nil else {
                continue
            }
            throw MigrationError(
                .failedPartWay, "\(status.version) stopped part-way, and its file is gone",
                hint: "Bring the file back, or record how it ended: migrate repair "
                    + "--mark-applied \(status.version) or --mark-reverted \(status.version)",
                versions: [status.version])
        }
        let pending = statuses.filter {
            ($0.isPending && Version($0.version) != nil)
                || $0.state == .failedPartWay
                    && Version($0.version) != nil
        }
        let expand = pending.filter { $0.phase == .expand }
        let contract = pending.filter { $0.phase == .contract }
        var selection: [MigrationStatus]
        switch request.phases {
        case .all: selection = pending
        case .expand:
            selection = expand
            if !contract.isEmpty {
                warnings.append(
                    "\(Self.list(contract.map(\.version))) of the contract phase "
                        + "\(contract.count == 1 ? "waits" : "wait") for 'up --phase contract'")
            }
        case .contract:
            guard expand.isEmpty else {
                throw MigrationError(
                    .refused,
                    "\(Self.list(expand.map(\.version))) of the expand phase "
                        + "\(expand.count == 1 ? "is" : "are") still pending",
                    hint: "Run 'migrate up' first and deploy the code that goes with it. For a "
                        + "new database, 'up --phase all' runs everything in order.",
                    versions: expand.map(\.version))
            }
            selection = contract
        }
        if let target = request.to {
            selection = selection.filter { Version($0.version).map { $0 <= target } ?? false }
        }
        if let count = request.count { selection = Array(selection.prefix(count)) }
        return selection
    }

    /// Repeatable migrations run once nothing versioned is left that they may need; never from an
    /// older release, whose texts would replace those of the newer.
    private func isComplete(
        _ selection: [MigrationStatus], _ statuses: [MigrationStatus]
    ) -> Bool {
        guard !statuses.contains(where: { $0.state == .future }) else { return false }
        guard request.to != nil || request.count != nil else { return true }
        let chosen = Set(selection.map(\.version))
        return !statuses.contains {
            $0.isPending && $0.phase == .expand && Version($0.version) != nil
                && !chosen.contains($0.version)
        }
    }

    private func step(
        _ migration: Migration, _ up: MigrationFile, _ status: MigrationStatus
    ) throws(MigrationError) -> PlannedMigration {
        let script = try cache.script(of: up, allowsEmpty: false)
        // Where not even the first statement was done, it begins anew, with whatever the file says.
        let row = history.first { $0.version == status.version && $0.state == .applying }
        let hasBegun = row.map { ($0.statementsDone ?? 0) > 0 || $0.statementStarted != nil }
        var step = PlannedMigration(
            version: status.version, name: migration.name,
            action: hasBegun == true ? .resume : .apply, script: script)
        if let verify = migration.verify {
            step.verify = try cache.verifyScript(of: verify)
        }
        if let down = migration.down {
            step.down = try cache.script(of: down, allowsEmpty: true)
        }
        if let row, step.action == .resume { try resume(&step, row) }
        return step
    }

    /// A file may be mended behind the statements that ran, never before.
    private func resume(
        _ step: inout PlannedMigration, _ row: HistoryRow
    ) throws(MigrationError) {
        let done = row.statementsDone ?? 0
        step.statementsDone = done
        step.statementInDoubt = row.statementStarted
        guard step.script.prefixDigest(done) == (row.contentDigest ?? "") else {
            throw MigrationError(
                .checksumMismatch,
                "\(step.version) stopped after \(done) statement\(done == 1 ? "" : "s"), and "
                    + "those were changed since",
                hint: "Restore the statements that ran; what follows them may be mended. Or "
                    + "record how it ended with 'migrate repair --mark-applied \(step.version)' "
                    + "or '--mark-reverted \(step.version)'.",
                versions: [step.version])
        }
        guard step.script.directives.noTransaction else {
            throw MigrationError(
                .checksumMismatch,
                "\(step.version) stopped part-way without a transaction, and its file no longer "
                    + "says '-- migrate: no-transaction'",
                hint: "Put the line back: what ran cannot be made part of a transaction.",
                versions: [step.version])
        }
    }

    private func repeatableSteps(
        _ statuses: [MigrationStatus]
    ) throws(MigrationError) -> [PlannedMigration] {
        var steps: [PlannedMigration] = []
        for repeatable in cache.folder.repeatables {
            guard
                let status = statuses.first(where: { $0.version == repeatable.key }),
                status.state == .pending || status.state == .failedPartWay
            else { continue }
            let script = try cache.script(of: repeatable.file, allowsEmpty: false)
            steps.append(
                PlannedMigration(
                    version: repeatable.key, name: repeatable.name, action: .applyRepeatable,
                    script: script))
        }
        return steps
    }

    /// `003`, `003 and 004`, `003, 004 and 9 more`.
    static func list(_ versions: [String]) -> String {
        switch versions.count {
        case 0: "none"
        case 1: versions[0]
        case 2...6:
            versions.dropLast().joined(separator: ", ") + " and " + versions[versions.count - 1]
        default:
            versions.prefix(5).joined(separator: ", ") + " and \(versions.count - 5) more"
        }
    }
}
