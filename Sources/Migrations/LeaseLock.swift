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
    private var isTableCreated = false
    let sharesServerSession = true

    /// How long a lease lives without a heartbeat.
    static let lifetime = Duration.seconds(30)

    init(
        _ connection: any Connection, store: HistoryStore, run: RunIdentity,
        openAnother: @escaping @Sendable () throws(DatabaseError) -> any Connection
    ) {
        self.connection = connection
        self.store = store
        token = run.runID
        holder = run.lockHolder
        self.openAnother = openAnother
    }

    private static func interval(_ duration: Duration) -> String {
        "interval '\(duration.components.seconds) seconds'"
    }

    func attempt(
        _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt {
        if !isTableCreated {
            try createTable()
            isTableCreated = true
        }
        let taken = try connection.runOwn([
            Step(
                """
                INSERT INTO \(store.leaseTable) AS lease (id, token, holder, expires_at) \
                VALUES (1, $1, $2, pg_catalog.clock_timestamp() + \(Self.interval(Self.lifetime))) \
                ON CONFLICT (id) DO UPDATE SET token = excluded.token, holder = excluded.holder, \
                expires_at = excluded.expires_at \
                WHERE lease.expires_at < pg_catalog.clock_timestamp() RETURNING token
                """, [.text(token), .text(holder)])
        ])[0].rows
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

    /// Two runs may create it at once; the loser of that race finds it there.
    private func createTable() throws(MigrationError) {
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
            UPDATE \(store.leaseTable) SET expires_at = pg_catalog.clock_timestamp() + \
            \(Self.interval(Self.lifetime)) WHERE id = 1 AND token = $1
            """, [.text(token)])
        let open = openAnother
        DispatchQueue(label: "migrate.lease").async {
            var other: (any Connection)?
            while !stop.wait(Self.lifetime / 6) {
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

    func guardStep(tableIDs: [Int64]) -> Step? {
        let tables = tableIDs.map { "\($0)::oid" }.joined(separator: ", ")
        let touched =
            tables.isEmpty
            ? "false"
            : """
            EXISTS (SELECT FROM pg_catalog.pg_locks l \
            WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' \
            AND l.relation IN (\(tables)) AND l.mode NOT IN (\(GuardFailure.harmlessModes)))
            """
        return Step(
            """
            WITH held AS (SELECT token FROM \(store.leaseTable) WHERE id = 1 AND token = $1 \
            AND expires_at > pg_catalog.clock_timestamp() FOR UPDATE) \
            SELECT CASE WHEN NOT EXISTS (SELECT FROM held) THEN \(GuardFailure.lockLost.sql) \
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
