internal import Database

/// Decides what `down` and `redo` run.
struct DownPlanner {
    let cache: SourceCache
    let history: [HistoryRow]
    let environment: String
    let dialect: Dialect
    /// The runs that the log has before the last one, where nothing of that is left.
    var earlierRuns: Set<String> = []

    /// The rows that the request is about, in the order in which they are reverted: the last
    /// applied first.
    ///
    /// - Throws: `.invalidRequest` for a version that is not applied, `.failedPartWay`; `.refused` for
    ///   a run that is not the newest.
    func rows(_ request: DownRequest) throws(MigrationError) -> [HistoryRow] {
        let applied = history.filter { !$0.isRepeatable && $0.state != .baseline }.sorted(
            by: Self.appliedLater)
        if let partWay = applied.first(where: { $0.state == .applying }) {
            throw MigrationError(
                .failedPartWay, "\(partWay.version) stopped part-way on the way up",
                hint: "Mend its file and run 'migrate up', which goes on after the last finished "
                    + "statement. Or undo by hand what it did and run: migrate repair "
                    + "--mark-reverted \(partWay.version)",
                versions: [partWay.version])
        }
        // What stopped on the way down is finished first.
        let rows =
            applied.filter { $0.state == .reverting } + applied.filter { $0.state != .reverting }
        switch request {
        case .count(let count): return Array(rows.prefix(count))
        case .all: return rows
        case .lastRun: return try lastRun(rows)
        case .run(let id):
            guard rows.first?.runID == id else { throw .anotherRun }
            return try lastRun(rows)
        case .to(let version): return try newer(than: version, rows)
        }
    }

    private func lastRun(_ rows: [HistoryRow]) throws(MigrationError) -> [HistoryRow] {
        guard let newest = rows.first else { return [] }
        // A baseline, a repair and another tool leave no time that it ran.
        let isRun = newest.state == .reverting || newest.durationMilliseconds != nil
        guard let run = newest.runID, isRun else {
            throw MigrationError(
                .invalidRequest,
                "\(newest.version) was recorded and not run, so there is no last run to revert",
                hint: "Say how far to go with --count or --to.", versions: [newest.version])
        }
        // Whoever asks twice must not take back the release before.
        let isTakenBack = newest.state == .applied && earlierRuns.contains(run)
        return isTakenBack ? [] : rows.filter { $0.runID == run }
    }

    private func newer(
        than version: Version, _ rows: [HistoryRow]
    ) throws(MigrationError) -> [HistoryRow] {
        guard rows.contains(where: { $0.number == version }) else {
            throw MigrationError(
                .invalidRequest,
                "\(version) is not applied, so it cannot be left as the newest",
                hint: "'migrate status' lists what is applied; 'down --all' reverts all.",
                versions: [version.text])
        }
        let isNewer: (HistoryRow) -> Bool = { $0.number.map { $0 > version } ?? false }
        if let row = rows.first(where: { $0.state == .reverting && !isNewer($0) }) {
            throw MigrationError(
                .failedPartWay, "\(row.version) stopped part-way on the way down",
                hint: "Run 'migrate down' first: it goes on after the last finished statement.",
                versions: [row.version])
        }
        return rows.filter(isNewer)
    }

    private static func appliedLater(_ left: HistoryRow, _ right: HistoryRow) -> Bool {
        let (leftTime, rightTime) = (left.appliedAt ?? "", right.appliedAt ?? "")
        if leftTime != rightTime { return leftTime > rightTime }
        guard let leftNumber = left.number, let rightNumber = right.number else {
            return left.version > right.version
        }
        return leftNumber > rightNumber
    }

    /// Rows whose script has to come from the history table.
    func needsStoredScript(_ rows: [HistoryRow]) throws(MigrationError) -> [String] {
        var versions: [String] = []
        for row in rows where row.hasDownScript {
            if try fileScript(row) == nil { versions.append(row.version) }
        }
        return versions
    }

    /// The plan that reverts `rows`, with the down scripts that are stored in the history table,
    /// by version.
    ///
    /// - Throws: `.irreversible`, before anything is touched; `.invalidFiles`.
    func plan(
        _ rows: [HistoryRow], stored: [String: (sql: String, checksum: String?)]
    ) throws(MigrationError) -> Plan {
        var steps: [PlannedMigration] = []
        var irreversible: [String] = []
        var warnings: [String] = []
        for row in rows {
            if let script = try fileScript(row) {
                steps.append(step(row, script))
            } else if let (sql, _) = stored[row.version] {
                let script = try Script(
                    Array(sql.utf8), file: "down script stored with \(row.version)",
                    dialect: dialect)
                if let mended = try mendedScript(row, script) {
                    steps.append(step(row, mended))
                    continue
                }
                try script.checkStatements()
                steps.append(step(row, script))
                warnings.append(
                    "\(row.version) is reverted by the down script that is stored with it")
            } else {
                irreversible.append(row.version)
            }
        }
        guard irreversible.isEmpty else {
            let list = UpPlanner.list(irreversible)
            throw MigrationError(
                .irreversible,
                "\(list) \(irreversible.count == 1 ? "has" : "have") no down script",
                hint: "Nothing was reverted. Write the down file, or undo it by hand and run: "
                    + "migrate repair --mark-reverted \(irreversible.joined(separator: " "))",
                versions: irreversible)
        }
        return Plan(steps: steps, warnings: warnings, environment: environment, history: history)
    }

    /// The down file, where there is one and its up file is what ran. The stored script belongs to
    /// what ran; a file of a migration that was edited since may not.
    private func fileScript(_ row: HistoryRow) throws(MigrationError) -> Script? {
        guard row.state != .reverting,
            let migration = row.number.flatMap({ cache.migrations[$0] }), let up = migration.up,
            let down = migration.down
        else { return nil }
        if let recorded = row.checksum, try cache.checksum(of: up) != recorded,
            row.hasDownScript
        {
            return nil
        }
        return try cache.script(of: down, allowsEmpty: true)
    }

    /// The down file of a revert that stopped part-way, where what ran of it is as it was: behind
    /// that it may have been mended.
    private func mendedScript(
        _ row: HistoryRow, _ stored: Script
    ) throws(MigrationError) -> Script? {
        guard row.state == .reverting, let migration = row.number.flatMap({ cache.migrations[$0] }),
            let up = migration.up, let down = migration.down
        else { return nil }
        if let recorded = row.checksum, try cache.checksum(of: up) != recorded { return nil }
        let script = try cache.script(of: down, allowsEmpty: true)
        let done = row.statementsDone ?? 0
        let isSame = script.prefixDigest(done) == stored.prefixDigest(done)
        return isSame && script.directives.noTransaction ? script : nil
    }

    private func step(_ row: HistoryRow, _ script: Script) -> PlannedMigration {
        var step = PlannedMigration(
            version: row.version, name: row.name ?? "",
            action: row.state == .reverting ? .resumeRevert : .revert, script: script)
        if row.state == .reverting {
            step.statementsDone = row.statementsDone ?? 0
            step.statementInDoubt = row.statementStarted
        }
        return step
    }
}
