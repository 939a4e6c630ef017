import Database
import Dispatch
import PostgresDriver
import SnapshotFormat
import Snapshots
import Synchronization
import TestSupport
import Testing

/// Snapshots in a storm of DDL, while money moves between tables: rows and sum over all of them are
/// the same at every moment, whatever the tables are called, so each snapshot has both or says that
/// it could not be taken.
@Suite struct DDLStormTests {
    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        try database.connect().run([
            Step("CREATE SCHEMA bank"),
            Step("CREATE TABLE bank.account (id int PRIMARY KEY, amount int)"),
            Step("INSERT INTO bank.account SELECT i, 100 FROM generate_series(1, 50) i"),
            Step("CREATE TABLE bank.ledger (id int, amount int) PARTITION BY RANGE (id)"),
            Step("CREATE TABLE bank.one PARTITION OF bank.ledger FOR VALUES FROM (1) TO (26)"),
            Step("CREATE TABLE bank.two PARTITION OF bank.ledger FOR VALUES FROM (26) TO (51)"),
            Step("INSERT INTO bank.ledger SELECT i, 100 FROM generate_series(1, 50) i"),
        ])
    }

    /// Each is one storm: statements that are run over and over, each of them whole.
    static let storms: [[String]] = [
        [
            "ALTER TABLE bank.account ALTER amount TYPE bigint",
            "ALTER TABLE bank.account ALTER amount TYPE int",
            "ALTER TABLE bank.ledger ALTER amount TYPE bigint",
            "ALTER TABLE bank.ledger ALTER amount TYPE int",
        ],
        [
            """
            BEGIN; LOCK bank.account; CREATE TEMP TABLE c ON COMMIT DROP AS TABLE bank.account;
            TRUNCATE bank.account; INSERT INTO bank.account TABLE c; COMMIT
            """,
            """
            BEGIN; LOCK bank.one; CREATE TEMP TABLE c ON COMMIT DROP AS TABLE bank.one;
            TRUNCATE bank.one; INSERT INTO bank.one TABLE c; COMMIT
            """,
        ],
        ["VACUUM FULL bank.account", "VACUUM FULL bank.one", "VACUUM FULL bank.two"],
        ["CLUSTER bank.account USING account_pkey"],
        [
            """
            BEGIN; LOCK bank.account; CREATE TABLE bank.next (LIKE bank.account);
            INSERT INTO bank.next TABLE bank.account; DROP TABLE bank.account;
            ALTER TABLE bank.next RENAME TO account; COMMIT
            """
        ],
        [
            "ALTER TABLE bank.ledger DETACH PARTITION bank.one",
            "ALTER TABLE bank.ledger ATTACH PARTITION bank.one FOR VALUES FROM (1) TO (26)",
        ],
        [
            "ALTER TABLE bank.account RENAME TO konto", "ALTER TABLE bank.konto RENAME TO account",
            """
            BEGIN; ALTER TABLE bank.one RENAME TO x; ALTER TABLE bank.two RENAME TO one;
            ALTER TABLE bank.x RENAME TO two; COMMIT
            """,
        ],
    ]

    @Test(arguments: storms.indices)
    func `a snapshot is one moment's truth or none`(_ index: Int) throws {
        try weather([Self.storms[index]], rounds: 4)
    }

    @Test func `all storms at once`() throws {
        try weather(Self.storms, rounds: 6)
    }

    private func weather(_ storms: [[String]], rounds: Int) throws {
        let movers = try Movers(database, count: 2)
        let running = storms.map { Storm(database, $0) }
        var taken = 0
        for _ in 0..<rounds {
            do {
                let content = try database.take(into: chunks, jobs: 2, patience: .seconds(3))
                try check(content)
                taken += 1
            } catch let error as SnapshotError where error.code == .refused {
                #expect(error.message.contains("held still"))
            }
        }
        for storm in running {
            storm.stop()
            #expect(storm.rounds > 0)
        }
        #expect(movers.stop() > 0)
        // Whatever the storm does, a quiet database is taken at once.
        try check(database.take(into: chunks))
    }

    private func check(_ content: PostgresContent) throws {
        let parts = content.parts.filter {
            $0.kind == .postgresTable && $0.name.hasPrefix("bank.")
        }
        var sum = 0
        for part in parts {
            let lines = String(decoding: try chunks.bytes(part), as: UTF8.self)
                .split(separator: "\n")
            sum += lines.reduce(0) { $0 + (Int($1.split(separator: "\t").last ?? "") ?? 0) }
        }
        #expect(parts.reduce(0) { $0 + $1.rows } == 100)
        #expect(sum == 10_000)
    }
}

/// Sessions that move money from `bank.account` to `bank.ledger`, or not at all where one of the two
/// is not there.
private final class Movers: Sendable {
    private let group = DispatchGroup()
    private let state = Mutex<(isStopped: Bool, moves: Int)>((false, 0))

    init(_ database: TestDatabase, count: Int) throws {
        let url = database.url
        for _ in 0..<count {
            DispatchQueue(label: "mover").async(group: group) {
                let connection = try? PostgresConnection(PostgresOptions(url: url))
                while !self.state.withLock({ $0.isStopped }) {
                    let (from, to) = (Int.random(in: 1...50), Int.random(in: 1...50))
                    let moved = try? connection?.query(
                        """
                        WITH a AS (UPDATE bank.account SET amount = amount - 1 WHERE id = \(from)
                            RETURNING 1),
                        b AS (UPDATE bank.ledger SET amount = amount + 1 WHERE id = \(to) RETURNING 1)
                        SELECT 1 / count(*) FROM a, b
                        """)
                    if moved != nil { self.state.withLock { $0.moves += 1 } }
                }
            }
        }
    }

    /// Ends them.
    ///
    /// - Returns: how often money was moved.
    func stop() -> Int {
        state.withLock { $0.isStopped = true }
        group.wait()
        return state.withLock { $0.moves }
    }
}
