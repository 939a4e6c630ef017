import Database
import Migrations
import TestSupport
import Testing

/// The chain of the log: whatever is done to it shows.
@Suite struct AuditTrailTests {
    /// Runs of every kind, one of which fails.
    private func lived(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        try project.write("001_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        try project.write("002_b", up: "CREATE TABLE b (i integer);", down: "DROP TABLE b;")
        try project.write("R__v.sql", "SELECT 1;")
        try project.up { $0.claim = .certain }
        try project.down { $0.claim = .certain }
        try project.write("003_c", up: "CREATE TABLE a (i integer);")
        _ = try? project.up { $0.claim = .certain }
        try project.repair(.markApplied("003"))
        _ = try project.run { try $0.append([LogEntry(action: "snapshot", details: "täg 'x'")]) }
        return project
    }

    private func problems(_ project: Project) throws -> [AuditProblem.Kind] {
        try project.run { try $0.auditTrail() }.problems.map(\.kind)
    }

    @Test(arguments: Dialect.allCases)
    func `every kind of run leaves an entry, and the chain holds`(dialect: Dialect) throws {
        let project = try lived(dialect)
        let trail = try project.run { try $0.auditTrail() }
        #expect(
            trail.entries.map { "\($0.entry.action) \($0.entry.outcome) \($0.entry.version ?? "")" }
                == [
                    "stamp success ", "up success 001", "up success 002", "repeatable success R__v",
                    "down success 002", "up success 002", "run failure 003",
                    "mark_applied success 003", "snapshot success ",
                ])
        #expect(trail.entries.map(\.sequence) == Array(1...9))
        #expect(trail.entries[6].entry.error?.contains("already exists") == true)
        #expect(trail.entries.allSatisfy { $0.user == "deploy" && $0.host == "build-7" })
        #expect(trail.problems == [])
        // The database's own zone changes nothing.
        guard dialect == .postgres else { return }
        let connection = try project.connect()
        defer { connection.close() }
        try connection.query("SET timezone = 'Pacific/Chatham'")
        try connection.query("SET datestyle = 'German, DMY'")
        #expect(try Migrator(project.context(connection)).auditTrail().problems == [])
    }

    @Test(arguments: Dialect.allCases)
    func `a change of any field of any entry is found`(dialect: Dialect) throws {
        let project = try lived(dialect)
        let time = dialect == .postgres ? "at + interval '1 ms'" : "'2020-01-01T00:00:00.000Z'"
        let changes =
            [("at", time)]
            + [
                "action", "outcome", "version", "name", "run_id", "environment", "performed_by",
                "host", "tool_version", "error", "details", "previous_digest", "digest",
            ].map { ($0, "coalesce(\($0), '') || 'x'") }
        for (column, value) in changes {
            for sequence in [1, 5, 9] {
                let before = try #require(
                    project.log().first { $0["seq"] == String(sequence) })
                try project.sql(
                    "UPDATE schema_migrations_log SET \(column) = \(value) WHERE seq = \(sequence)")
                let found = try project.run { try $0.auditTrail() }.problems
                #expect(
                    found.first?.sequence == Int64(sequence)
                        || found.first?.sequence == Int64(sequence + 1),
                    "\(column) of \(sequence): \(found)")
                let old = before[column].map { "'\($0.replacing("'", with: "''"))'" }
                try project.sql(
                    "UPDATE schema_migrations_log SET \(column) = \(old ?? "NULL") "
                        + "WHERE seq = \(sequence)")
                #expect(try problems(project) == [], "\(column) of \(sequence) is back")
            }
        }
    }

    @Test(arguments: Dialect.allCases)
    func `a removed entry is found, one that was put elsewhere too`(dialect: Dialect) throws {
        for (change, kinds) in [
            ("DELETE FROM schema_migrations_log WHERE seq = 5", [AuditProblem.Kind.removed]),
            ("DELETE FROM schema_migrations_log WHERE seq BETWEEN 4 AND 5", [.removed, .unlogged]),
            ("DELETE FROM schema_migrations_log WHERE seq = 1", [.removed]),
            // The newest ones: no later entry carries their digests, but the history knows.
            ("DELETE FROM schema_migrations_log WHERE seq >= 8", [.unlogged]),
            ("DELETE FROM schema_migrations_log", [.unlogged, .unlogged, .unlogged, .unlogged]),
            // Renumbered, so that no number is missing.
            (
                "DELETE FROM schema_migrations_log WHERE seq = 9; "
                    + "DELETE FROM schema_migrations_log WHERE seq = 7; "
                    + "UPDATE schema_migrations_log SET seq = 7 WHERE seq = 8",
                [.chain, .changed]
            ),
            (
                "UPDATE schema_migrations_log SET seq = 90 WHERE seq = 2; "
                    + "UPDATE schema_migrations_log SET seq = 2 WHERE seq = 3; "
                    + "UPDATE schema_migrations_log SET seq = 3 WHERE seq = 90",
                [.chain, .changed, .chain, .changed, .chain]
            ),
        ] {
            let project = try lived(dialect)
            for statement in change.split(separator: ";") { try project.sql(String(statement)) }
            #expect(try problems(project) == kinds, "\(change)")
        }
    }

    @Test(arguments: Dialect.allCases)
    func `an entry is appended under the lock, and where there is no log, none is made`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        #expect(try project.run { try $0.append([LogEntry(action: "snapshot")]) } == false)
        #expect(try project.tables(withOurs: true) == [])
        #expect(try project.run { try $0.auditTrail() }.entries == [])
        try project.write("001_a", up: "CREATE TABLE a (i integer);")
        let run = HoldingRun(project.place)
        let refused = try failure {
            _ = try project.run({ $0.settings.lockWait = .zero }) {
                try $0.append([LogEntry(action: "snapshot")])
            }
        }
        #expect(refused.code == .lockHeld)
        #expect(try run.finish() == ["001"])
    }
}
