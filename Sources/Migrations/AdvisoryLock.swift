internal import Database

/// PostgreSQL's session-level advisory lock, always by `pg_try_advisory_lock` outside a
/// transaction: a waiter inside `pg_advisory_lock` holds a snapshot, and `CREATE INDEX
/// CONCURRENTLY` would wait for it for ever.
///
/// Source: https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS
final class AdvisoryLock: RunLock {
    private let connection: any Connection
    private let key: Int64
    private var isFirstAttempt = true
    private(set) var isHeld = false
    let sharesServerSession = false

    /// The lock of a scope: database and history table. Nothing is taken yet.
    init(_ connection: any Connection, scope: String) {
        self.connection = connection
        key = Checksum.key("migrate advisory lock\u{0}" + scope)
    }

    func attempt(
        _ read: ([Step]) throws(MigrationError) -> [StepResult]
    ) throws(MigrationError) -> LockAttempt {
        // Taken twice, a lock must be let go twice. The first attempt may be sent again, where the
        // reading that goes with it fails because there is no table yet.
        let step = Step(
            """
            SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE \(condition) \
            AND l.pid = pg_catalog.pg_backend_pid()) THEN true \
            ELSE pg_catalog.pg_try_advisory_lock($1) END
            """, [.integer(key)])
        // Most runs get it at once, so the first attempt reads the history in the same round trip.
        if isFirstAttempt {
            isFirstAttempt = false
            isHeld = try read([step])[0].rows[0][0].boolean ?? false
        } else {
            isHeld = try connection.runOwn([step])[0].rows[0][0].boolean ?? false
            if isHeld { _ = try read([]) }
        }
        return isHeld ? .acquired : .held(by: try holder())
    }

    /// The parts of the key as `pg_locks` shows them.
    private var condition: String {
        let bits = UInt64(bitPattern: key)
        return "l.locktype = 'advisory' AND l.classid = \(bits >> 32)::oid "
            + "AND l.objid = \(bits & 0xFFFF_FFFF)::oid AND l.objsubid = 1 AND l.granted"
    }

    /// Who holds it now; nil where it is free.
    func holder() throws(MigrationError) -> String? {
        let rows = try connection.runOwn([
            Step(
                """
                SELECT l.pid, a.application_name, a.usename, a.client_addr \
                FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a \
                ON a.pid = l.pid WHERE \(condition) AND l.database = (SELECT oid \
                FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                """)
        ])[0].rows
        guard let row = rows.first else { return nil }
        let application = row[1].string ?? ""
        let described = RunIdentity.describe(lockHolder: application)
        if described != application { return described }
        // The URL gave the session another name: what the server knows of it, then.
        var parts = ["server process \(row[0].string ?? "unknown")"]
        if let user = row[2].string { parts.append("role \(user)") }
        if let address = row[3].string { parts.append("from \(address)") }
        if !application.isEmpty { parts.append("application '\(application)'") }
        return parts.joined(separator: ", ")
    }

    func guardStep(tableIDs: [Int64], isLast: Bool) -> Step? {
        let tables = tableIDs.map { "\($0)::oid" }.joined(separator: ", ")
        // Every change of our tables, DROP and ALTER included, takes a lock on them that reading
        // does not; this transaction's locks are all there is to look at. ANALYZE of the whole
        // database, whose lock is the weakest of those, changes nothing.
        let touched =
            tables.isEmpty
            ? "false"
            : "pg_catalog.bool_or(l.locktype = 'relation' AND l.relation IN (\(tables)) "
                + "AND l.mode NOT IN (\(GuardFailure.harmlessModes)))"
        return Step(
            """
            SELECT CASE WHEN pg_catalog.bool_or(\(condition)) IS NOT TRUE \
            THEN \(GuardFailure.lockLost.sql) WHEN \(touched) \
            THEN \(GuardFailure.tablesTouched.sql) ELSE 1 END \
            FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid()
            """)
    }

    func release(_ reset: [Step]) {
        guard isHeld else { return }
        isHeld = false
        let unlock = Step("SELECT pg_catalog.pg_advisory_unlock($1)", [.integer(key)])
        _ = try? connection.run([unlock] + reset)
    }
}
