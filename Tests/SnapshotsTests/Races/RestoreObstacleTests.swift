import Database
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// What belongs to a database and would not survive another one in its place is found before
/// anything is touched.
@Suite struct RestoreObstacleTests {
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
        try connection.query("CREATE TABLE t AS SELECT 1 AS i")
    }

    /// A restore is refused with `words`, and nothing has happened.
    private func expectRefused(_ words: String...) throws {
        let content = try database.take(into: chunks)
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restore(content, from: chunks)
        }
        #expect(error?.code == .refused)
        for word in words {
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
        #expect(error?.hint != nil)
        #expect(try Databases.like(database.name) == [database.name])
        // Nobody's session was ended.
        #expect(try connection.query("SELECT count(*) FROM t").rows[0][0].integer == 1)
    }

    /// Once it is gone the restore is done.
    private func expectRestored() throws {
        let content = try database.take(into: chunks)
        let report = try database.restore(content, from: chunks)
        try Databases.drop([report.keptDatabase])
    }

    @Test func `prepared transactions`() throws {
        let gid = PostgresServer.uniqueName("migrate's_gid")
        let quoted = gid.replacing("'", with: "''")
        let other = try database.connect()
        try other.run([
            Step("BEGIN"), Step("INSERT INTO t VALUES (2)"),
            Step("PREPARE TRANSACTION '\(quoted)'"),
        ])
        try expectRefused("prepared transaction", gid)
        try other.query("ROLLBACK PREPARED '\(quoted)'")
        try expectRestored()
    }

    @Test func `logical replication slots`() throws {
        let slot = PostgresServer.uniqueName("migrate_slot")
        try connection.query("SELECT pg_create_logical_replication_slot('\(slot)', 'pgoutput')")
        try expectRefused("logical replication slot", slot)
        try connection.query("SELECT pg_drop_replication_slot('\(slot)')")
        try expectRestored()
    }

    @Test func `subscriptions, until their slot is taken away`() throws {
        let name = PostgresServer.uniqueName("migrate_sub")
        try connection.query(
            """
            CREATE SUBSCRIPTION \(name) CONNECTION 'host=localhost dbname=nowhere' PUBLICATION p
            WITH (connect = false)
            """)
        try expectRefused("subscription", name)
        try connection.query("ALTER SUBSCRIPTION \(name) SET (slot_name = NONE)")
        let content = try database.take(into: chunks)
        let report = try database.restore(content, from: chunks)
        for kept in [try #require(report.keptDatabase), database.name] {
            let session = try PostgresServer.connect(database: kept)
            try session.run([
                Step("ALTER SUBSCRIPTION \(name) SET (slot_name = NONE)"),
                Step("DROP SUBSCRIPTION \(name)", runsAlone: true),
            ])
        }
        try Databases.drop([report.keptDatabase])
    }

    @Test func `a transaction that is prepared while the restore runs`() throws {
        let gid = PostgresServer.uniqueName("migrate_gid")
        let content = try database.take(into: chunks)
        let name = database.name
        let hold = TargetHold(processID: 0, check: {}, release: {})
        let error = #expect(throws: SnapshotError.self) {
            _ = try PostgresRestore(
                connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
                options: .init(), cancellation: Cancellation(),
                onPhase: { phase in
                    guard phase == .swap else { return }
                    try PostgresServer.connect(database: name).run([
                        Step("BEGIN"), Step("INSERT INTO t VALUES (2)"),
                        Step("PREPARE TRANSACTION '\(gid)'"),
                    ])
                }
            ).run(
                content.parts, serverVersion: content.serverVersion, target: name, hold: hold)
        }
        #expect(error?.message.contains(gid) == true)
        #expect(try Databases.like(database.name) == [database.name])
        try database.connect().query("COMMIT PREPARED '\(gid)'")
        #expect(try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer == 2)
    }
}
