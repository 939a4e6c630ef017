import Database
import Migrations
import TestSupport
import Testing

/// What `status` says of each migration.
@Suite struct StatusTests {
    @Test(arguments: Dialect.allCases)
    func `before the first run everything is pending and nothing is created`(
        dialect: Dialect
    ) throws {
        let project = try Project(
            dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);", "R__v.sql": "SELECT 1;"])
        #expect(try project.states() == ["1": .pending, "R__v": .pending])
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `what was applied says when and by whom`(dialect: Dialect) throws {
        let project = try Project(dialect, ["001_first_one.up.sql": "CREATE TABLE a (i integer);"])
        try project.up()
        let status = try project.run { try $0.status() }
        #expect(status.count == 1)
        #expect(status[0].version == "001")
        #expect(status[0].name == "first_one")
        #expect(status[0].state == .applied)
        #expect(status[0].appliedBy == "deploy@build-7")
        let time = try #require(status[0].appliedAt)
        #expect(time.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
    }

    @Test(arguments: Dialect.allCases)
    func `late, changed, lost, newer and foreign migrations each have their state`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        let other = dialect == .postgres ? "sqlite" : "postgres"
        for number in [1, 3, 4, 5, 7, 9] {
            try project.write("\(number)_m", up: "CREATE TABLE t\(number) (i integer);")
        }
        try project.write("6_elsewhere.up.\(other).sql", "CREATE TABLE nowhere (i integer);")
        try project.up()
        try project.write("2_late", up: "CREATE TABLE t2 (i integer);")
        try project.write("3_m", up: "CREATE TABLE t3 (i bigint);")
        try project.write("5_m", up: "-- Only words.\nCREATE TABLE t5 (i integer);")
        try project.remove("4_m.up.sql", "9_m.up.sql")
        #expect(
            try project.states() == [
                "1": .applied, "2": .outOfOrder, "3": .checksumMismatch, "4": .missing,
                "5": .applied, "6": .ignored, "7": .applied, "9": .future,
            ])
        #expect(
            try project.run { try $0.status() }.map(\.version)
                == ["1", "2", "3", "4", "5", "6", "7", "9"])
        #expect(try project.run { try $0.status() }.first { $0.version == "9" }?.name == "m")
    }

    @Test(arguments: Dialect.allCases)
    func `a folder that lost everything is an older release`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);"])
        try project.up()
        try project.remove("1_a.up.sql")
        #expect(try project.states() == ["1": .future])
    }

    @Test(arguments: Dialect.allCases)
    func `a migration that stopped part-way says how far it came`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                CREATE TABLE a (i integer);
                CREATE TABLE b (i integer);
                INSERT INTO nowhere VALUES (1);
                CREATE TABLE c (i integer);
                """)
        _ = try failure { try project.up() }
        var status = try project.run { try $0.status() }[0]
        #expect(status.state == .failedPartWay)
        #expect(status.statementsDone == 2)
        #expect(status.statementsTotal == 4)
        #expect(!status.isPending)
        try project.remove("1_a.up.sql")
        status = try project.run { try $0.status() }[0]
        #expect(status.state == .failedPartWay)
        #expect(status.statementsDone == 2)
    }

    @Test(arguments: Dialect.allCases)
    func `a repeatable migration is pending again once its statements change`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect, ["R__v.sql": "SELECT 1;", "R__w.sql": "SELECT 2;"])
        try project.up()
        #expect(try project.states() == ["R__v": .applied, "R__w": .applied])
        try project.write("R__v.sql", "SELECT 1; -- words")
        #expect(try project.states()["R__v"] == .applied)
        #expect(try project.run { try $0.status() }[0].onlyCommentsDiffer)
        try project.write("R__v.sql", "SELECT 10;")
        try project.remove("R__w.sql")
        #expect(try project.states() == ["R__v": .pending, "R__w": .missing])
    }

    @Test(arguments: Dialect.allCases)
    func `a row that another tool wrote with a version alone is an applied migration`(
        dialect: Dialect
    ) throws {
        let project = try Project(
            dialect,
            [
                "001_a.up.sql": "CREATE TABLE a (i integer);",
                "002_b.up.sql": "CREATE TABLE b (i integer);",
                "003_c.up.sql": "CREATE TABLE c (i integer);",
            ])
        try project.up(UpRequest(to: "001"))
        try project.sql("INSERT INTO schema_migrations (version) VALUES ('2'), ('release-9')")
        #expect(
            try project.states()
                == ["001": .applied, "2": .applied, "003": .pending, "release-9": .missing])
        try project.sql("DELETE FROM schema_migrations WHERE version = 'release-9'")
        #expect(try project.up().appliedVersions == ["003"])
        #expect(try project.tables() == ["a", "c"])
    }
}
