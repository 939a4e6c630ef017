internal import Database

extension Migrator {
    /// Takes the run's lock, creates the tables where they are missing (a dry run needs none),
    /// reads the history under the lock and hands it to `body`; lets the lock go in the end,
    /// whatever happens.
    func withLock<Result>(
        _ first: HistorySnapshot, isDryRun: Bool = false, allowsOtherEnvironment: Bool = false,
        _ body: (HistorySnapshot) throws(MigrationError) -> Result
    ) throws(MigrationError) -> Result {
        guard !first.facts.isInRecovery else {
            throw MigrationError(
                .refused, "the server is a standby and accepts no changes",
                hint: "Use the primary's address; 'target_session_attrs=read-write' in the URL "
                    + "finds it among several hosts.")
        }
        let lock = try makeLock(first)
        try refusePooler(first)
        var snapshot: HistorySnapshot
        do {
            snapshot = try acquire(lock)
        } catch {
            lock.release([])
            var failure = error
            // Nothing was done, and a reader of the document finds that said in the usual place.
            failure.report = RunReport(runID: context.identity.runID)
            throw failure
        }
        defer {
            if connection.transactionState != .idle {
                _ = try? connection.query("ROLLBACK")
            }
            lock.release(sessionReset)
        }
        // Another run may have stamped it meanwhile.
        if !allowsOtherEnvironment { try refuseOtherEnvironment(snapshot) }
        let isUnstamped = snapshot.stamp == nil && context.claim.isCertain
        if !isDryRun, !snapshot.tableExists || snapshot.logTail == .empty || isUnstamped {
            snapshot = try prepareTables(snapshot, isStamped: !isUnstamped)
        }
        activeLock = lock
        defer { activeLock = nil }
        return try body(snapshot)
    }

    private func makeLock(_ first: HistorySnapshot) throws(MigrationError) -> any RunLock {
        switch context.lock {
        case .none: return NoLock()
        case .external(let lock):
            return OutsideLock(lock, holder: context.identity.lockHolder)
        case .session:
            return makeAdvisoryLock(first)
        case .lease:
            guard let openAnother = context.openAnother else { return NoLock() }
            return LeaseLock(
                connection, store: store, run: context.identity,
                lifetime: context.settings.leaseLifetime, openAnother: openAnother)
        }
    }

    /// The lock of this database and history table.
    func makeAdvisoryLock(_ snapshot: HistorySnapshot) -> AdvisoryLock {
        AdvisoryLock(
            connection,
            scope: snapshot.facts.database + "\u{0}" + (snapshot.schema ?? "") + "\u{0}"
                + context.historyTable.table)
    }

    /// Holds the run's lock while `body` works on the database, and runs no migration.
    ///
    /// Another tool's history is no reason to refuse, and no table is made.
    ///
    /// - Returns: how `body` ended.
    /// - Throws: `.lockHeld`, `.interrupted`, `.transactionPooler`, `.database`; `body` did not run.
    package func holdingLock<Success, Problem: Error>(
        _ body: () throws(Problem) -> Success
    ) throws(MigrationError) -> Result<Success, Problem> {
        let lock: any RunLock
        switch context.lock {
        case .none: lock = NoLock()
        case .external(let outside):
            lock = OutsideLock(outside, holder: context.identity.lockHolder)
        case .session, .lease:
            let first = try look()
            lock = try makeLock(first)
            try refusePooler(first)
        }
        do {
            try waitFor(lock) { (first) throws(MigrationError) in
                first.isEmpty ? [] : try self.connection.runOwn(first)
            }
        } catch {
            lock.release([])
            throw error
        }
        let outer = activeLock
        activeLock = lock
        defer {
            activeLock = outer
            lock.release(sessionReset)
        }
        do throws(Problem) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }

    /// Looks whether the lock that `holdingLock` took is still held.
    ///
    /// - Throws: `.lockHeld` where it was lost; `.database`.
    package func checkLock() throws(MigrationError) {
        guard let step = activeLock?.guardStep(tableIDs: [], isLast: false) else { return }
        do {
            try connection.run([step])
        } catch {
            guard GuardFailure(error.error) != nil || connection.transactionState == .unknown
            else { throw MigrationError(error.error) }
            throw MigrationError(
                .lockHeld, "the lock was lost, and another run may have begun meanwhile",
                hint: "Look at what it did, and try again.", cause: error.error)
        }
    }

    /// Ends leases that came with the content of a snapshot: who held them is long gone, and nobody
    /// renews them. Those that were taken in the restored database stay.
    ///
    /// - Parameter elapsed: how long ago the restore began; no lease of the snapshot is younger.
    /// - Throws: `.database`.
    package func endRestoredLeases(since elapsed: Duration) throws(MigrationError) {
        guard case .lease = context.lock, dialect == .postgres else { return }
        let isThere = try connection.runOwn([
            Step("SELECT pg_catalog.to_regclass($1) IS NOT NULL", [.text(store.leaseTable)])
        ])[0].rows[0][0].boolean
        guard isThere == true else { return }
        let rest = (context.settings.leaseLifetime - elapsed).wholeMilliseconds
        try connection.runOwn([
            Step(
                """
                DELETE FROM \(store.leaseTable) WHERE expires_at <= \
                pg_catalog.clock_timestamp() + interval '\(rest) milliseconds'
                """)
        ])
    }

