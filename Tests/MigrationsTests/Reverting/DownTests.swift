import Database
import Migrations
import TestSupport
import Testing

/// Reverting what was applied.
@Suite struct DownTests {
    /// Migrations 1 to 5, each with a table and a down file.
    private func project(_ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        for number in 1...5 {
            try project.write(
                "\(number)_m", up: "CREATE TABLE t\(number) (i integer);",
                down: "DROP TABLE t\(number);")
        }
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `the last, so many, down to one, or all`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up()
        #expect(try project.down().revertedVersions == ["5"])
        #expect(try project.down(.count(2)).revertedVersions == ["4", "3"])
        #expect(try project.tables() == ["t1", "t2"])
        try project.up()
        #expect(try project.down(.to("03")).revertedVersions == ["5", "4"])
        #expect(try project.down(.to("3")).revertedVersions == [])
        let report = try project.down(.all)
        #expect(report.revertedVersions == ["3", "2", "1"])
        #expect(report.totalApplied == 0)
        #expect(try project.tables() == [])
        #expect(try project.history().isEmpty)
        #expect(try project.down(.all).revertedVersions == [])
        #expect(try project.down(.count(9)).revertedVersions == [])
        #expect(try project.log().last?["action"] == "down")
    }

    @Test(arguments: Dialect.allCases)
    func `all that the last run applied`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up(UpRequest(to: "2"))
        try project.up()
        #expect(try project.down(.lastRun).revertedVersions == ["5", "4", "3"])
        // A second try, after a first one that was cut off, say, finds it done.
        #expect(try project.down(.lastRun).revertedVersions == [])
        #expect(try project.applied() == ["1", "2"])
        try project.up()
        #expect(try project.down(.count(1)).revertedVersions == ["5"])
        #expect(try project.down(.lastRun).revertedVersions == ["4", "3"])
    }

    @Test(arguments: Dialect.allCases)
    func `rows that no run applied are no run to revert`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.run { _ = try $0.baseline(#require(Version("3"))) }
        let baseline = try failure { try project.down(.lastRun) }
        #expect(baseline.code == .invalidRequest)
        #expect(baseline.message == "3 was recorded and not run, so there is no last run to revert")
        try project.sql("INSERT INTO schema_migrations (version) VALUES ('4'), ('5')")
        let foreign = try failure { try project.down(.lastRun) }
        #expect(foreign.code == .invalidRequest)
        #expect(try project.applied().count == 5)
    }

    @Test(arguments: Dialect.allCases)
    func `the order is that of being applied, reversed`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.remove("2_m.up.sql", "2_m.down.sql")
        try project.up()
        try project.write("2_m", up: "CREATE TABLE t2 (i integer);", down: "DROP TABLE t2;")
        try project.up(UpRequest(outOfOrder: true))
        #expect(try project.down(.count(2)).revertedVersions == ["2", "5"])
        #expect(try project.applied() == ["1", "3", "4"])
    }

    @Test(arguments: Dialect.allCases)
    func `a version that is not applied is refused`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up(UpRequest(to: "4"))
        let error = try failure { try project.down(.to("5")) }
        #expect(error.code == .invalidRequest)
        #expect(error.message == "5 is not applied, so it cannot be left as the newest")
        #expect(error.hint != nil)
        #expect(try project.applied().count == 4)
    }

    @Test(arguments: Dialect.allCases)
    func `what has no down script is refused before anything is reverted`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.remove("2_m.down.sql", "3_m.down.sql")
        try project.up()
        let error = try failure { try project.down(.all) }
        #expect(error.code == .irreversible)
        #expect(error.versions == ["3", "2"])
        #expect(error.message == "3 and 2 have no down script")
        #expect(error.hint?.contains("migrate repair --mark-reverted 3 2") == true)
        #expect(try project.tables().count == 5)
        #expect(try project.down(.to("3")).revertedVersions == ["5", "4"])
        // A down file that is written later counts.
        try project.write("3_m.down.sql", "DROP TABLE t3;")
        #expect(try project.down().revertedVersions == ["3"])
    }

    @Test(arguments: Dialect.allCases)
    func `a failure rolls its migration back and leaves the earlier ones reverted`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.write("4_m.down.sql", "DROP TABLE t4;\nDROP TABLE nowhere;")
        try project.up()
        let error = try failure { try project.down(.count(3)) }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.file == "4_m.down.sql")
        #expect(error.failed?.line == 2)
        #expect(error.report?.revertedVersions == ["5"])
        #expect(try project.applied() == ["1", "2", "3", "4"])
        #expect(try project.tables() == ["t1", "t2", "t3", "t4"])
        let together = try failure {
            try project.down(.count(2)) { $0.settings.isOneTransaction = true }
        }
        #expect(together.report?.revertedVersions == [])
        #expect(try project.applied() == ["1", "2", "3", "4"])
    }

    @Test(arguments: Dialect.allCases)
    func `a dry run reverts and takes it back`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up()
        let log = try project.log()
        #expect(try project.down(.count(2), isDryRun: true).revertedVersions == ["5", "4"])
        #expect(try project.tables().count == 5)
        #expect(try project.log() == log)
    }

    // MARK: The stored script

    @Test(arguments: Dialect.allCases)
    func `a folder that lost everything reverts by the stored scripts`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up()
        for number in 1...5 {
            try project.remove("\(number)_m.up.sql", "\(number)_m.down.sql")
        }
        let report = try project.down(.all)
        #expect(report.revertedVersions == ["5", "4", "3", "2", "1"])
        #expect(
            report.warnings.first == "5 is reverted by the down script that is stored with it")
        #expect(try project.tables() == [])
    }

    @Test(arguments: Dialect.allCases)
    func `the file's script goes before, and a missing file's behind`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up()
        try project.write("5_m.down.sql", "DROP TABLE t5; CREATE TABLE by_file (i integer);")
        try project.remove("4_m.down.sql")
        let report = try project.down(.count(2))
        #expect(report.warnings == ["4 is reverted by the down script that is stored with it"])
        #expect(try project.tables() == ["by_file", "t1", "t2", "t3"])
    }

    @Test(arguments: Dialect.allCases)
    func `where the up file was edited, the script that belongs to what ran is used`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        try project.up()
        try project.write(
            "5_m", up: "CREATE TABLE renamed (i integer);", down: "DROP TABLE renamed;")
        let report = try project.down()
        #expect(report.revertedVersions == ["5"])
        #expect(report.warnings == ["5 is reverted by the down script that is stored with it"])
        #expect(try project.tables() == ["t1", "t2", "t3", "t4"])
    }

    @Test(arguments: Dialect.allCases)
    func `a failure of a stored script is shown in its own text`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.write("5_m.down.sql", "DROP TABLE t5;\n  SELECT nowhere;")
        try project.up()
        try project.remove("5_m.up.sql", "5_m.down.sql")
        let error = try failure { try project.down() }
        #expect(error.failed?.place == "down script stored with 5:2:10")
        #expect(error.failed?.sourceLine == "  SELECT nowhere;")
    }

    // MARK: Redo

    @Test(arguments: Dialect.allCases)
    func `redo reverts and applies in one transaction`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.write("R__v.sql", "SELECT 1;")
        try project.up()
        try project.sql("INSERT INTO t5 VALUES (1)")
        try project.write(
            "5_m", up: "CREATE TABLE t5 (i integer, j integer);", down: "DROP TABLE t5;")
        let report = try project.run { try $0.redo(count: 2) }
        #expect(report.revertedVersions == ["5", "4"])
        #expect(report.appliedVersions == ["4", "5", "R__v"])
        #expect(report.totalApplied == 5)
        #expect(try project.value("SELECT count(j) FROM t5") == "0")
        #expect(try project.states()["5"] == .applied)
        #expect(try project.states()["R__v"] == .applied)

        try project.write("5_m", up: "SELECT nowhere;", down: "DROP TABLE t5;")
        let error = try failure { try project.run { _ = try $0.redo(count: 1) } }
        #expect(error.failed?.file == "5_m.up.sql")
        #expect(error.report?.rolledBack.map(\.version) == ["5"])
        #expect(try project.value("SELECT count(j) FROM t5") == "0")
        #expect(try project.applied().contains("5"))
    }

    @Test(arguments: Dialect.allCases)
    func `redo refuses what it could not bring back`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.up()
        try project.remove("5_m.up.sql", "5_m.down.sql")
        let missing = try failure { try project.run { _ = try $0.redo(count: 1) } }
        #expect(missing.code == .missing)
        try project.write("5_m", up: "CREATE TABLE t5 (i 'integer);", down: "DROP TABLE t5;")
        let invalid = try failure { try project.run { _ = try $0.redo(count: 1) } }
        #expect(invalid.code == .invalidFiles)
        #expect(try project.tables().count == 5)
        #expect(try Project(dialect).run { try $0.redo(count: 1) }.reverted.isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a repeatable migration runs again after a revert`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.write("R__v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS one;")
        try project.up()
        #expect(try project.up().appliedVersions == [])
        try project.down()
        #expect(try project.states()["R__v"] == .pending)
        #expect(try project.up().appliedVersions == ["5", "R__v"])
    }
}
