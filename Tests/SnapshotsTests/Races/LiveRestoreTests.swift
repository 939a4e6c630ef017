import Database
import Dispatch
import PostgresDriver
import Snapshots
import Synchronization
import TestSupport
import Testing

/// A restore while clients come and go: each sees the old database or the new one and nothing
/// between, and nothing that was confirmed to a writer is lost.
@Suite struct LiveRestoreTests {
    private let database: TestDatabase
    private let chunks = MemoryChunks()
    private let content: PostgresContent

    init() throws {
        database = try TestDatabase()
        let connection = try database.connect()
        try connection.run([
            Step("CREATE TABLE t AS SELECT i, 'old' AS v FROM generate_series(1, 3000) i"),
            Step("ALTER TABLE t ADD PRIMARY KEY (i)"),
            Step("CREATE TABLE u AS SELECT i, v FROM t"),
            Step("ALTER TABLE u ADD FOREIGN KEY (i) REFERENCES t"),
            Step("CREATE TABLE note (id text PRIMARY KEY)"),
        ])
        content = try database.take(into: chunks)
        try connection.run([
            Step("UPDATE t SET v = 'new'"), Step("UPDATE u SET v = 'new'"),
            Step("INSERT INTO t VALUES (0, 'new')"), Step("INSERT INTO u VALUES (0, 'new')"),
        ])
    }

    private static let before = "3001 new new, 3001 new new"
    private static let after = "3000 old old, 3000 old old"

    private func notes(_ connection: PostgresConnection) throws -> Set<String> {
        Set(try connection.query("SELECT id FROM note").rows.compactMap { $0[0].string })
    }

    /// Until everybody has met the restored database.
    private func finish(_ clients: Clients) -> (seen: Set<String>, confirmed: Set<String>) {
        let deadline = ContinuousClock.now + .seconds(20)
        while clients.lastSeen != Self.after, ContinuousClock.now < deadline {}
        clients.waitForWrite(until: deadline)
        return clients.stop()
    }

    @Test func `by a swap`() throws {
        let clients = Clients(database)
        clients.waitForWrite(until: .now + .seconds(20))
        // The session that holds the lock is the last one there: nobody can have begun anything.
        let holder = try database.connect()
        let mine = holder.announcedProcessID ?? 0
        var others: Int64?
        let hold = TargetHold(
            processID: mine, check: { try holder.query("SELECT 1") },
            release: {
                others =
                    (try? holder.query(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND pid <> \(mine) AND usesysid IS NOT NULL
                        """))?.rows[0][0].integer
                holder.close()
            })
        let report = try PostgresRestore(
            connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
            options: .init(), cancellation: Cancellation()
        ).run(
            content.parts, serverVersion: content.serverVersion, target: database.name, hold: hold)
        #expect(others == 0)
        defer { try? Databases.drop([report.keptDatabase]) }
        let (seen, confirmed) = finish(clients)
        #expect(seen == [Self.before, Self.after])
        let kept = try PostgresServer.connect(database: try #require(report.keptDatabase))
        #expect(try kept.query(Clients.question).rows[0][0].string == Self.before)
        let (old, new) = (try notes(kept), try notes(database.connect()))
        #expect(!old.isEmpty)
        #expect(!new.isEmpty)
        #expect(old.isDisjoint(with: new))
        #expect(confirmed.subtracting(old.union(new)) == [])
    }

    @Test func `in place`() throws {
        let clients = Clients(database)
        clients.waitForWrite(until: .now + .seconds(20))
        var old: Set<String> = []
        for attempt in 1... {
            do {
                _ = try database.restoreInPlace(
                    content, from: chunks,
                    beforeReplacing: { old = try notes(database.connect()) })
                break
            } catch let error as SnapshotError
                where error.database?.sqlState == "40P01" && attempt < 10
            {
                // Readers that hold one table and wait for the next: nothing was changed.
                #expect(error.code == .restoreFailed)
            }
        }
        let (seen, confirmed) = finish(clients)
        #expect(seen == [Self.before, Self.after])
        let new = try notes(database.connect())
        #expect(!old.isEmpty)
        #expect(!new.isEmpty)
        #expect(old.isDisjoint(with: new))
        #expect(confirmed.subtracting(old.union(new)) == [])
    }
}

/// Readers and writers that connect, do one thing and leave, over and over. Thread-safe.
private final class Clients: Sendable {
    private struct State {
        var isStopped = false
        var seen: Set<String> = []
        var lastSeen = ""
        var confirmed: Set<String> = []
    }

    /// What is in both tables: rows, first and last value.
    static let question = """
        SELECT (SELECT concat_ws(' ', count(*), min(v), max(v)) FROM t) || ', '
        || (SELECT concat_ws(' ', count(*), min(v), max(v)) FROM u)
        """

    private let state = Mutex(State())
    private let group = DispatchGroup()

    init(_ database: TestDatabase) {
        let url = database.url
        for _ in 0..<2 {
            run(url) { connection in
                // Refused connections and sessions that end are what a swap looks like.
                guard let seen = try connection.query(Self.question).rows[0][0].string else {
                    return
                }
                self.state.withLock {
                    $0.seen.insert(seen)
                    $0.lastSeen = seen
                }
            }
            run(url) { connection in
                let id = "\(UInt64.random(in: 0 ... .max))"
                try connection.query("INSERT INTO note VALUES ($1)", [.text(id)])
                self.state.withLock { _ = $0.confirmed.insert(id) }
            }
        }
    }

    private func run(
        _ url: DatabaseURL, _ work: @escaping @Sendable (PostgresConnection) throws -> Void
    ) {
        DispatchQueue(label: "client").async(group: group) {
            while !self.state.withLock({ $0.isStopped }) {
                guard let connection = try? PostgresConnection(PostgresOptions(url: url)) else {
                    continue
                }
                try? work(connection)
                connection.close()
            }
        }
    }

    var lastSeen: String { state.withLock { $0.lastSeen } }

    /// Waits until one more write was confirmed.
    func waitForWrite(until deadline: ContinuousClock.Instant) {
        let count = state.withLock { $0.confirmed.count }
        while state.withLock({ $0.confirmed.count }) == count, ContinuousClock.now < deadline {}
    }

    /// Ends them.
    func stop() -> (seen: Set<String>, confirmed: Set<String>) {
        state.withLock { $0.isStopped = true }
        group.wait()
        return state.withLock { ($0.seen, $0.confirmed) }
    }
}
