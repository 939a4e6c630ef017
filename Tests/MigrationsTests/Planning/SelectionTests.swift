import Database
import Migrations
import TestSupport
import Testing

/// Which migrations `up` chooses.
@Suite struct SelectionTests {
    private func project(_ dialect: Dialect, _ versions: [String]) throws -> Project {
        let project = try Project(dialect)
        for version in versions {
            try project.write("\(version)_m", up: "CREATE TABLE t\(version) (i integer);")
        }
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `--to goes so far and --count so many, and repeatables come with the last`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect, ["1", "2", "3", "4", "5"])
        try project.write("R__v.sql", "SELECT 1;")
        #expect(try project.up(UpRequest(to: "002")).appliedVersions == ["1", "2"])
        #expect(try project.up(UpRequest(count: 1)).appliedVersions == ["3"])
        #expect(try project.up(UpRequest(to: "5", count: 1)).appliedVersions == ["4"])
        // Behind us: nothing to do, and nothing is reverted.
        #expect(try project.up(UpRequest(to: "2")).appliedVersions == [])
        #expect(try project.up(UpRequest(count: 7)).appliedVersions == ["5", "R__v"])
    }

    @Test(arguments: Dialect.allCases)
    func `a version that is not there is refused with the nearest`(dialect: Dialect) throws {
        let project = try project(dialect, ["20260101120000", "20260102120000"])
        let near = try failure { try project.up(UpRequest(to: "20260102120001")) }
        #expect(near.code == .invalidRequest)
        #expect(near.message.hasPrefix("there is no migration 20260102120001 in '"))
        #expect(near.hint == "Did you mean 20260102120000?")
        let far = try failure { try project.up(UpRequest(to: "9")) }
        #expect(far.hint == "They go from 20260101120000 to 20260102120000.")
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a late migration is refused, and runs when it is asked for`(dialect: Dialect) throws {
        let project = try project(dialect, ["1", "3", "4"])
        try project.up(UpRequest(to: "3"))
        try project.write("2_late", up: "CREATE TABLE t2 (i integer);")
        let error = try failure { try project.up() }
        #expect(error.code == .outOfOrder)
        #expect(error.versions == ["2"])
        #expect(error.message == "2 is older than what is already applied")
        #expect(try project.tables() == ["t1", "t3"])
        #expect(try project.up(UpRequest(outOfOrder: true)).appliedVersions == ["2", "4"])
        #expect(try project.plan().isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `an applied migration without a file stops the run`(dialect: Dialect) throws {
        let project = try project(dialect, ["1", "2", "3"])
        try project.up(UpRequest(to: "2"))
        try project.remove("1_m.up.sql")
        let error = try failure { try project.up() }
        #expect(error.code == .missing)
        #expect(error.versions == ["1"])
        #expect(error.hint?.contains("migrate repair --mark-reverted 1") == true)
        #expect(try project.tables() == ["t1", "t2"])
    }

    // MARK: Phases

    private func phased(_ dialect: Dialect) throws -> Project {
        let project = try project(dialect, ["1", "3"])
        try project.write("2_drop", up: "-- migrate: phase contract\nCREATE TABLE t2 (i integer);")
        try project.write("4_drop", up: "-- migrate: phase contract\nCREATE TABLE t4 (i integer);")
        return project
    }

    @Test(arguments: Dialect.allCases)
    func `the contract phase waits until it is asked for, and is never late`(
        dialect: Dialect
    ) throws {
        let project = try phased(dialect)
        let refused = try failure { try project.up(UpRequest(phases: .contract)) }
        #expect(refused.code == .refused)
        #expect(refused.versions == ["1", "3"])
        #expect(try project.tables(withOurs: true).isEmpty)
        let first = try project.up()
        #expect(first.appliedVersions == ["1", "3"])
        #expect(
            first.warnings == ["2 and 4 of the contract phase wait for 'up --phase contract'"])
        #expect(try project.states()["2"] == .pending)
        #expect(try project.up().appliedVersions == [])
        let second = try project.up(UpRequest(phases: .contract))
        #expect(second.appliedVersions == ["2", "4"])
        #expect(second.warnings.isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a new database takes both phases in order`(dialect: Dialect) throws {
        let project = try phased(dialect)
        #expect(
            try project.up(UpRequest(phases: .all)).appliedVersions == ["1", "2", "3", "4"])
    }

    @Test(arguments: Dialect.allCases)
    func `the expand phase of the next release follows a contract phase`(dialect: Dialect) throws {
        let project = try phased(dialect)
        try project.up()
        try project.up(UpRequest(phases: .contract))
        try project.write("5_next", up: "CREATE TABLE t5 (i integer);")
        #expect(try project.up().appliedVersions == ["5"])
    }

    // MARK: An older release

    @Test(arguments: Dialect.allCases)
    func `files from an older release warn and do nothing`(dialect: Dialect) throws {
        let project = try project(dialect, ["1", "2", "3"])
        try project.write("R__v.sql", "SELECT 3;")
        try project.up()
        let (history, log) = (try project.history(), try project.log())
        try project.remove("2_m.up.sql", "3_m.up.sql")
        // The older release's repeatables are older too, and must not replace the newer.
        try project.write("R__v.sql", "SELECT 1;")
        let report = try project.up()
        #expect(report.appliedVersions == [])
        #expect(
            report.warnings
                == ["the database is newer than these files: 2 and 3 have no file here"])
        #expect(report.totalApplied == 3)
        #expect(try project.history() == history)
        #expect(try project.log() == log)
    }

    @Test(arguments: Dialect.allCases)
    func `a strict run fails on files from an older release`(dialect: Dialect) throws {
        let project = try project(dialect, ["1", "2"])
        try project.up()
        try project.remove("2_m.up.sql")
        let error = try failure { try project.up(UpRequest(strict: true)) }
        #expect(error.code == .future)
        #expect(error.versions == ["2"])
        #expect(error.message == "the database is newer than the files: 2 has no file")
    }
}
