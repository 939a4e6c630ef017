internal import Database
import Dispatch

/// A row that says who runs until when, renewed by a second connection: for servers that are
/// reached through a transaction pooler, where no session lock holds.
///
/// The lease is fenced: each migration's transaction locks the row and checks that it is still
/// ours before it commits, so a run that lost its lease cannot commit beside its successor.
final class LeaseLock: RunLock {
    private let connection: any Connection
    private let store: HistoryStore
    private let token: String
    private let holder: String
    private let openAnother: @Sendable () throws(DatabaseError) -> any Connection
    private var heartbeat: Cancellation?
    private let lifetime: Duration
    private var isTableCreated = false
    let sharesServerSession = true

    /// `lifetime` is how long a lease lives without a heartbeat.
    init(
        _ connection: any Connection, store: HistoryStore, run: RunIdentity, lifetime: Duration,
        openAnother: @escaping @Sendable () throws(DatabaseError) -> any Connection
    ) {
        self.connection = connection
        self.store = store
        token = run.runID
        holder = run.lockHolder
        self.lifetime = lifetime
        self.openAnother = openAnother
    }

    /// SQL for the time at which a lease ends that is taken or renewed now.
    private var end: String {
        "pg_catalog.clock_timestamp() + interval '\(lifetime.wholeMilliseconds) milliseconds'"
    }

    func attempt(
        _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt {
        if !isTableCreated {
            try createTable()
            isTableCreated = true
        }
        let taken = try take()
        guard !taken.isEmpty else {
            let rows = try connection.runOwn([
                Step("SELECT holder FROM \(store.leaseTable) WHERE id = 1")
            ])[0].rows
            return .held(by: rows.first?[0].string.map(RunIdentity.describe(lockHolder:)))
        }
        startHeartbeat()
        _ = try read([])
        return .acquired
    }

    /// Whether the lease could be had. A migration of its holder that is about to commit locks the
    /// row: whoever waits for that waits a moment only, lest `lock_wait` bind nothing.
    private func take() throws(MigrationError) -> [Row] {
        let insert = Step(
            """
            INSERT INTO \(store.leaseTable) AS lease (id, token, holder, expires_at) \
            VALUES (1, $1, $2, \(end)) \
            ON CONFLICT (id) DO UPDATE SET token = excluded.token, holder = excluded.holder, \
            expires_at = excluded.expires_at \
            WHERE lease.expires_at < pg_catalog.clock_timestamp() RETURNING token
            """, [.text(token), .text(holder)])
        do {
            return try connection.run([
                Step("BEGIN"), Step("SET LOCAL lock_timeout = 250"), insert, Step("COMMIT"),
            ])[2].rows
        } catch {
            if connection.transactionState != .idle { _ = try? connection.query("ROLLBACK") }
            guard error.error.code == .lockTimeout else { throw MigrationError(error.error) }
            return []
        }
    }

    /// Two runs may create it at once; the loser of that race finds it there.
    private func createTable() throws(MigrationError) {
        // Asked for first: CREATE … IF NOT EXISTS wants the privilege to create even where it need not.
        let isThere = try connection.runOwn([
            Step("SELECT pg_catalog.to_regclass($1) IS NOT NULL", [.text(store.leaseTable)])
        ])[0].rows[0][0].boolean
        guard isThere != true else { return }
        var steps: [Step] = []
        if let schema = store.name.schema {
            steps.append(Step("CREATE SCHEMA IF NOT EXISTS \(quoteIdentifier(schema))"))
        }
        steps.append(
            Step(
                """
                CREATE TABLE IF NOT EXISTS \(store.leaseTable) (id integer PRIMARY KEY, \
                token text NOT NULL, holder text NOT NULL, expires_at timestamptz NOT NULL)
                """))
        do {
            try connection.run(steps)
        } catch {
            guard error.error.code == .constraint || error.error.sqlState == "42P07" else {
                throw MigrationError(error.error)
            }
        }
    }

    private func startHeartbeat() {
        let stop = Cancellation()
        heartbeat = stop
        let renew = Step(
            """
            UPDATE \(store.leaseTable) SET expires_at = \(end) WHERE id = 1 AND token = $1
            """, [.text(token)])
        let (open, pause) = (openAnother, lifetime / 6)
        DispatchQueue(label: "migrate.lease").async {
            var other: (any Connection)?
            while !stop.wait(pause) {
                // A beat that fails is tried again with the next one; the fence is what protects.
                do {
                    if other == nil { other = try open() }
                    try other?.run([renew])
                } catch {
                    other?.close()
                    other = nil
                }
            }
            other?.close()
        }
    }

    func guardStep(tableIDs: [Int64], isLast: Bool) -> Step? {
        let tables = tableIDs.map { "\($0)::oid" }.joined(separator: ", ")
        let touched =
            tables.isEmpty
            ? "false"
            : """
            EXISTS (SELECT FROM pg_catalog.pg_locks l \
            WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' \
            AND l.relation IN (\(tables)) AND l.mode NOT IN (\(GuardFailure.harmlessModes)))
            """
        // The row is locked from the last look to the commit, so that nobody takes the lease over in
        // between; locked any earlier, it could not be renewed.
        return Step(
            """
            WITH held AS (SELECT token FROM \(store.leaseTable) WHERE id = 1 AND token = $1 \
            AND expires_at > pg_catalog.clock_timestamp() \(isLast ? "FOR UPDATE" : "")) \
            SELECT CASE WHEN NOT EXISTS (SELECT FROM held) THEN \(GuardFailure.leaseLost.sql) \
            WHEN \(touched) THEN \(GuardFailure.tablesTouched.sql) ELSE 1 END
            """, [.text(token)])
    }

    func release(_ reset: [Step]) {
        guard let heartbeat else { return }
        heartbeat.request()
        self.heartbeat = nil
        _ = try? connection.query(
            "DELETE FROM \(store.leaseTable) WHERE id = 1 AND token = $1", [.text(token)])
    }
}
