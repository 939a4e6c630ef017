import Crypto
import Database
import Migrations
import TestSupport
import Testing

/// What a run writes into the history.
@Suite struct HistoryRowTests {
    private let up = "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\n"

    @Test(arguments: Dialect.allCases, [false, true])
    func `a row says what ran, when, how long, by whom and with what down script`(
        dialect: Dialect, together: Bool
    ) throws {
        let project = try Project(dialect)
        try project.write("007_add_a", up: up, down: "DROP TABLE a; -- gone")
        try project.write("008_add_b", up: "CREATE TABLE b (i integer);")
        try project.write("R__v.sql", "SELECT 1;")
        let report = try project.up { $0.settings.isOneTransaction = together }
        let rows = try project.history()
        #expect(rows.map { $0["version"] } == ["007", "008", "R__v"])
        let row = rows[0]
        #expect(row["name"] == "add_a")
        #expect(row["checksum"] == Checksum.text(Array(up.utf8)))
        #expect(row["content_digest"]?.count == 64)
        #expect(row["applied_by"] == "deploy@build-7")
        #expect(row["run_id"] == report.runID)
        #expect(row["tool_version"] == "1.2.3")
        #expect(row["down_sql"] == "DROP TABLE a; -- gone")
        #expect(row["down_checksum"] == Checksum.text(Array("DROP TABLE a; -- gone".utf8)))
        #expect(row["statements_done"] == "2")
        #expect(row["statements_total"] == "2")
        #expect(row["statement_started"] == nil)
        #expect(row["state"] == "applied")
        let duration = try #require(row["duration_ms"].flatMap { Int($0) })
        #expect((0..<60_000).contains(duration))
        #expect(rows[1]["down_sql"] == nil)
        #expect(rows[2]["name"] == "v")
        // Now, by the database's own clock.
        let age =
            dialect == .postgres
            ? "SELECT clock_timestamp() - applied_at BETWEEN '0' AND '1 minute' FROM schema_migrations"
            : "SELECT julianday('now') - julianday(applied_at) BETWEEN 0 AND 0.001 FROM schema_migrations"
        for row in try project.own().query(age).rows { #expect(row[0].boolean == true) }
    }

    @Test(arguments: Dialect.allCases)
    func `each run has an id of its own, which sorts by time`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "SELECT 1;")
        try project.write("2_b", up: "SELECT 1;")
        let first = try project.up(UpRequest(to: "1")).runID
        let second = try project.up().runID
        #expect(first != second)
        #expect(first.wholeMatch(of: /\d{8}T\d{6}Z-[0-9a-f]{8}/) != nil, "\(first)")
        #expect(first.prefix(15) <= second.prefix(15))
        #expect(try project.history().map { $0["run_id"] } == [first, second])
    }

    @Test(arguments: Dialect.allCases)
    func `the report counts what is applied now`(dialect: Dialect) throws {
        let project = try Project(dialect)
        for number in 1...3 {
            try project.write("\(number)_m", up: "SELECT 1;", down: "SELECT 1;")
        }
        try project.write("R__v.sql", "SELECT 1;")
        #expect(try project.up(UpRequest(to: "2")).totalApplied == 2)
        #expect(try project.up().totalApplied == 3)
        #expect(try project.up().totalApplied == 3)
        #expect(try project.down().totalApplied == 2)
        #expect(try project.run { try $0.redo(count: 1) }.totalApplied == 2)
        try project.write("4_part", up: "-- migrate: no-transaction\nSELECT 1; SELECT nowhere;")
        _ = try failure { try project.up() }
        try project.write("4_part", up: "-- migrate: no-transaction\nSELECT 1;")
        #expect(try project.up().totalApplied == 4)
    }

    @Test(arguments: Dialect.allCases)
    func `a table that is there with more columns and rows of others is used as it is`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "SELECT 1;")
        try project.up()
        try project.sql("ALTER TABLE schema_migrations ADD COLUMN ticket text DEFAULT 'none'")
        try project.write("2_b", up: "SELECT 1;")
        try project.up()
        #expect(try project.history().map { $0["ticket"] } == ["none", "none"])
    }

    @Test(arguments: Dialect.allCases)
    func `a log that was dropped is made anew, and the history stays`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "SELECT 1;")
        try project.up()
        try project.sql("DROP TABLE schema_migrations_log")
        #expect(try project.states() == ["1": .applied])
        try project.write("2_b", up: "SELECT 1;")
        #expect(try project.up().appliedVersions == ["2"])
        #expect(try project.log().map { $0["version"] } == ["2"])
    }
}

