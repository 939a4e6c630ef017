import Database
import Migrations
import TestSupport
import Testing

/// How often a run waits for a server that may be far away.
@Suite struct RoundTripTests {
    /// The round trips of a run through a proxy, without those of connecting.
    private func roundTrips(
        _ project: Project, _ adjust: (inout RunContext) -> Void = { _ in },
        _ body: (Migrator) throws -> Void
    ) throws -> Int {
        let proxy = try DelayProxy(port: PostgresServer.address().port)
        let connection = try project.connect(port: proxy.port)
        var context = try project.context(connection)
        adjust(&context)
        proxy.reset()
        try body(Migrator(context))
        let count = proxy.roundTrips
        connection.close()
        return count
    }

    private func project(_ count: Int) throws -> Project {
        let project = try Project(.postgres)
        for number in 0..<count {
            try project.write(
                "\(100 + number)_m",
                up: """
                    CREATE TABLE t\(number) (i integer);
                    INSERT INTO t\(number) SELECT generate_series(1, 10);
                    CREATE INDEX ON t\(number) (i);
                    """, down: "DROP TABLE t\(number);")
        }
        return project
    }

    @Test func `with nothing pending, a run looks once and takes no lock`() throws {
        let project = try project(3)
        try project.up()
        #expect(try roundTrips(project) { _ = try $0.up(UpRequest()) } == 1)
        #expect(try roundTrips(project) { _ = try $0.plan(UpRequest()) } == 1)
        #expect(try roundTrips(project) { _ = try $0.status() } == 1)
    }

    @Test(arguments: [1, 2, 20])
    func `a transactional migration costs one round trip, and the run three more`(
        count: Int
    ) throws {
        let project = try project(count + 1)
        try project.up(UpRequest(count: 1))
        var applied = 0
        let trips = try roundTrips(project) { applied = try $0.up(UpRequest()).applied.count }
        #expect(applied == count)
        // To look, to lock and look again, and to unlock.
        #expect(trips == count + 3)
    }

    @Test func `the first run creates its tables for a few more`() throws {
        let project = try project(5)
        let trips = try roundTrips(project) { _ = try $0.up(UpRequest()) }
        #expect(trips <= 5 + 12)
        #expect(try project.applied().count == 5)
    }

    @Test func `reverting costs as little`() throws {
        let project = try project(6)
        try project.up()
        let trips = try roundTrips(project) { _ = try $0.down(.count(4)) }
        #expect(trips == 4 + 3)
        #expect(try project.applied().count == 2)
    }

    @Test func `verify queries and checks before the commit cost one more each`() throws {
        let project = try project(3)
        try project.up(UpRequest(count: 1))
        try project.write("101_m.verify.sql", "SELECT 1 FROM t1 WHERE i < 0;")
        #expect(try roundTrips(project) { _ = try $0.up(UpRequest()) } == 2 + 3 + 1)
    }

    @Test func `one transaction for all costs one round trip a migration and one for the record`()
        throws
    {
        let project = try project(6)
        try project.up(UpRequest(count: 1))
        let trips = try roundTrips(project, { $0.settings.isOneTransaction = true }) {
            _ = try $0.up(UpRequest())
        }
        #expect(trips == 5 + 1 + 3)
    }

    @Test func `a large file is sent without waiting in between`() throws {
        let project = try project(1)
        try project.up()
        let rows = (0..<3000).map { "INSERT INTO t0 VALUES (\($0));" }
        try project.write("200_rows", up: rows.joined(separator: "\n"))
        let trips = try roundTrips(project) { _ = try $0.up(UpRequest()) }
        // The server answers while it is still being sent to, so a turn may be counted now and then.
        #expect(trips < 200)
        #expect(try project.value("SELECT count(*) FROM t0") == "3010")
    }
}
