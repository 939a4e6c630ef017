internal import Database

/// The one transaction of a restore in place: all of it takes effect, or nothing.
struct InPlaceTransaction {
    let connection: any BulkConnection
    /// Opens another session to the same database.
    let reconnect: @Sendable () throws -> any BulkConnection
    let cancellation: Cancellation
    /// How long it waits for a lock, and for an answer that was lost.
    let patience: Duration

    /// Runs `body` in it and commits.
    ///
    /// - Throws: what `body` throws, after everything was rolled back.
    func run<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            try connection.run(
                PostgresSession.restore + [Step("BEGIN ISOLATION LEVEL READ COMMITTED")])
            try prepare()
            let result = try body()
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            try commit()
            return result
        } catch {
            if ![.idle, .unknown].contains(connection.transactionState) {
                _ = try? connection.query("ROLLBACK")
            }
            throw error
        }
    }

    /// Sets the session for writing; reading the catalogs sets it otherwise.
    func prepare() throws {
        let milliseconds = max(1, Int(patience / .milliseconds(1)))
        try connection.run(
            PostgresSession.restore + [Step("SET LOCAL lock_timeout = \(milliseconds)")])
    }

    /// Runs a piece of work that a request to stop ends.
    func interruptible<Result>(_ work: () throws -> Result) throws -> Result {
        try cancellation.interruptible(connection.interrupter) {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            return try work()
        }
    }

    private func commit() throws {
        let number =
            try connection.query(
                "SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text"
            ).rows[0][0].string ?? ""
        do {
            try connection.query("COMMIT")
        } catch {
            // Without an answer only the server's record tells whether it took effect.
            guard connection.transactionState == .unknown else { throw error }
            guard try isCommitted(number, error) else { throw error }
        }
    }

    private func isCommitted(_ number: String, _ cause: DatabaseError) throws -> Bool {
        let end = ContinuousClock.now + patience
        repeat {
            if let session = try? reconnect() {
                defer { session.close() }
                let state = try? session.query(
                    "SELECT pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8)",
                    [.text(number)]
                ).rows.first?[0].string
                if state == "committed" { return true }
                if state == "aborted" { return false }
            }
        } while !cancellation.wait(.milliseconds(100)) && ContinuousClock.now < end
        throw SnapshotError(
            .database, "the connection broke at the commit, and whether it took effect is unknown",
            hint: "Look whether the target has the snapshot's content before anything else.",
            database: cause)
    }
}

extension SnapshotError {
    /// What ended a restore in place, which the server has rolled back.
    init(inPlace error: any Error, _ connection: any Connection) {
        self.init(postgres: error)
        guard let cause = database else { return }
        if code == .database {
            // Who waited for a lock in vain, or does not know how it ended, says so himself.
            guard cause.code != .lockTimeout, !message.contains("unknown") else {
                if cause.code == .lockTimeout {
                    message = "someone else keeps what is to be replaced locked: \(cause.message)"
                    hint = "Nothing was replaced. Try again when it is free."
                }
                return
            }
            code = .restoreFailed
        }
        guard code == .restoreFailed else { return }
        message = "the restore failed, the target is as it was: \(message)"
        switch cause.sqlState {
        case "53200":
            hint =
                "One transaction locks all that it drops and creates. Raise "
                + "'max_locks_per_transaction' of the server and restart it, or restore without "
                + "--in-place."
        case "42501":
            hint =
                "Restore as a role that owns what is replaced and may create what is restored."
        case "40P01": hint = "Others were using the tables in another order. Try again."
        default: break
        }
    }
}
