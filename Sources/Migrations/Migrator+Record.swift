internal import Database
internal import SQLText

/// A change of the record that `repair` makes; the database's own tables are not touched.
package enum Repair: Sendable, Hashable {
    /// The file is right: record its checksum, and its down script.
    case acceptChecksum(String)
    /// It is applied, by whatever means.
    case markApplied(String)
    /// It is not applied any more.
    case markReverted(String)
    /// So many statements of a migration that stopped part-way are done.
    case statementsDone(String, Int)
    /// The database is that of the run's environment, whatever it is stamped with.
    case restamp
}

/// Commands that change what is recorded and run no migration.
extension Migrator {
    /// Records `version` and all before it as applied, on a database without history.
    ///
    /// - Throws: `.invalidRequest` for a version without a file, `.refused` where the history has
    ///   rows.
    package func baseline(_ version: Version) throws(MigrationError) -> RunReport {
        let cache = try sources()
        let first = try lookToChange()
        guard cache.migrations[version]?.up != nil else {
            throw MigrationError(
                .invalidRequest, "there is no migration \(version) in '\(context.folder)'",
                hint: cache.folder.migrations.map(\.version).hint(for: version),
                versions: [version.text])
        }
        let covered = cache.folder.migrations.filter { $0.version <= version && $0.up != nil }
        return try withLock(first) { snapshot throws(MigrationError) in
            guard snapshot.rows.isEmpty else {
                throw MigrationError(
                    .refused,
                    "the history has \(snapshot.rows.count) "
                        + "row\(snapshot.rows.count == 1 ? "" : "s") already",
                    hint: "A baseline is for a database without history. 'migrate repair "
                        + "--mark-applied VERSION' records a single migration.")
            }
            try self.openAlsoWritten()
            var report = RunReport(runID: self.context.identity.runID)
            var steps: [Step] = []
            var chain = LogChain(
                store: self.store, run: self.context.identity, tail: snapshot.logTail)
            for migration in covered {
                try self.recordApplied(migration, cache, "baseline", &steps, &chain)
                report.applied.append(
                    FinishedMigration(
                        version: migration.version.text, name: migration.name,
                        durationMilliseconds: 0))
            }
            try self.commit(steps)
            report.totalApplied = covered.count
            return report
        }
    }

    /// Makes the changes, all in one transaction, each one in the log.
    ///
    /// - Throws: `.invalidRequest` for a version that a change does not fit.
    package func repair(_ changes: [Repair]) throws(MigrationError) {
        let cache = try sources()
        let isRestamp = changes.contains(.restamp)
        if isRestamp, !context.claim.isCertain {
            throw MigrationError(
                .invalidRequest, "no environment is named that the database could belong to",
                hint: "Name it: --env NAME.")
        }
        let first = isRestamp ? try look() : try lookToChange()
        try withLock(first, allowsOtherEnvironment: isRestamp) {
            snapshot throws(MigrationError) in
            try self.openAlsoWritten()
            var steps: [Step] = []
            var chain = LogChain(
                store: self.store, run: self.context.identity, tail: snapshot.logTail)
            for change in changes {
                try self.repair(change, cache, snapshot, &steps, &chain)
            }
            try self.commit(steps)
        }
    }

