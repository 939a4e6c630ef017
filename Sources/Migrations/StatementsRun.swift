internal import Database
internal import SQLText

/// Running a migration without a transaction of its own: statement by statement, each one's end
/// recorded, so that a failed run goes on after the last finished one.
///
/// A statement that can run in a transaction shares a small one with the record of its end, and
/// so runs exactly once, whatever dies when. For one that cannot (`CREATE INDEX CONCURRENTLY`),
/// its beginning is recorded before and its end after; where a run dies in between, the catalog
/// tells whether it took effect, or a person must.
extension Migrator {
    /// One piece of the file between two records.
    private struct Unit {
        enum Kind {
            /// In a transaction with its record.
            case transactional
            /// `BEGIN … COMMIT` of the file; the record goes before its COMMIT.
            case block
            /// By itself.
            case alone(String)
        }
        var kind: Kind
        var statements: Range<Int>
    }

    private static func units(_ script: Script) -> [Unit] {
        var units: [Unit] = []
        var blockStart: Int?
        for (index, statement) in script.sql.statements.enumerated() {
            let kind = script.kinds[index]
            if let start = blockStart {
                if case .ends = kind {
                    units.append(Unit(kind: .block, statements: start..<index + 1))
                    blockStart = nil
                }
                continue
            }
            switch kind {
            case .begins: blockStart = index
            case .needsNoTransaction(let name):
                units.append(Unit(kind: .alone(name), statements: index..<index + 1))
            case .mayCommit:
                units.append(
                    Unit(kind: .alone(statement.words.first ?? ""), statements: index..<index + 1))
            case .foreignKeysPragma:
                units.append(Unit(kind: .alone("PRAGMA"), statements: index..<index + 1))
            case .ordinary, .ends, .setsSession, .createsTemporary, .dropsOrRenamesTable:
                units.append(Unit(kind: .transactional, statements: index..<index + 1))
            }
        }
        return units
    }

    /// Runs a migration that has `no-transaction`.
    ///
    /// - Throws: `.stoppedPartWay` where a statement fails: what ran before it is recorded.
    func runStatements(
        _ step: PlannedMigration, _ execution: inout Execution
    ) throws(MigrationError) {
        let clock = ContinuousClock()
        let start = clock.now
        let session = try noteSession([step])
        do {
            try connection.runOwn(prelude(step))
            try begin(step)
            try repeatSettings(step)
            try runUnits(step, execution.tableIDs)
            try verifyStatements(step)
            try session?.restore(connection)
        } catch {
            if connection.transactionState == .open || connection.transactionState == .failed {
                _ = try? connection.query("ROLLBACK")
            }
            _ = try? session?.restore(connection)
            throw error
        }
        try complete(step, clock.now - start, &execution)
    }

    private func runUnits(_ step: PlannedMigration, _ tableIDs: [Int64]) throws(MigrationError) {
        let total = step.script.sql.statements.count
        for unit in Self.units(step.script) where unit.statements.lowerBound >= step.statementsDone
        {
            try refuseIfInterrupted(step, done: unit.statements.lowerBound)
            try run(unit, step, tableIDs)
            context.observer.statementDone(unit.statements.upperBound, total)
        }
    }

    private func verifyStatements(_ step: PlannedMigration) throws(MigrationError) {
        guard step.verify != nil, !step.isRevert else { return }
        var batch = Batch([])
        batch.append(verify: step, isInTransaction: false)
        try inspect(try run(batch, step), batch, step)
    }

    private func refuseIfInterrupted(
        _ step: PlannedMigration, done: Int
    ) throws(MigrationError) {
        guard context.cancellation.isRequested else { return }
        throw MigrationError(
            .interrupted, "interrupted",
            failed: place(nil, step, step.script, statement: nil))
    }

    /// Records that the migration is under way: from its beginning, or, where it goes on, with the
    /// text as it was mended.
    private func begin(_ step: PlannedMigration) throws(MigrationError) {
        let total = step.script.sql.statements.count
        let record: Step
        switch step.action {
        case .resume:
            record = store.markResumed(step.version, total: total)
        case .revert, .resumeRevert:
            // The script goes into the row, so that a run without the file can go on with it.
            record = store.markReverting(
                step.version, done: step.statementsDone, total: total,
                downSQL: step.script.nativeText,
                downChecksum: step.script.checksum)
        case .apply, .applyRepeatable:
            let row = HistoryRow(
                version: step.version, name: step.name, checksum: step.script.checksum,
                contentDigest: "", appliedBy: context.identity.appliedBy,
                runID: context.identity.runID, toolVersion: context.identity.toolVersion,
                state: .applying, statementsDone: 0, statementsTotal: total, statementStarted: nil,
                hasDownScript: step.down != nil)
            record = store.upsert(
                row, downSQL: step.down?.nativeText,
                downChecksum: step.down?.checksum, duration: "NULL")
        }
        try write([record], step)
    }

