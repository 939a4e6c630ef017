internal import Database

/// Puts a restored database in the place of another one, which is kept under a new name.
///
/// Both renames are one transaction. Before it the target is closed to new connections, for a
/// database cannot be renamed while anyone is connected; if the swap fails it is opened again, and
/// if the process is killed `RestoreCleanup` does so.
struct DatabaseSwap {
    let session: MaintenanceSession
    let names: RestoreNames
    /// What keeps runs of migrations out of the target; let go when nobody else is in it, nor can be.
    let hold: TargetHold?
    /// Roles that stay now, and are no longer marked as those of an unfinished restore.
    let roles: [String]
    let deadline: Duration
    let cancellation: Cancellation

    /// Swaps.
    ///
    /// - Returns: the name of the database that was replaced; nil where there was none.
    func run() throws -> String? {
        let target = try session.find(names.target)
        guard target.exists else {
            try session.connection.run(
                [
                    Step("BEGIN"),
                    Step(
                        "ALTER DATABASE \(quoted(names.restored)) RENAME TO \(quoted(names.target))"
                    ),
                ] + CreatedRoles.unmark(roles) + [Step("COMMIT")])
            return nil
        }
        do {
            try session.allowConnections(names.target, false)
            try session.allowConnections(names.restored, false)
            try letGo()
            try rename(opens: target.allowsConnections)
            return names.kept
        } catch {
            if session.connection.transactionState != .idle {
                _ = try? session.connection.query("ROLLBACK")
            }
            if try isSwapped() { return names.kept }
            if target.allowsConnections { try session.allowConnections(names.target, true) }
            throw error
        }
    }

    /// Ends all sessions of the target but the one that holds its lock, and that one at last: a run
    /// of migrations finds the lock taken, and then the database closed, until the new one is there.
    private func letGo() throws {
        guard let hold else { return }
        let end = ContinuousClock.now + deadline
        while try terminate(besides: hold.processID) > 0 {
            if ContinuousClock.now >= end { throw late(nil) }
            if cancellation.wait(.milliseconds(20)) {
                throw SnapshotError(.interrupted, "interrupted")
            }
        }
        // What others did before the target was closed.
        try TargetObstacles(names.target, session.connection).check()
        try hold.check()
        hold.release()
    }

    private func late(_ cause: DatabaseError?) -> SnapshotError {
        SnapshotError(
            .restoreFailed, "sessions of '\(names.target)' did not end in time",
            hint: "Stop what is connected to it, or allow more time.", database: cause)
    }

    private func rename(opens: Bool) throws {
        let end = ContinuousClock.now + deadline
        while true {
            try terminate()
            do {
                let steps = [
                    Step("BEGIN"),
                    Step("ALTER DATABASE \(quoted(names.target)) RENAME TO \(quoted(names.kept))"),
                    Step(
                        "ALTER DATABASE \(quoted(names.restored)) RENAME TO \(quoted(names.target))"
                    ),
                    Step("ALTER DATABASE \(quoted(names.kept)) ALLOW_CONNECTIONS \(opens)"),
                    Step("ALTER DATABASE \(quoted(names.target)) ALLOW_CONNECTIONS true"),
                ]
                try session.connection.run(steps + CreatedRoles.unmark(roles) + [Step("COMMIT")])
                return
            } catch {
                // object_in_use: someone is still leaving.
                guard error.error.sqlState == "55006" else { throw error.error }
                try session.connection.query("ROLLBACK")
                if ContinuousClock.now >= end { throw late(error.error) }
            }
            if cancellation.wait(.milliseconds(20)) {
                throw SnapshotError(.interrupted, "interrupted")
            }
        }
    }

    /// Tells every session of both databases to end, but the given one.
    ///
    /// - Returns: how many there still were. Workers of the server's own have no user; renaming
    ///   ends those that vacuum.
    @discardableResult
    private func terminate(besides kept: Int64 = 0) throws -> Int {
        do {
            return try sessions("pg_catalog.pg_terminate_backend(pid)", besides: kept).count
        } catch let error as DatabaseError where error.sqlState == "42501" {
            let roles = Set(try sessions("usename", besides: kept).compactMap { $0[0].string })
            throw SnapshotError(
                .restoreFailed,
                "sessions of '\(names.target)' may not be ended: they are of "
                    + roles.sorted().map { "'\($0)'" }.joined(separator: ", "),
                hint: "End them, or restore as a superuser: of other roles than your own it takes "
                    + "pg_signal_backend.",
                database: error)
        }
    }

    private func sessions(_ what: String, besides kept: Int64) throws -> [Row] {
        try session.connection.query(
            """
            SELECT \(what) FROM pg_catalog.pg_stat_activity WHERE datname IN ($1, $2) \
            AND pid <> pg_catalog.pg_backend_pid() AND pid <> $3::pg_catalog.int8 \
            AND usesysid IS NOT NULL
            """, [.text(names.target), .text(names.restored), .integer(kept)]
        ).rows
    }

    /// Whether the transaction was committed although its answer was lost.
    private func isSwapped() throws -> Bool {
        try session.find(names.kept).exists && !session.find(names.restored).exists
    }

    private func quoted(_ name: String) -> String { PostgresName.quoted(name) }
}