/// The log is a chain: each row carries the digest of the one before.
@Suite struct LogChainTests {
    /// Computes the digests as the format says, independent of the engine, and compares.
    private func check(_ log: [[String: String]]) {
        var previous = ""
        for (index, row) in log.enumerated() {
            #expect(row["seq"] == String(index + 1))
            #expect(row["previous_digest"] == previous)
            let fields: [String?] = [
                row["seq"], row["at_text"], row["action"], row["outcome"], row["version"],
                row["name"], row["run_id"], row["environment"], row["performed_by"], row["host"],
                row["tool_version"], row["error"], row["details"], previous,
            ]
            let text = fields.map { field in field.map { "\($0.utf8.count):\($0)" } ?? "-" }
                .joined()
            let digest = SHA256.hash(data: Array(text.utf8)).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            #expect(row["digest"] == digest, "row \(index + 1)")
            previous = digest
        }
    }

    @Test(arguments: Dialect.allCases, [false, true])
    func `every kind of entry is chained to the one before`(
        dialect: Dialect, together: Bool
    ) throws {
        let project = try Project(dialect)
        let adjust: (inout RunContext) -> Void = {
            $0.settings.isOneTransaction = together
            $0.identity = Project.identity(reason: "ünïcode 'reason'")
        }
        try project.write("1_größe", up: "SELECT 1;", down: "SELECT 1;")
        try project.write("2_b", up: "SELECT 2;", down: "SELECT 1;")
        try project.write("R__v.sql", "SELECT 1;")
        try project.up(UpRequest(), adjust)
        try project.write("3_c", up: "SELECT '\(dialect)' FROM nowhere;")
        _ = try failure { try project.up(UpRequest(), adjust) }
        try project.down(.count(1), adjust)
        try project.remove("3_c.up.sql")
        try project.write("1_größe", up: "SELECT 10;")
        try project.repair(.acceptChecksum("1"), .markApplied("2"))
        try project.repair(.markReverted("2"))
        let log = try project.log()
        #expect(
            log.map { $0["action"] } == [
                "up", "up", "repeatable", "run", "down", "accept_checksum", "mark_applied",
                "mark_reverted",
            ])
        #expect(
            log.map { $0["version"] } == ["1", "2", "R__v", "3", "2", "1", "2", "2"])
        #expect(
            log.map { $0["outcome"] }
                == ["success", "success", "success", "failure"]
                + Array(repeating: "success", count: 4))
        #expect(log[0]["name"] == "größe")
        #expect(log[0]["performed_by"] == "deploy")
        #expect(log[0]["host"] == "build-7")
        #expect(log[0]["environment"] == "test")
        #expect(log[0]["tool_version"] == "1.2.3")
        #expect(log[0]["details"]?.hasSuffix("; reason: ünïcode 'reason'") == true)
        #expect(log[3]["error"]?.contains("nowhere") == true)
        #expect(log[3]["name"] == "c")
        check(log)
    }

    @Test(arguments: Dialect.allCases)
    func `migrations without a transaction are chained as well`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: "-- migrate: no-transaction\nSELECT 1; SELECT 2;",
            down: "-- migrate: no-transaction\nSELECT 1;")
        try project.write("2_b", up: "-- migrate: no-transaction\nSELECT 1; SELECT nowhere;")
        _ = try failure { try project.up() }
        try project.write(
            "2_b", up: "-- migrate: no-transaction\nSELECT 1; SELECT 2;", down: "SELECT 1;")
        try project.up()
        try project.down()
        let log = try project.log()
        #expect(log.map { $0["action"] } == ["up", "run", "up", "down"])
        check(log)
    }
}