    private func repair(
        _ change: Repair, _ cache: SourceCache, _ snapshot: HistorySnapshot,
        _ steps: inout [Step], _ chain: inout LogChain
    ) throws(MigrationError) {
        switch change {
        case .restamp:
            let (step, tail) = chain.append(.stamp(instead: snapshot.stamp))
            steps.append(step)
            chain.committed(tail)
        case .acceptChecksum(let text):
            let row = try appliedRow(text, snapshot)
            guard let migration = row.number.flatMap({ cache.migrations[$0] }),
                let up = migration.up
            else { throw noFile(text) }
            let script = try cache.script(of: up, allowsEmpty: false)
            let down = try downScript(migration, cache)
            steps.append(
                store.updateChecksum(
                    row.version, checksum: script.checksum, contentDigest: script.contentDigest,
                    downSQL: down?.nativeText,
                    downChecksum: down?.checksum))
            log("accept_checksum", row.version, "checksum \(script.checksum)", &steps, &chain)
        case .markApplied(let text):
            if let row = snapshot.rows.first(where: { same($0, text) }), row.state == .applied {
                throw MigrationError(
                    .invalidRequest, "\(text) is recorded as applied already",
                    hint: "Where its file was changed, --accept-checksum records the new one.",
                    versions: [text])
            }
            guard let migration = Version(text).flatMap({ cache.migrations[$0] }),
                migration.up != nil
            else { throw noFile(text) }
            try recordApplied(migration, cache, "mark_applied", &steps, &chain)
        case .markReverted(let text):
            let row = try appliedRow(text, snapshot)
            steps.append(store.delete(row.version))
            steps += alsoWritten?.reverted(row.version) ?? []
            log("mark_reverted", row.version, nil, &steps, &chain)
        case .statementsDone(let text, let count):
            let row = try appliedRow(text, snapshot)
            guard row.state != .applied, (0...(row.statementsTotal ?? 0)).contains(count) else {
                throw MigrationError(
                    .invalidRequest,
                    row.state == .applied
                        ? "\(text) is not part-way" : "\(text) has no statement \(count)",
                    hint: row.statementsTotal.map { "It has \($0) statements." },
                    versions: [text])
            }
            var digest: String?
            if row.state == .applying,
                let up = row.number.flatMap({ cache.migrations[$0]?.up })
            {
                digest = try cache.script(of: up, allowsEmpty: false).prefixDigest(count)
            }
            steps.append(store.markDone(row.version, count: count, contentDigest: digest))
            log("statements_done", row.version, "\(count) statements", &steps, &chain)
        }
    }

    private func same(_ row: HistoryRow, _ text: String) -> Bool {
        row.version == text || (row.number != nil && row.number == Version(text))
    }

    private func appliedRow(
        _ text: String, _ snapshot: HistorySnapshot
    ) throws(MigrationError) -> HistoryRow {
        guard let row = snapshot.rows.first(where: { same($0, text) }) else {
            throw MigrationError(
                .invalidRequest, "\(text) is not in the history",
                hint: "'migrate status' lists what is.",
                versions: [text])
        }
        return row
    }

    private func noFile(_ text: String) -> MigrationError {
        MigrationError(
            .invalidRequest, "\(text) has no file in '\(context.folder)'",
            hint: "Its checksum is taken from the file: bring it back first.", versions: [text])
    }

    private func downScript(
        _ migration: Migration, _ cache: SourceCache
    ) throws(MigrationError) -> Script? {
        guard let down = migration.down else { return nil }
        return try cache.script(of: down, allowsEmpty: true)
    }

    private func recordApplied(
        _ migration: Migration, _ cache: SourceCache, _ action: String, _ steps: inout [Step],
        _ chain: inout LogChain
    ) throws(MigrationError) {
        guard let up = migration.up else { throw noFile(migration.version.text) }
        let script = try cache.script(of: up, allowsEmpty: false)
        let down = try downScript(migration, cache)
        let total = script.sql.statements.count
        let row = HistoryRow(
            version: migration.version.text, name: migration.name, checksum: script.checksum,
            contentDigest: script.contentDigest, appliedBy: context.identity.appliedBy,
            runID: context.identity.runID, toolVersion: context.identity.toolVersion,
            state: .applied, statementsDone: total, statementsTotal: total, statementStarted: nil,
            hasDownScript: down != nil)
        steps.append(
            store.upsert(
                row, downSQL: down?.nativeText,
                downChecksum: down?.checksum, duration: "NULL"))
        steps += alsoWritten?.applied(row.version) ?? []
        log(action, migration.version.text, "checksum \(script.checksum)", &steps, &chain)
    }

    private func log(
        _ action: String, _ version: String, _ details: String?, _ steps: inout [Step],
        _ chain: inout LogChain
    ) {
        let (step, tail) = chain.append(
            LogEntry(action: action, outcome: "success", version: version, details: details))
        steps.append(step)
        chain.committed(tail)
    }

    func commit(_ steps: [Step]) throws(MigrationError) {
        let begin = dialect == .postgres ? "BEGIN" : "BEGIN IMMEDIATE"
        do {
            try interruptible { () throws(MigrationError) in
                try connection.runOwn([Step(begin)] + steps + [Step("COMMIT")])
            }
        } catch {
            if connection.transactionState == .open || connection.transactionState == .failed {
                _ = try? connection.query("ROLLBACK")
            }
            throw error
        }
    }
}
