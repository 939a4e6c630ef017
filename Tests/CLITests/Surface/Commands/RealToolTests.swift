import Foundation
import TestSupport
import Testing

/// Projects that the tools themselves have run: one database is theirs, the other one is ours, and both
/// must come to the same.
@Suite struct RealToolTests {
    /// A database that another tool works on, with its URL as that tool wants it.
    private struct Theirs {
        let project: SurfaceProject
        let environment: [String: String]

        init(_ project: SurfaceProject) {
            self.project = project
            // The name of our table is dbmate's too.
            environment = ["MIGRATE_HISTORY_TABLE": "our_migrations"]
        }

        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(
                arguments, in: project.folder.path,
                environment: environment.merging(["MIGRATE_URL": project.url]) { $1 })
        }
    }

    private static let history = "version, name, checksum, content_digest, state, down_sql"

    /// Tables with their columns, and rows, but for those of the tools.
    private func schema(_ project: SurfaceProject) throws -> [String] {
        let query =
            project.database == .sqlite
            ? "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE tbl_name "
                + "NOT LIKE '%migrations%' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            : "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM "
                + "information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE "
                + "'%migrations%' ORDER BY 1"
        return try project.rows(query) + project.rows("SELECT x FROM log ORDER BY x")
    }

    /// Runs `up` on the other database, and compares schema, rows and history.
    private func compare(_ theirs: SurfaceProject, _ ours: SurfaceProject) throws {
        try ours.migrate("up", environment: ["MIGRATE_HISTORY_TABLE": "our_migrations"]).expect(0)
        #expect(try schema(theirs) == schema(ours))
        let adopted = try theirs.rows("SELECT \(Self.history) FROM our_migrations ORDER BY version")
        let own = try ours.rows("SELECT \(Self.history) FROM our_migrations ORDER BY version")
        #expect(!own.isEmpty)
        #expect(adopted == own)
    }

    // MARK: dbmate

    private func dbmate(_ project: SurfaceProject, _ arguments: String...) throws -> ProgramResult {
        let program = try #require(ProcessInfo.processInfo.environment["DBMATE"])
        let url = project.url + (project.database == .postgres ? "?sslmode=disable" : "")
        return try SystemProgram.run(
            [program, "--no-dump-schema", "--url", url, "--migrations-dir", "migrations"]
                + arguments,
            in: project.folder.path)
    }

    private static let dbmateFiles = [
        "20240101000000_log.sql":
            "-- A log.\n-- migrate:up\nCREATE TABLE log (x integer);\nINSERT INTO log VALUES (1);\n"
            + "-- migrate:down\nDROP TABLE log;\n",
        "20240102000000_alone.sql":
            "-- migrate:up transaction:false\nCREATE TABLE a (x integer NOT NULL);\n"
            + "-- migrate:down\nDROP TABLE a;\n",
        "20240103000000_more.sql":
            "-- migrate:up\nCREATE TABLE b (x integer);\nINSERT INTO log VALUES (2);\n"
            + "-- migrate:down\nDROP TABLE b;\nDELETE FROM log WHERE x = 2;\n",
        "20240104000000_pairs.sql":
            "-- migrate:up\nCREATE TABLE d (x integer DEFAULT 5);\n-- migrate:down\nDROP TABLE d;\n"
            + "-- migrate:up\nCREATE VIEW e AS SELECT x FROM d;\n-- migrate:down\nDROP VIEW e;\n",
    ]

    @Test(arguments: SurfaceDatabase.allCases)
    func `what dbmate has run is taken over, and goes on`(_ database: SurfaceDatabase) throws {
        let (first, ours) = (
            try SurfaceProject(database, migrations: Self.dbmateFiles),
            try SurfaceProject(database, migrations: Self.dbmateFiles)
        )
        let theirs = Theirs(first)
        #expect(try dbmate(first, "up").status == 0)
        let table = try first.rows("SELECT version FROM schema_migrations ORDER BY version")
        let taken = try theirs.migrate("adopt")
        taken.expect(0)
        #expect(taken.output.contains("recorded 4 migrations"))
        try compare(first, ours)
        #expect(try theirs.migrate("up").output.contains("nothing to do"))
        // Its table is as it was, and the tool goes on with it.
        #expect(try first.rows("SELECT version FROM schema_migrations ORDER BY version") == table)
        let status = try dbmate(first, "status")
        #expect(status.output.contains("Applied: 4"))
        // Ours goes on as well, up and down.
        for project in [first, ours] {
            try project.write(
                "-- migrate:up\nCREATE TABLE c (x integer);\n-- migrate:down\nDROP TABLE c;\n",
                to: "20240105000000_c.sql")
        }
        try theirs.migrate("up").expect(0)
        try compare(first, ours)
        try theirs.migrate("down", "--all", "--yes").expect(0)
        #expect(
            try first.tables().filter { !$0.contains("migrations") } == [])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `an edited and a missing file of dbmate's`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.dbmateFiles)
        let theirs = Theirs(project)
        #expect(try dbmate(project, "up").status == 0)
        try project.remove("20240102000000_alone.sql")
        let missing = try theirs.migrate("adopt")
        missing.expect(8)
        missing.expectError(
            "error: dbmate has applied 20240102000000, and there is no such file in ")
        try project.write(
            try #require(Self.dbmateFiles["20240102000000_alone.sql"]),
            to: "20240102000000_alone.sql")
        try theirs.migrate("adopt").expect(0)
        try project.write(
            "-- migrate:up\nCREATE TABLE b (y integer);\n-- migrate:down\nDROP TABLE b;\n",
            to: "20240103000000_more.sql")
        let edited = try theirs.migrate("up")
        edited.expect(8)
        edited.expectError("error: 20240103000000 was changed after being applied\n")
    }

    // MARK: Sqitch

    private func sqitch(_ project: SurfaceProject, _ arguments: String...) throws -> ProgramResult {
        let url =
            project.database == .sqlite
            ? "db:" + project.url : "db:pg:" + project.url.dropFirst("postgres:".count)
        return try SystemProgram.run(
            ["sqitch"] + arguments + [url], in: project.folder.file("migrations"),
            environment: [
                "SQITCH_FULLNAME": "Ann", "SQITCH_EMAIL": "ann@example.com",
                "SQITCH_CONFIG": project.folder.file("migrations/sqitch.conf"),
            ])
    }

    private func sqitchFiles(_ database: SurfaceDatabase) -> [String: String] {
        [
            "sqitch.conf": "[core]\n\tengine = \(database == .sqlite ? "sqlite" : "pg")\n",
            "sqitch.plan": """
            %syntax-version=1.0.0
            %project=shop

            log 2024-01-01T12:00:00Z Ann <ann@example.com> # the log
            one [log] 2024-01-02T12:00:00Z Ann <ann@example.com>
            @v1 2024-01-03T12:00:00Z Ann <ann@example.com> # first

            one [one@v1 log] 2024-01-04T12:00:00Z Ann <ann@example.com> # again

            """,
            "deploy/log.sql": "BEGIN;\nCREATE TABLE log (x integer);\nCOMMIT;\n",
            "revert/log.sql": "BEGIN;\nDROP TABLE log;\nCOMMIT;\n",
            "verify/log.sql": "BEGIN;\nSELECT x FROM log WHERE 1 = 0;\nROLLBACK;\n",
            "deploy/one@v1.sql": "INSERT INTO log VALUES (1);\n",
            "revert/one@v1.sql": "DELETE FROM log WHERE x = 1;\n",
            "verify/one@v1.sql": "SELECT x FROM log WHERE x = 1;\n",
            "deploy/one.sql": "BEGIN;\nINSERT INTO log VALUES (11);\nCOMMIT;\n",
            "revert/one.sql": "BEGIN;\nDELETE FROM log WHERE x = 11;\nCOMMIT;\n",
            "verify/one.sql": "SELECT x FROM log WHERE x = 11;\n",
        ]
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `what Sqitch has deployed is taken over, a reworked change too`(
        _ database: SurfaceDatabase
    ) throws {
        let files = sqitchFiles(database)
        let (first, ours) = (
            try SurfaceProject(database, migrations: files),
            try SurfaceProject(database, migrations: files)
        )
        let theirs = Theirs(first)
        let deployed = try sqitch(first, "deploy", "--verify")
        #expect(deployed.status == 0, "\(deployed)")
        let taken = try theirs.migrate("adopt", "--json")
        taken.expect(0)
        let applied = try #require(taken.json()["applied"] as? [[String: Any]])
        #expect(
            applied.compactMap { $0["checksum"] as? String } == [
                "verified", "verified", "verified",
            ])
        try compare(first, ours)
        // It can be used on, and so can ours.
        let status = try sqitch(first, "status")
        #expect(status.output.contains("Nothing to deploy (up-to-date)"), "\(status)")
        try theirs.migrate("down", "--all", "--yes").expect(0)
        #expect(try first.tables().filter { !$0.contains("migrations") } == [])
    }

    @Test func `a change of Sqitch's that was edited is refused`() throws {
        let project = try SurfaceProject(.postgres, migrations: sqitchFiles(.postgres))
        #expect(try sqitch(project, "deploy").status == 0)
        try project.write("CREATE TABLE log (x bigint);\n", to: "deploy/log.sql")
        let edited = try Theirs(project).migrate("adopt")
        edited.expect(8)
        edited.expectError("deploy/log.sql: error: the file was changed after Sqitch ran it")
    }
}
