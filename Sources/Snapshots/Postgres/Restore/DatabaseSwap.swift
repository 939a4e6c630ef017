internal import Database

/// Puts a restored database in the place of another one, which is kept under a new name.
///
/// Both renames are one transaction. Before it the target is closed to new connections, for a
/// database cannot be renamed while anyone is connected; if the swap fails it is opened again, and
/// if the process is killed `RestoreCleanup` does so.
struct DatabaseSwap {
    let session: MaintenanceSession
    let names: RestoreNames
    let deadline: Duration
    let cancellation: Cancellation

    /// Swaps.
    ///
    /// - Returns: the name of the database that was replaced; nil where there was none.
    func run() throws -> String? {
        let target = try session.find(names.target)
        guard target.exists else {
            try session.connection.query(
                "ALTER DATABASE \(quoted(names.restored)) RENAME TO \(quoted(names.target))")
            return nil
        }
        do {
            try session.allowConnections(names.target, false)
            try session.allowConnections(names.restored, false)
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

    private func rename(opens: Bool) throws {
        let end = ContinuousClock.now + deadline
        while true {
            try terminate()
            do {
                try session.connection.run([
                    Step("BEGIN"),
                    Step("ALTER DATABASE \(quoted(names.target)) RENAME TO \(quoted(names.kept))"),
                    Step(
                        "ALTER DATABASE \(quoted(names.restored)) RENAME TO \(quoted(names.target))"
                    ),
                    Step("ALTER DATABASE \(quoted(names.kept)) ALLOW_CONNECTIONS \(opens)"),
                    Step("ALTER DATABASE \(quoted(names.target)) ALLOW_CONNECTIONS true"),
                    Step("COMMIT"),
                ])
                return
            } catch {
                // object_in_use: someone is still leaving.
                guard error.error.sqlState == "55006" else { throw error.error }
                try session.connection.query("ROLLBACK")
                if ContinuousClock.now >= end {
                    throw SnapshotError(
                        .restoreFailed, "sessions of '\(names.target)' did not end in time",
                        hint: "Stop what is connected to it, or allow more time.",
                        database: error.error)
                }
            }
            if cancellation.wait(.milliseconds(20)) {
                throw SnapshotError(.interrupted, "interrupted")
            }
        }
    }

    private func terminate() throws {
        try session.connection.query(
            """
            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
            WHERE datname IN ($1, $2) AND pid <> pg_catalog.pg_backend_pid()
            """, [.text(names.target), .text(names.restored)])
    }

    /// Whether the transaction was committed although its answer was lost.
    private func isSwapped() throws -> Bool {
        try session.find(names.kept).exists && !session.find(names.restored).exists
    }

    private func quoted(_ name: String) -> String { PostgresName.quoted(name) }
}