    /// Lets the lock that `holdingLock` took go before its body ends.
    package func releaseLock() { activeLock?.release(sessionReset) }

    /// Waits until the lock is had, and reads the history under it.
    private func acquire(_ lock: any RunLock) throws(MigrationError) -> HistorySnapshot {
        var snapshot: HistorySnapshot?
        try waitFor(lock) { (first) throws(MigrationError) in
            let read = try self.store.read(self.connection, first: first, withLog: true)
            snapshot = read.snapshot
            return read.first
        }
        if let snapshot { return snapshot }
        return try look()
    }

    /// Polls until the lock is had, `lock_wait` is over or the run is interrupted.
    private func waitFor(
        _ lock: any RunLock, _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: context.settings.lockWait)
        var pause = Duration.milliseconds(20)
        var announced: String??
        while true {
            let attempt = try interruptible { () throws(MigrationError) in
                try lock.attempt(read)
            }
            switch attempt {
            case .acquired: return
            case .held(let holder):
                // One that ended since the attempt is not there to be named.
                if announced == nil || holder != nil && announced != .some(holder) {
                    announced = .some(holder)
                    context.observer.waiting(holder)
                }
                guard clock.now < deadline else {
                    throw MigrationError(
                        .lockHeld,
                        "another run holds the lock" + (holder.map { ": \($0)" } ?? ""),
                        hint: "Wait for it to end, or wait longer with --lock-wait. The lock ends "
                            + "with the run that holds it, however that ends.",
                        holder: holder)
                }
            }
            if context.cancellation.wait(min(pause, clock.now.duration(to: deadline))) {
                throw MigrationError(.interrupted, "interrupted while waiting for the lock")
            }
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    /// Where the process that the server announced is not the one that answers, a pooler stands in
    /// between. Two connections that are served by one process, while both are open, show that it
    /// pools transactions: no session lock can hold there.
    private func refusePooler(_ first: HistorySnapshot) throws(MigrationError) {
        guard case .session = context.lock, let announced = connection.announcedProcessID,
            let actual = first.facts.backendPID, announced != actual,
            let openAnother = context.openAnother
        else { return }
        var isShared = false
        do {
            let other = try openAnother()
            defer { other.close() }
            let mine = try connection.query("SELECT pg_catalog.pg_backend_pid()").rows[0][0]
            // The transaction keeps the pooler from giving the process back meanwhile.
            try other.query("BEGIN")
            let theirs = try other.query("SELECT pg_catalog.pg_backend_pid()").rows[0][0]
            isShared = theirs == mine
            // Only then: in a pool of one session this connection would wait for the other.
            if !isShared {
                isShared =
                    try connection.query("SELECT pg_catalog.pg_backend_pid()").rows[0][0] != mine
            }
            try other.query("ROLLBACK")
        } catch {
            throw MigrationError(error)
        }
        guard isShared else { return }
        throw MigrationError(
            .transactionPooler, "a transaction pooler stands between this program and the server",
            hint: "Locks and settings of a session do not hold there. Use the server's own "
                + "address or a session pool for migrations, or set 'lock: lease'.")
    }

    /// Creates what is missing and, unless the database is stamped or nobody knows whose it is, stamps
    /// it, in one transaction.
    private func prepareTables(
        _ snapshot: HistorySnapshot, isStamped: Bool
    ) throws(MigrationError) -> HistorySnapshot {
        let isPostgres = dialect == .postgres
        let chain = LogChain(store: store, run: context.identity, tail: snapshot.logTail)
        let stamp = isStamped ? [] : [chain.append(.stamp(instead: nil)).step]
        let steps =
            (isPostgres
                ? [Step("BEGIN"), Step("SET LOCAL client_min_messages = warning")]
                : [Step("BEGIN IMMEDIATE")])
            + store.createSteps(tableExists: snapshot.tableExists) + stamp + [Step("COMMIT")]
        do {
            try interruptible { () throws(MigrationError) in try connection.runOwn(steps) }
        } catch {
            let isOpen = connection.transactionState != .idle
            if isOpen { _ = try? connection.query("ROLLBACK") }
            var failure = error
            if error.cause?.code == .insufficientPrivilege {
                failure.hint =
                    "The role needs CREATE on the schema for the history table, or name another "
                    + "place with 'history_table: schema.name'."
            }
            throw failure
        }
        return try store.read(connection, withLog: true).snapshot
    }
}
