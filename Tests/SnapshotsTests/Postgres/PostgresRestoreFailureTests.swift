import Database
import Dispatch
import PostgresDriver
import SnapshotFormat
import Snapshots
import Synchronization
import TestSupport
import Testing

/// What a restore that fails leaves: the target as it was, and nothing else.
@Suite struct PostgresRestoreFailureTests {
    private struct Stop: Error {}

    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE TABLE t (i int PRIMARY KEY, v text)")
        try connection.query("INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 1000) i")
        try connection.query("CREATE INDEX ON t (v)")
    }

    /// Changes the target, so that it can be told from the snapshot.
    private func markTarget() throws {
        try database.connect().query("CREATE TABLE mark ()")
    }

    private func expectOldServing() throws {
        #expect(try Databases.like(database.name) == [database.name])
        let rows = try database.connect().query("SELECT to_regclass('mark') IS NOT NULL").rows
        #expect(rows[0][0].boolean == true)
    }

    @Test(arguments: PostgresRestore.Phase.allCases)
    func `a failure in any phase leaves the old database serving`(
        phase: PostgresRestore.Phase
    ) throws {
        let content = try database.take(into: chunks)
        try markTarget()
        #expect(throws: (any Error).self) {
            _ = try database.restore(content, from: chunks) { if $0 == phase { throw Stop() } }
        }
        try expectOldServing()
    }

    @Test(arguments: PostgresRestore.Phase.allCases)
    func `a request to stop in any phase leaves the old database serving`(
        phase: PostgresRestore.Phase
    ) throws {
        let content = try database.take(into: chunks)
        try markTarget()
        let cancellation = Cancellation()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restore(content, from: chunks, cancellation: cancellation) {
                if $0 == phase { cancellation.request() }
            }
        }
        #expect(error?.code == .interrupted)
        try expectOldServing()
    }

    @Test func `killed sessions leave the old database serving`() throws {
        let content = try database.take(into: chunks)
        try markTarget()
        let name = database.name
        #expect(throws: SnapshotError.self) {
            _ = try database.restore(content, from: chunks) { phase in
                guard phase == .swap else { return }
                // The session that would swap, too.
                try PostgresServer.connect().query(
                    """
                    SELECT pg_terminate_backend(l.pid) FROM pg_locks l
                    JOIN pg_stat_activity a ON a.pid = l.pid
                    WHERE locktype = 'advisory' AND a.application_name = 'migrate restore'
                    AND a.query LIKE '%\(name)%'
                    """)
            }
        }
        try expectOldServing()
    }

    @Test func `a chunk that is damaged or lost ends the restore before the target is touched`()
        throws
    {
        let content = try database.take(into: chunks)
        try markTarget()
        struct Lossy: ChunkReader {
            let chunks: MemoryChunks
            let lost: Chunk
            func read(_ chunk: Chunk) throws(SnapshotError) -> [UInt8] {
                guard chunk != lost else { throw SnapshotError(.damaged, "a chunk is damaged") }
                return try chunks.read(chunk)
            }
        }
        for chunk in Set(content.parts.flatMap(\.chunks)) {
            let error = #expect(throws: SnapshotError.self) {
                _ = try database.restore(content, from: Lossy(chunks: chunks, lost: chunk))
            }
            #expect(error?.code == .damaged)
        }
        try expectOldServing()
    }

    @Test func `rows that are not those of the manifest are found`() throws {
        let content = try database.take(into: chunks)
        try markTarget()
        // The right number of rows, one of them another one, under digests that fit.
        let part = try #require(content.table("public.t"))
        var bytes = try chunks.bytes(part)
        bytes[2] = bytes[2] == 0x61 ? 0x62 : 0x61
        let chunk = try chunks.write(bytes)
        let forged = Part(
            kind: .postgresTable, name: part.name, rows: part.rows, digest: nil, chunks: [chunk],
            properties: part.properties)
        let error = #expect(throws: SnapshotError.self) {
            _ = try PostgresRestore(
                connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
                options: .init(), cancellation: Cancellation()
            ).run(
                [content.parts[0], forged], serverVersion: content.serverVersion,
                target: database.name)
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("public.t") == true)
        try expectOldServing()
    }

    @Test func `an object that cannot be created is named`() throws {
        let source = try TestDatabase()
        let connection = try source.connect()
        // A constraint that holds for no row: NOT VALID, and then made to look valid.
        try connection.run([
            Step("CREATE TABLE p (i int PRIMARY KEY)"), Step("CREATE TABLE c (i int)"),
            Step("INSERT INTO c VALUES (1)"),
            Step("ALTER TABLE c ADD CONSTRAINT lost FOREIGN KEY (i) REFERENCES p NOT VALID"),
            Step("UPDATE pg_constraint SET convalidated = true WHERE conname = 'lost'"),
        ])
        let content = try source.take(into: chunks)
        try markTarget()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restore(content, from: chunks)
        }
        #expect(error?.message.contains("lost") == true)
        #expect(error?.database?.code == .constraint)
        try expectOldServing()
    }

    @Test func `a missing role is decided on before anything is written`() throws {
        let role = try TestRole()
        let name = role.name
        let connection = try database.connect()
        try connection.query("ALTER TABLE t OWNER TO \(name)")
        let content = try database.take(into: chunks)
        try connection.run([Step("ALTER TABLE t OWNER TO CURRENT_USER"), Step("DROP ROLE \(name)")])
        try markTarget()
        connection.close()
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restore(content, from: chunks)
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains(name) == true)
        try expectOldServing()
        let report = try database.restore(
            content, from: chunks, options: .init(missingRoles: .skip))
        defer { try? Databases.drop([report.keptDatabase]) }
        #expect(report.remarks.contains { $0.contains(name) })
        let owner = try database.connect().query(
            "SELECT relowner::regrole::text = current_user FROM pg_class WHERE oid = 't'::regclass")
        #expect(owner.rows[0][0].boolean == true)
        let other = try database.restore(
            content, from: chunks, options: .init(missingRoles: .createNologin))
        let login = try PostgresServer.connect().query(
            "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", [.text(name)])
        #expect(login.rows[0][0].boolean == false)
        try database.connect().query("ALTER TABLE t OWNER TO CURRENT_USER")
        try Databases.drop([other.keptDatabase])
    }
}
