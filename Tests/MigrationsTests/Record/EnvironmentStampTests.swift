import Database
import Migrations
import TestSupport
import Testing

/// A database belongs to one environment.
@Suite struct EnvironmentStampTests {
    private func project(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        try project.write("001_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        try project.write("002_b", up: "CREATE TABLE b (i integer);", down: "DROP TABLE b;")
        return project
    }

    private func named(_ environment: String) -> (inout RunContext) -> Void {
        { context in
            context.identity = Project.identity(environment: environment)
            context.claim = .certain
        }
    }

    private func stamp(_ project: Project) throws -> String? {
        try project.run { migrator in
            _ = try migrator.status()
            return migrator.stamp
        }
    }

    @Test(arguments: Dialect.allCases)
    func `the first run stamps, and a run for another environment is refused before the lock`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.up(UpRequest(to: "1"), isDryRun: true, named("staging"))
        #expect(try project.tables(withOurs: true) == [])
        try project.up(UpRequest(to: "1"), named("production"))
        #expect(try stamp(project) == "production")
        let holding = HoldingRun(project.place)
        let works: [(Migrator) throws -> Void] = [
            { _ = try $0.up(UpRequest()) }, { _ = try $0.up(UpRequest(), isDryRun: true) },
            { _ = try $0.down(.count(1)) }, { _ = try $0.redo(count: 1) },
            { try $0.repair([.markReverted("001")]) }, { try $0.checkEnvironment() },
            { try $0.append([LogEntry(action: "snapshot")]) },
        ]
        for work in works {
            let refused = try failure { try project.run(named("staging"), work) }
            #expect(refused.code == .wrongDatabase)
            #expect(
                refused.message
                    == "this database belongs to environment 'production', not to 'staging'")
        }
        #expect(try holding.finish() == ["002"])
        #expect(try project.log().filter { $0["environment"] == "staging" }.isEmpty)
        // Also where nothing is pending: what is wrong here is wrong.
        #expect(
            try failure { try project.up(UpRequest(), named("staging")) }.code == .wrongDatabase)
    }

    @Test(arguments: Dialect.allCases)
    func `an address by hand stamps nothing, and does not lead around an environment's name`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.up(UpRequest(to: "1"))
        #expect(try stamp(project) == nil)
        // A history that is older than the stamp gets one with the next run that knows.
        try project.up(UpRequest(), named("production"))
        #expect(try stamp(project) == "production")
        try project.down { $0.claim = .unnamed(configured: ["local", "staging"]) }
        let refused = try failure {
            try project.up { $0.claim = .unnamed(configured: ["local", "production"]) }
        }
        #expect(refused.code == .wrongDatabase)
        #expect(refused.hint?.contains("--env production") == true)
        #expect(try stamp(project) == "production")
    }

    @Test(arguments: Dialect.allCases)
    func `repair says that a copy is another environment's`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up(UpRequest(to: "1"), named("production"))
        #expect(
            try failure { try project.repair(.restamp) }.message
                == "no environment is named that the database could belong to")
        try project.run(named("staging")) { try $0.repair([.restamp]) }
        #expect(try stamp(project) == "staging")
        try project.up(UpRequest(), named("staging"))
        #expect(try project.applied() == ["001", "002"])
        #expect(
            try failure { try project.down(.count(1), named("production")) }.code == .wrongDatabase)
        let entry = try #require(try project.log().last { $0["action"] == "stamp" })
        #expect(entry["details"] == "before: production")
        #expect(try project.run { try $0.auditTrail() }.problems == [])
    }

    @Test(arguments: Dialect.allCases)
    func `a restored copy becomes the run's, or nobody's`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up(UpRequest(), named("production"))
        _ = try project.run(named("staging")) {
            try $0.appendUnderLock([LogEntry(action: "restore")], stamps: true)
        }
        #expect(try stamp(project) == "staging")
        _ = try project.run { try $0.appendUnderLock([LogEntry(action: "restore")], stamps: true) }
        #expect(try stamp(project) == nil)
        _ = try project.run { try $0.appendUnderLock([LogEntry(action: "restore")], stamps: true) }
        #expect(
            try project.log().map { $0["action"] }.suffix(5)
                == ["restore", "stamp", "restore", "stamp", "restore"])
        #expect(try project.run { try $0.auditTrail() }.problems == [])
    }

    @Test func `a role that may not read the log can look at the history`() throws {
        let project = try project(.postgres)
        try project.up(UpRequest(), named("production"))
        let role = "watcher_" + String(UInt32.random(in: 0 ... .max), radix: 16)
        try project.sql("CREATE ROLE \(role)")
        defer {
            _ = try? project.sql("DROP OWNED BY \(role)")
            _ = try? project.sql("DROP ROLE \(role)")
        }
        try project.sql("GRANT SELECT ON schema_migrations TO \(role)")
        let connection = try project.connect()
        defer { connection.close() }
        try connection.query("SET ROLE \(role)")
        let migrator = Migrator(try project.context(connection))
        #expect(try migrator.status().map(\.state) == [.applied, .applied])
        #expect(migrator.stamp == nil)
    }
}