    /// Commits steps of our own about the migration; they are short, and not cancelled.
    private func write(_ steps: [Step], _ step: PlannedMigration) throws(MigrationError) {
        do {
            try connection.run(steps)
        } catch {
            switch error.error.code {
            case .storage, .connectionLost: throw failure(error.error, .commit, step)
            default: throw MigrationError(error.error)
            }
        }
    }

    private func complete(
        _ step: PlannedMigration, _ duration: Duration, _ execution: inout Execution
    ) throws(MigrationError) {
        let (record, tail) = recordSteps(
            step, execution.chain, duration: String(duration.wholeMilliseconds))
        try write(ownTransaction(record), step)
        execution.chain.committed(tail)
        finish(step, duration, &execution)
    }

    // MARK: One unit

    private func run(
        _ unit: Unit, _ step: PlannedMigration, _ tableIDs: [Int64]
    ) throws(MigrationError) {
        var attempt = 0
        while true {
            do {
                switch unit.kind {
                case .transactional, .block: try runRecorded(unit, step, tableIDs)
                case .alone(let name): try runAlone(unit, name, step, tableIDs)
                }
                return
            } catch {
                if connection.transactionState == .open || connection.transactionState == .failed {
                    try connection.runOwn([Step("ROLLBACK")])
                }
                guard error.code == .lockTimeout, attempt < context.settings.lockRetries else {
                    throw stopped(error, step, unit)
                }
                attempt += 1
                let pause = Duration.milliseconds(250) * (1 << min(attempt - 1, 5))
                context.observer.retrying(
                    step.version, attempt, context.settings.lockRetries, pause)
                if context.cancellation.wait(pause) {
                    throw MigrationError(.interrupted, "interrupted", failed: error.failed)
                }
            }
        }
    }

    private func stopped(
        _ error: MigrationError, _ step: PlannedMigration, _ unit: Unit
    ) -> MigrationError {
        guard error.code == .migrationFailed || error.code == .lockTimeout else { return error }
        var error = error
        if error.code == .migrationFailed { error.code = .stoppedPartWay }
        let done = unit.statements.lowerBound
        let total = step.script.sql.statements.count
        let command = step.isRevert ? "migrate down" : "migrate up"
        error.hint =
            (error.hint.map { $0 + " " } ?? "")
            + "\(done) of \(total) statements of \(step.version) are done and recorded. Mend the "
            + "rest of the file and run '\(command)' again: it goes on with statement "
            + "\(done + 1)."
        return error
    }

    /// The statement or block and the record of its end, in one transaction.
    private func runRecorded(
        _ unit: Unit, _ step: PlannedMigration, _ tableIDs: [Int64]
    ) throws(MigrationError) {
        let statements = unit.statements
        var batch = Batch([])
        if case .transactional = unit.kind { batch.append(own: opening(step)) }
        for index in statements.dropLast() {
            batch.append(step.script.step(step.script.sql.statements[index]), statement: index)
        }
        let last = statements.upperBound - 1
        let lastStep = step.script.step(step.script.sql.statements[last])
        if case .transactional = unit.kind { batch.append(lastStep, statement: last) }
        batch.append(own: beforeOurRows())
        batch.append(guard: activeLock?.guardStep(tableIDs: tableIDs, isLast: true))
        batch.append(own: [record(done: statements.upperBound, step)])
        if case .block = unit.kind {
            batch.append(lastStep, statement: last)
        } else {
            batch.append(commit: Step("COMMIT"))
        }
        _ = try run(batch, step, tellsProgress: false)
    }

    private func record(done: Int, _ step: PlannedMigration) -> Step {
        store.markDone(
            step.version, count: done,
            contentDigest: step.isRevert ? nil : step.script.prefixDigest(done))
    }

    /// A statement that takes no transaction.
    private func runAlone(
        _ unit: Unit, _ name: String, _ step: PlannedMigration, _ tableIDs: [Int64]
    ) throws(MigrationError) {
        let index = unit.statements.lowerBound
        let statement = step.script.sql.statements[index]
        let concurrent = ConcurrentIndex(statement, in: step.script.sql)
        if step.statementInDoubt == index + 1, step.statementsDone == index {
            if try tookEffect(concurrent, name, step, index) {
                try write(ownTransaction([record(done: index + 1, step)]), step)
                return
            }
        }
        if let concurrent, concurrent.isCreate { try dropInvalidIndex(concurrent, step) }
        try write(
            ownTransaction([store.markStarted(step.version, statement: index + 1)]), step)
        var batch = Batch([])
        batch.append(
            step.script.step(statement, runsAlone: dialect == .postgres), statement: index)
        do {
            _ = try run(batch, step, tellsProgress: false)
        } catch {
            // The server said that it failed, so its end is known.
            if connection.transactionState == .idle {
                try write(
                    ownTransaction([store.markStarted(step.version, statement: nil)]), step)
            }
            throw error
        }
        var after = Batch([beginOwn] + beforeOurRows())
        after.append(guard: activeLock?.guardStep(tableIDs: [], isLast: true))
        after.append(own: [record(done: index + 1, step), Step("COMMIT")])
        _ = try run(after, step)
    }

