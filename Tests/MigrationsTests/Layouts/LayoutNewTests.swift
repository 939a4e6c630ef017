import Database
import Foundation
import Migrations
import TestSupport
import Testing

/// New files in a folder of another tool's, and folders as files of ours.
@Suite struct LayoutNewTests {
    private let now = "2026-11-28T08:15:30.123Z"

    private static let names: [(layout: String, files: [String])] = [
        ("dbmate", ["20261128081530_add_x.sql"]),
        ("golang-migrate", ["11_add_x.up.sql", "11_add_x.down.sql"]),
        ("goose", ["00003_add_x.sql"]), ("flyway", ["V3__add_x.sql", "U3__add_x.sql"]),
        ("sqlx simple", ["3_add_x.sql"]),
        ("sqlx reversible", ["3_add_x.up.sql", "3_add_x.down.sql"]),
        ("diesel", ["2026-11-28-081530_add_x/up.sql", "2026-11-28-081530_add_x/down.sql"]),
        ("prisma", ["20261128081530_add_x/migration.sql"]), ("sql-migrate", ["003_add_x.sql"]),
        (
            "sqitch",
            ["deploy/add_x.sql", "revert/add_x.sql", "verify/add_x.sql", "sqitch.plan"]
        ),
    ]

    @Test(arguments: LayoutFolder.all)
    func `new files are named and begun as the tool has them`(_ layout: LayoutFolder) throws {
        let folder = try TemporaryFolder()
        try layout.write(to: folder, under: "m")
        let given: Layout? = [.golangMigrate, .sqlx].contains(layout.layout) ? layout.layout : nil
        let new = try NewMigration(
            "add x", folder: folder.file("m"), layout: given, dialect: .postgres, now: now,
            planner: "Ann <ann@example.com>")
        let wanted = try #require(Self.names.first { $0.layout == layout.testDescription })
        #expect(new.paths == wanted.files.map { folder.file("m/" + $0) })
        try new.write()
        // It is a migration of the folder now, and the next one follows it.
        let found = try MigrationFolder.discover(
            folder.file("m"), dialect: .postgres, layout: given)
        #expect(found.migrations.last?.version.text == new.version)
        #expect(found.migrations.last?.name == "add_x")
        #expect(found.migrations.count == layout.versions.filter { !$0.hasPrefix("R__") }.count + 1)
        _ = try Script.read(#require(found.migrations.last?.up), dialect: .postgres)
    }

    @Test func `a plan of Sqitch's gets a line`() throws {
        let folder = try TemporaryFolder()
        try #require(LayoutFolder.all.last).write(to: folder, under: "m")
        try NewMigration(
            "add x", folder: folder.file("m"), dialect: .postgres, now: now,
            planner: "Ann <ann@example.com>"
        ).write()
        let plan = try String(contentsOfFile: folder.file("m/sqitch.plan"), encoding: .utf8)
        #expect(plan.hasSuffix("\nadd_x 2026-11-28T08:15:30Z Ann <ann@example.com> # add_x\n"))
        let again = try failure {
            _ = try NewMigration("add x", folder: folder.file("m"), dialect: .postgres, now: now)
        }
        #expect(again.message == "there is a change 'add_x' already")
    }

    // MARK: Converting

    @Test func `the SQL stays as it is, comments included`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            -- About all of it.

            -- migrate:up transaction:false
            CREATE  TABLE "ä" (x integer); -- behind
            /* between */
            INSERT INTO "ä" VALUES (1);

            -- migrate:down
            DROP TABLE "ä";
            """, to: "m/1_a.sql")
        let files = try Conversion(folder.file("m"), layout: nil, dialect: .postgres).files
        #expect(files.map(\.name) == ["1_a.up.sql", "1_a.down.sql"])
        #expect(
            files[0].text == """
                -- migrate: no-transaction
                -- About all of it.

                CREATE  TABLE "ä" (x integer); -- behind
                /* between */
                INSERT INTO "ä" VALUES (1);

                """)
        #expect(files[1].text == "DROP TABLE \"ä\";\n")
    }

    @Test func `what cannot be converted is refused, and nothing is written`() throws {
        let folder = try TemporaryFolder()
        try folder.write("SELECT ${x};", to: "m/V1__a.sql")
        let places = try failure {
            _ = try Conversion(folder.file("m"), layout: nil, dialect: .postgres)
        }
        #expect(places.message == "Flyway fills this place in, and files of ours have none")
        #expect((places.failed?.line, places.failed?.column) == (1, 8))
        try folder.write("SELECT 1;", to: "m/V1__a.sql")
        try folder.write("mine", to: "there/a")
        let conversion = try Conversion(folder.file("m"), layout: nil, dialect: .postgres)
        let taken = try failure { try conversion.write(to: folder.file("there")) }
        #expect(taken.code == .invalidRequest)
        #expect(try Files.list(folder.file("there")) == ["a"])
        try conversion.write(to: folder.file("new/deep"))
        #expect(try Files.list(folder.file("new/deep")) == ["1_a.up.sql"])
    }
}
