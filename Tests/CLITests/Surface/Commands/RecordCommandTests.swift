import Database
import Foundation
import TestSupport
import Testing

/// baseline and repair.
@Suite struct RecordCommandTests {
    private static let migrations = [
        "001_a.up.sql": "CREATE TABLE a (x integer);", "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "CREATE TABLE b (x integer);",
        "003_c.up.sql": "CREATE TABLE c (x integer);",
    ]

    private func log(_ project: SurfaceProject) throws -> [String] {
        try project.rows("SELECT action, outcome, version FROM schema_migrations_log ORDER BY seq")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `baseline takes over a database that has the schema`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        for name in ["a", "b"] { try project.connect().query("CREATE TABLE \(name) (x integer)") }
        let unknown = try project.migrate("baseline", "9")
        unknown.expect(2)
        unknown.expectError(
            "error: there is no migration 9 in 'migrations'\nhint: They go from 001")
        try project.migrate("baseline", "two").expect(2)
        let result = try project.migrate("baseline", "2")
        result.expect(0)
        #expect(result.output == "recorded 2 migrations as applied, up to 2; nothing ran\n")
        try project.migrate("up").expect(0)
        #expect(try project.tables() == ["a", "b", "c"])
        #expect(
            try log(project) == ["baseline|success|001", "baseline|success|002", "up|success|003"])
        let again = try project.migrate("baseline", "3")
        again.expect(9)
        again.expectError(
            "error: the history has 3 rows already\nhint: A baseline is for a database")
        try project.migrate("down", "--count", "2").expect(9)
    }

    @Test func `baseline needs a database that is there`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        let result = try project.migrate("baseline", "1")
        result.expect(4)
        result.expectError("error: there is no database file '")
        #expect(!project.folder.has("app.db"))
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `repair shows and mends a changed file`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up").expect(0)
        let well = try project.migrate("repair")
        well.expect(0)
        #expect(well.output == "the record and the files agree\n")
        try project.write("CREATE TABLE a (x bigint);", to: "001_a.up.sql")
        let shown = try project.migrate("repair")
        shown.expect(8)
        #expect(
            shown.output == """
                001: checksum mismatch. One of these:
                    restore the file as it ran
                    migrate repair --accept-checksum 001   if the database is as the file says

                """)
        let mended = try project.migrate("repair", "--accept-checksum", "1")
        mended.expect(0)
        #expect(mended.output == "1: the file's checksum is recorded\n")
        try project.migrate("repair").expect(0)
        #expect(try log(project).last == "accept_checksum|success|001")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `repair marks migrations`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up", "--count", "1").expect(0)
        try project.migrate("repair", "--mark-applied", "2", "003", "--mark-reverted", "001")
            .expect(0)
        #expect(
            try project.rows("SELECT version FROM schema_migrations ORDER BY 1") == ["002", "003"])
        #expect(
            try log(project).suffix(3) == [
                "mark_applied|success|002", "mark_applied|success|003", "mark_reverted|success|001",
            ])
        // No table was touched.
        #expect(try project.tables() == ["a"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `repair changes all or nothing`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        try project.migrate("up", "--count", "1").expect(0)
        let before = try project.rows("SELECT * FROM schema_migrations")
        let cases: [([String], String)] = [
            (["--mark-applied", "2", "9"], "9 has no file in 'migrations'"),
            (["--mark-applied", "2", "1"], "1 is recorded as applied already"),
            (["--mark-applied", "2", "--mark-reverted", "3"], "3 is not in the history"),
            (["--mark-applied", "2", "--statements-done", "1=1"], "1 is not part-way"),
            (["--statements-done", "1"], "'1' is not a version and a number"),
        ]
        for (options, message) in cases {
            let result = try MigrateProgram.run(
                ["repair"] + options, in: project.folder.path,
                environment: ["MIGRATE_URL": project.url])
            result.expect(2)
            result.expectError("error: \(message)\nhint: ")
        }
        #expect(try project.rows("SELECT * FROM schema_migrations") == before)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `repair tells how far a stopped migration came`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database)
        try project.write(
            "-- migrate: no-transaction\nCREATE TABLE a (x integer);\nSELECT * FROM nowhere;\n"
                + "CREATE TABLE c (x integer);\n", to: "001_a.up.sql")
        try project.migrate("up").expect(7)
        let shown = try project.migrate("repair")
        shown.expect(8)
        #expect(
            shown.output == """
                001: failed part way. One of these:
                    mend the file and run 'migrate up' (or 'down') again: it goes on where it stopped
                    migrate repair --mark-applied 001    if all of it is done
                    migrate repair --mark-reverted 001   if you undid it by hand

                """)
        // The second statement was done by hand.
        try project.migrate("repair", "--statements-done", "001=2").expect(0)
        let up = try project.migrate("up")
        up.expect(0)
        #expect(try project.tables() == ["a", "c"])
    }
}