    /// Whether a statement that an earlier run began, and whose end it could not record, took
    /// effect.
    ///
    /// - Throws: `.failedPartWay` where only a person can tell.
    private func tookEffect(
        _ concurrent: ConcurrentIndex?, _ name: String, _ step: PlannedMigration, _ index: Int
    ) throws(MigrationError) -> Bool {
        if let concurrent {
            let isThere = try connection.runOwn([concurrent.exists(valid: true)])[0].rowCount > 0
            return concurrent.isCreate ? isThere : !isThere
        }
        // What does no harm when done twice is done again.
        let harmless = ["VACUUM", "REINDEX", "CLUSTER", "ALTER SYSTEM", "PRAGMA", "DISCARD ALL"]
        if harmless.contains(where: { name.hasPrefix($0) }) { return false }
        let statement = step.script.sql.statements[index]
        let line = step.script.sql.position(at: statement.range.lowerBound).line
        throw MigrationError(
            .failedPartWay,
            "an earlier run began statement \(index + 1) of \(step.version) (\(name), line "
                + "\(line)) and could not record its end",
            hint: "Look whether it took effect. If it did: migrate repair --statements-done "
                + "\(step.version)=\(index + 1). If not: migrate repair --statements-done "
                + "\(step.version)=\(index). Then run the command again.",
            failed: place(nil, step, step.script, statement: index), versions: [step.version])
    }

    /// What a failed concurrent build leaves behind is in the way of the next.
    private func dropInvalidIndex(
        _ index: ConcurrentIndex, _ step: PlannedMigration
    ) throws(MigrationError) {
        let invalid = try connection.runOwn([index.exists(valid: false)])[0].rows
        for row in invalid {
            guard let name = row[0].string else { continue }
            // It waits for other sessions: a lock timeout and a request to stop count here too.
            _ = try run(
                Batch([Step("DROP INDEX CONCURRENTLY \(name)", runsAlone: true)]), step)
        }
    }
}

extension Batch {
    mutating func append(_ step: Step, statement: Int) {
        append(step, origin: .file(statement: statement))
    }
}

/// The index that `CREATE INDEX CONCURRENTLY` or `DROP INDEX CONCURRENTLY` names.
struct ConcurrentIndex {
    /// True for CREATE.
    let isCreate: Bool
    /// The name as written, quotes included, perhaps with its schema.
    let name: String
    /// The table as written; nil for DROP.
    let table: String?

    /// Nil for any other statement, and for an index that is not given a name.
    init?(_ statement: SQLStatement, in script: SQLScript) {
        guard script.dialect == .postgres, statement.words.prefix(5).contains("CONCURRENTLY"),
            statement.words.prefix(4).contains("INDEX")
        else { return nil }
        isCreate = statement.words.first == "CREATE"
        let tokens = script.tokens(of: statement).prefix(24).map { String(script.text(of: $0)) }
        guard let start = tokens.firstIndex(where: { $0.uppercased() == "CONCURRENTLY" }) else {
            return nil
        }
        var rest = tokens[(start + 1)...]
        let noise: Set<String> = ["IF", "NOT", "EXISTS", "ONLY"]
        func takeName() -> String {
            while let word = rest.first, noise.contains(word.uppercased()) { rest.removeFirst() }
            var name = rest.popFirst() ?? ""
            while rest.first == "." {
                rest.removeFirst()
                name += "." + (rest.popFirst() ?? "")
            }
            return name
        }
        if isCreate, rest.first?.uppercased() == "ON" { return nil }
        name = takeName()
        if isCreate {
            guard rest.popFirst()?.uppercased() == "ON" else { return nil }
            table = takeName()
        } else {
            table = nil
        }
    }

    /// A query that returns the index, quoted and qualified, where it is there in this state. One
    /// that another session is building right now does not count as failed.
    func exists(valid: Bool) -> Step {
        let select =
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) "
            + "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
            + "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        guard let table else {
            return Step(select + "WHERE i.indexrelid = pg_catalog.to_regclass($1)", [.text(name)])
        }
        let state =
            valid
            ? "i.indisvalid"
            : "NOT i.indisvalid AND NOT EXISTS (SELECT FROM "
                + "pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)"
        return Step(
            select + "WHERE i.indrelid = pg_catalog.to_regclass($1) "
                + "AND c.relname = (pg_catalog.parse_ident($2))[1] AND \(state)",
            [.text(table), .text(name)])
    }
}
