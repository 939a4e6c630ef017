import Database
import Migrations
import TestSupport
import Testing

/// Down scripts without a transaction.
@Suite struct DownPartWayTests {
    private let head = "-- migrate: no-transaction\n"

    private func project(_ dialect: Dialect, down: String) throws -> Project {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer); CREATE TABLE b (i integer);")
        try project.write("1_a.down.sql", head + down)
        try project.write("2_z", up: "SELECT 2;", down: "SELECT 2;")
        try project.up()
        try project.down()
        try project.remove("2_z.up.sql", "2_z.down.sql")
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `it runs statement by statement and takes the row away in the end`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect, down: "DROP TABLE b;\nDROP TABLE a;\n")
        var seen: [[String?]] = []
        let report = try project.down(.count(1)) { context in
            context.observer.statementDone = { _, _ in
                let rows = try? project.sql(
                    "SELECT state, statements_done, statements_total FROM schema_migrations")
                seen += rows ?? []
            }
        }
        #expect(report.revertedVersions == ["1"])
        #expect(seen == [["reverting", "1", "2"], ["reverting", "2", "2"]])
        #expect(try project.history().isEmpty)
        #expect(try project.tables() == [])
    }

    @Test(arguments: Dialect.allCases)
    func `a failure stops part-way, up refuses, and down goes on with the mended file`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect, down: "DROP TABLE b;\nDROP TABLE nowhere;\n")
        let error = try failure { try project.down() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.place.hasPrefix("1_a.down.sql:3:") == true)
        #expect(error.hint?.contains("run 'migrate down' again") == true)
        #expect(try project.states() == ["1": .failedPartWay])
        #expect(try project.history()[0]["state"] == "reverting")
        #expect(try project.tables() == ["a"])
        let up = try failure { try project.up() }
        #expect(up.code == .failedPartWay)
        #expect(
            up.hint == "Run 'migrate down' again: it goes on after the last finished statement.")
        // Not mended yet: the same failure at the same place.
        #expect(try failure { try project.down() }.failed?.line == 3)
        try project.write(
            "1_a.down.sql", head + "DROP TABLE b; -- done\nDROP TABLE a;\nSELECT 1;\n")
        let plan = try project.run { try $0.downPlan(.count(1)) }
        #expect(plan.steps.map(\.action) == [.resumeRevert])
        #expect(plan.steps.map(\.statementsDone) == [1])
        #expect(try project.down().revertedVersions == ["1"])
        #expect(try project.tables() == [])
        #expect(try project.history().isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `without the file, or with another beginning, it goes on with the stored script`(
        dialect: Dialect
    ) throws {
        for isGone in [true, false] {
            let project = try project(
                dialect, down: "DROP TABLE b;\nINSERT INTO late VALUES (1);\nDROP TABLE a;\n")
            _ = try failure { try project.down() }
            try project.sql("CREATE TABLE late (i integer)")
            if isGone {
                try project.remove("1_a.down.sql", "1_a.up.sql")
            } else {
                try project.write("1_a.down.sql", head + "SELECT 7;\nSELECT 8;")
            }
            let report = try project.down()
            #expect(report.revertedVersions == ["1"])
            #expect(report.warnings == ["1 is reverted by the down script that is stored with it"])
            #expect(try project.tables() == ["late"])
            #expect(try project.value("SELECT count(*) FROM late") == "1")
        }
    }

    @Test(arguments: Dialect.allCases)
    func `a mended script is the one that is kept when it stops again`(dialect: Dialect) throws {
        let project = try project(dialect, down: "DROP TABLE b;\nDROP TABLE nowhere;\n")
        _ = try failure { try project.down() }
        try project.write(
            "1_a.down.sql", head + "DROP TABLE b;\nDROP TABLE a;\nINSERT INTO late VALUES (1);\n")
        _ = try failure { try project.down() }
        try project.remove("1_a.down.sql")
        try project.sql("CREATE TABLE late (i integer)")
        #expect(try project.down().revertedVersions == ["1"])
        #expect(try project.value("SELECT count(*) FROM late") == "1")
    }

    @Test(arguments: Dialect.allCases)
    func `what stopped on the way up is not reverted by down`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: head + "SELECT 1; SELECT nowhere;", down: "SELECT 1;")
        _ = try failure { try project.up() }
        for request in [DownRequest.count(1), .all, .lastRun] {
            let error = try failure { try project.down(request) }
            #expect(error.code == .failedPartWay)
            #expect(error.versions == ["1"])
        }
    }

    @Test(arguments: Dialect.allCases)
    func `what stopped on the way down is finished before anything else is reverted`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        for number in 1...3 { try project.write("\(number)_m", up: "SELECT 1;", down: "SELECT 1;") }
        try project.up()
        try project.write("3_m.down.sql", head + "SELECT 1; SELECT nowhere;")
        _ = try failure { try project.down() }
        let error = try failure { try project.down(.to("3")) }
        #expect(error.code == .failedPartWay)
        try project.write("3_m.down.sql", head + "SELECT 1; SELECT 2;")
        #expect(try project.down(.to("1")).revertedVersions == ["3", "2"])
    }

    @Test(arguments: [true, false])
    func `a statement in doubt is looked at on the way down too`(isThere: Bool) throws {
        let project = try project(
            .postgres, down: "DROP INDEX CONCURRENTLY a_i; DROP TABLE nowhere;")
        try project.sql("CREATE INDEX a_i ON a (i)")
        _ = try failure { try project.down() }
        if isThere { try project.sql("CREATE INDEX a_i ON a (i)") }
        try project.sql(
            "UPDATE schema_migrations SET statements_done = 0, statement_started = 1")
        try project.write("1_a.down.sql", head + "DROP INDEX CONCURRENTLY a_i; DROP TABLE a;")
        #expect(try project.down().revertedVersions == ["1"])
        #expect(try project.tables() == ["b"])
    }
}
