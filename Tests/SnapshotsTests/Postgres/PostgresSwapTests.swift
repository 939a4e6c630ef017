import Database
import Dispatch
import PostgresDriver
import Snapshots
import Synchronization
import TestSupport
import Testing

/// How a restored database takes the place of another one, and what is left afterwards.
@Suite struct PostgresSwapTests {
    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i")
    }

    @Test func `readers that reconnect see the old or the new database and nothing between`() throws
    {
        let content = try database.take(into: chunks)
        try database.connect().query("INSERT INTO t SELECT i FROM generate_series(101, 150) i")
        let readers = Readers(database, count: 3)
        let report = try database.restore(content, from: chunks)
        defer { try? Databases.drop([report.keptDatabase]) }
        let deadline = ContinuousClock.now + .seconds(20)
        while readers.counts.last != 100, ContinuousClock.now < deadline {}
        readers.stop()
        #expect(Set(readers.counts) == [100, 150])
        let kept = try PostgresServer.connect(database: try #require(report.keptDatabase))
        #expect(try kept.query("SELECT count(*) FROM t").rows[0][0].integer == 150)
    }

    @Test func `the settings of the database come with it`() throws {
        let name = database.name
        let connection = try database.connect()
        try connection.run([
            Step("COMMENT ON DATABASE \(name) IS 'the app''s {database}'"),
            Step("ALTER DATABASE \(name) SET work_mem = '7MB'"),
            Step("ALTER DATABASE \(name) SET default_transaction_read_only = on"),
            Step("ALTER DATABASE \(name) CONNECTION LIMIT 50"),
            Step("REVOKE CONNECT ON DATABASE \(name) FROM PUBLIC"),
        ])
        let content = try database.take(into: chunks)
        let report = try database.restore(content, from: chunks)
        defer { try? Databases.drop([report.keptDatabase]) }
        let row = try database.connect().query(
            """
            SELECT shobj_description(oid, 'pg_database'), current_setting('work_mem'), datconnlimit,
            datacl::text, current_setting('default_transaction_read_only')
            FROM pg_database WHERE datname = current_database()
            """
        ).rows[0]
        #expect(row[0].string == "the app's {database}")
        #expect(row[1].string == "7MB")
        #expect(row[2].integer == 50)
        #expect(row[3].string?.contains("=Tc/") == false)
        #expect(row[4].string == "on")
    }

    @Test func `what is kept is dropped when it is forgotten, and nothing else`() throws {
        let content = try database.take(into: chunks)
        let first = try database.restore(content, from: chunks)
        let second = try database.restore(content, from: chunks)
        #expect(try Databases.like(database.name).count == 3)
        let dropped = try PostgresRestoreCleanup.forget(
            first.id, connect: { try TestDatabase.connection($0) })
        #expect(dropped == first.keptDatabase)
        #expect(
            try Set(Databases.like(database.name)) == [
                database.name, try #require(second.keptDatabase),
            ])
        let error = #expect(throws: SnapshotError.self) {
            _ = try PostgresRestoreCleanup.forget(
                first.id, connect: { try TestDatabase.connection($0) })
        }
        #expect(error?.code == .notFound)
        try Databases.drop([second.keptDatabase])
    }

    @Test func `a restore that was killed before its renames is cleaned up`() throws {
        // What a kill between closing the target and the renames leaves behind.
        let admin = try PostgresServer.connect()
        let left = "\(database.name)_restore_0123abcd"
        try admin.query("CREATE DATABASE \(left)")
        try admin.query("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
        try admin.query("ALTER DATABASE \(left) ALLOW_CONNECTIONS false")
        let foreign = ["\(database.name)_restore_0123abc", "\(database.name)_restore_0123abcX"]
        for name in foreign { try admin.query("CREATE DATABASE \"\(name)\"") }
        let report = try PostgresRestoreCleanup.run(target: database.name) {
            try TestDatabase.connection($0)
        }
        #expect(report.dropped.contains(left))
        #expect(report.reopened.contains(database.name))
        #expect(try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer == 100)
        #expect(try Set(Databases.like(database.name)) == Set([database.name] + foreign))
        try Databases.drop(foreign.map { $0 })
    }

    @Test func `a restore that runs is not cleaned up`() throws {
        let content = try database.take(into: chunks)
        let running = Mutex<[String]>([])
        let name = database.name
        let report = try database.restore(content, from: chunks) { phase in
            guard phase == .proof else { return }
            let report = try PostgresRestoreCleanup.run(target: name) {
                try TestDatabase.connection($0)
            }
            running.withLock { $0 = report.running }
        }
        #expect(running.withLock { $0 } == ["\(database.name)_restore_\(report.id)"])
        try Databases.drop([report.keptDatabase])
    }
}

/// Sessions that connect, count the rows of `t` and leave, over and over.
final class Readers: Sendable {
    private let state = Mutex<(isStopped: Bool, counts: [Int64])>((false, []))
    private let group = DispatchGroup()

    init(_ database: TestDatabase, count: Int) {
        let url = database.url
        for _ in 0..<count {
            DispatchQueue(label: "reader").async(group: group) {
                while !self.state.withLock({ $0.isStopped }) {
                    // Refused connections and sessions that end are what a swap looks like.
                    guard let connection = try? PostgresConnection(PostgresOptions(url: url)),
                        let rows = try? connection.query("SELECT count(*) FROM t").rows
                    else { continue }
                    self.state.withLock { $0.counts.append(rows[0][0].integer ?? -1) }
                }
            }
        }
    }

    var counts: [Int64] { state.withLock { $0.counts } }

    func stop() {
        state.withLock { $0.isStopped = true }
        group.wait()
    }
}
