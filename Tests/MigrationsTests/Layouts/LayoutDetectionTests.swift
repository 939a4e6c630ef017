import Database
import Migrations
import TestSupport
import Testing

/// Whose folder it is, and what is wrong in it.
@Suite struct LayoutDetectionTests {
    private func discover(
        _ files: [String: String], as layout: Layout? = nil
    ) throws -> MigrationFolder {
        let folder = try TemporaryFolder()
        for (name, text) in files { try folder.write(text, to: name) }
        return try MigrationFolder.discover(folder.path, dialect: .postgres, layout: layout)
    }

    @Test(arguments: LayoutFolder.all)
    func `a folder tells whose it is`(_ layout: LayoutFolder) throws {
        let found = try discover(
            Dictionary(layout.files, uniquingKeysWith: { $1 }))
        let own: [Layout: Layout] = [.golangMigrate: .native]
        let expected =
            layout.variant == " reversible" ? .native : own[layout.layout] ?? layout.layout
        #expect(found.layout == expected)
        #expect(
            found.migrations.map(\.version.text)
                == layout.versions.filter { !$0.hasPrefix("R__") })
    }

    @Test func `nothing, and our own`() throws {
        #expect(try discover([:]).layout == .native)
        #expect(try discover(["R__a.sql": ""]).layout == .native)
        #expect(try discover(["1_a.up.sql": "", "R__a.sql": ""]).layout == .native)
        #expect(try discover(["V1__a.sql": "", "R__a.sql": ""]).layout == .flyway)
    }

    @Test(
        arguments: [
            (
                ["1_a.up.sql": "", "2_b.sql": "-- migrate:up\n"],
                "native ('1_a.up.sql') and as dbmate ('2_b.sql')"
            ),
            (
                ["1_a.sql": "-- +goose Up\n", "2_b.sql": "-- migrate:up\n"],
                "dbmate ('2_b.sql') and as goose ('1_a.sql')"
            ),
            (
                ["V1__a.sql": "", "1_a/up.sql": "", "sqitch.plan": ""],
                "flyway ('V1__a.sql'), diesel ('1_a/up.sql') and as sqitch ('sqitch.plan')"
            ),
        ])
    func `a folder of several tools is refused with each reading`(
        _ files: [String: String], _ readings: String
    ) throws {
        let error = try failure { _ = try discover(files) }
        #expect(error.code == .invalidFiles)
        #expect(error.message.hasSuffix("can be read as " + readings))
        #expect(error.hint?.contains("'layout: ") == true)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var testDescription: String { file + ": " + message }
        var layout: Layout
        var files: [String: String]
        var file: String
        var line: Int?
        var message: String
    }

    @Test(
        arguments: [
            Mistake(
                layout: .goose, files: ["1_a.sql": "-- +goose Up\n", "00002_b.go": ""],
                file: "00002_b.go",
                message: "it is a migration in Go, which only goose itself can run"),
            Mistake(
                layout: .goose, files: ["1_a.sql": "\nSELECT 1;"], file: "1_a.sql", line: 1,
                message: "there is no '-- +goose Up' line"),
            Mistake(
                layout: .goose, files: ["1_a.sql": "SELECT 1;\n-- +goose Up\n"], file: "1_a.sql",
                line: 1,
                message: "only comments may stand before '-- +goose Up'"),
            Mistake(
                layout: .goose, files: ["1_a.sql": "-- +goose Up\n-- +goose StatementBegin\n"],
                file: "1_a.sql", line: 2, message: "'+goose StatementBegin' has no end"),
            Mistake(
                layout: .goose, files: ["1_a.sql": "-- +goose Up\n-- +goose Dwn\n"],
                file: "1_a.sql",
                line: 2, message: "'+goose Dwn' is no annotation of goose's"),
            Mistake(
                layout: .goose, files: ["0_a.sql": "-- +goose Up\n"], file: "0_a.sql",
                message: "goose keeps version 0 for itself"),
            Mistake(
                layout: .dbmate, files: ["1_a.sql": "-- migrate:down\n-- migrate:up\n"],
                file: "1_a.sql",
                line: 1, message: "'-- migrate:down' stands before '-- migrate:up'"),
            Mistake(
                layout: .dbmate, files: ["1_a.sql": "-- migrate:up transction:false\n"],
                file: "1_a.sql",
                line: 1, message: "'transction:false' is no option of dbmate's"),
            Mistake(
                layout: .dbmate, files: ["1_a.sql": "-- c\nSELECT 1;\n-- migrate:up\n"],
                file: "1_a.sql",
                line: 2, message: "only comments may stand before '-- migrate:up'"),
            Mistake(
                layout: .sqlMigrate, files: ["1_a.sql": "-- +migrate Up noTransactoin\n"],
                file: "1_a.sql", line: 1, message: "'notransactoin' is no option of sql-migrate's"),
            Mistake(
                layout: .sqlMigrate,
                files: ["1_a.sql": "-- +migrate Up\n-- +migrate StatementEnd\n"],
                file: "1_a.sql", line: 2, message: "'+migrate StatementEnd' without its begin"),
            Mistake(
                layout: .sqlMigrate, files: ["1_a.sql": "-- +migrate Down\nSELECT 1;"],
                file: "1_a.sql",
                line: 1, message: "there is no '-- +migrate Up' line"),
            Mistake(
                layout: .flyway, files: ["V1__a.sql": "", "V1.0__b.sql": ""], file: "V1__a.sql",
                message: "version 1 is taken by 'V1.0__b.sql'"),
            Mistake(
                layout: .flyway, files: ["V1__a.sql": "", "a/R__v.sql": "", "b/R__v.sql": ""],
                file: "b/R__v.sql", message: "'a/R__v.sql' has the same name, in another folder"),
            Mistake(
                layout: .flyway, files: ["V1__a.sql": "", "U2__b.sql": ""], file: "U2__b.sql",
                message: "there is no migration of version 2 to undo"),
            Mistake(
                layout: .flyway, files: ["V1__a.sql": "", "V1__a.sql.conf": "encoding=latin1"],
                file: "V1__a.sql.conf", message: "'encoding=latin1' cannot be followed"),
            Mistake(
                layout: .flyway, files: ["V1__a.sql": "", "V2__b.java": ""], file: "V2__b.java",
                message: "it is a migration in Java, which only Flyway itself can run"),
            Mistake(
                layout: .sqlx, files: ["1_a.down.sql": ""], file: "1_a.down.sql",
                message: "there is no up file of version 1"),
            Mistake(
                layout: .sqlx, files: ["1_a.sql": "", "1_b.sql": ""], file: "1_b.sql",
                message: "version 1 is taken by '1_a.sql'"),
            Mistake(
                layout: .diesel, files: ["1_a/down.sql": "", "2_b/up.sql": ""], file: "1_a",
                message: "there is no 'up.sql' in it"),
            Mistake(
                layout: .diesel,
                files: ["1_a/up.sql": "", "1_a/metadata.toml": "run_in_transaction = no"],
                file: "1_a/metadata.toml",
                message: "'run_in_transaction' is true or false, not 'no'"),
            Mistake(
                layout: .sqitch,
                files: ["sqitch.plan": "%project=p\n\na [b] 2024-01-01T12:00:00Z A <a@b>\n"],
                file: "sqitch.plan", line: 3,
                message: "'a' needs 'b', which does not stand before it"),
            Mistake(
                layout: .sqitch,
                files: [
                    "sqitch.plan":
                        "a 2024-01-01T12:00:00Z A <a@b>\nb [!a] 2024-01-01T12:00:00Z A <a@b>\n"
                ], file: "sqitch.plan", line: 2,
                message: "'b' must not be together with 'a', which stands before it"),
            Mistake(
                layout: .sqitch, files: ["sqitch.plan": "a yesterday\n"], file: "sqitch.plan",
                line: 1,
                message: "this is no line of a plan"),
            Mistake(
                layout: .sqitch, files: ["sqitch.plan": "a 2024-01-01T12:00:00Z A <a@b>\n"],
                file: "deploy/a.sql", message: "the plan has 'a', and there is no such script"),
        ])
    func `each mistake has its place`(_ mistake: Mistake) throws {
        let error = try failure { _ = try discover(mistake.files, as: mistake.layout) }
        #expect(error.code == .invalidFiles)
        #expect(error.message == mistake.message)
        #expect(error.failed?.file == mistake.file)
        #expect(error.failed?.line == mistake.line)
        #expect(error.hint != nil)
    }

    @Test func `what a tool passes over is told`() throws {
        let flyway = try discover(["V1__a.sql": "", "notes.sql": "", "afterMigrate.sql": ""])
        #expect(
            flyway.notes == [
                "'notes.sql' is not named as Flyway's files are, and is passed over as by it",
                "Flyway's callbacks are not run: afterMigrate.sql",
            ])
        let base = try discover(["V1__a.sql": "", "B2__all.sql": "", "V3__b.sql": ""])
        #expect(base.migrations.map(\.version.text) == ["1", "3"])
        #expect(
            base.notes == [
                "'B2__all.sql' is not run: the versions that it stands for are there"
            ])
        let gap = try discover(
            ["1_a.up.sql": "", "2_b.down.sql": "", "notes.sql": ""], as: .golangMigrate)
        #expect(gap.migrations.map { $0.up?.name } == ["1_a.up.sql", nil])
        #expect(
            gap.notes == [
                "'notes.sql' is not named as golang-migrate's files are, and is passed over as by it",
                "version 2 has no up file, and is passed over",
            ])
        let order = try discover(["9_a.sql": "-- migrate:up\n", "10_b.sql": "-- migrate:up\n"])
        #expect(
            order.notes == [
                "versions are numbers here: '9_a.sql' comes before '10_b.sql', where dbmate sorts by "
                    + "the letters of the names"
            ])
        let alone = try discover(["B1__old.sql": "", "B2__all.sql": "", "V3__b.sql": ""])
        #expect(alone.migrations.map(\.version.text) == ["2", "3"])
        #expect(alone.notes == ["'B1__old.sql' is not run: a newer one stands for it"])
    }

    @Test func `Flyway's files stand in folders below, too`() throws {
        let found = try discover(["V1__a.sql": "", "v1.1/V2__b.sql": "", "v1.1/x/V3__c.sql": ""])
        #expect(
            found.migrations.map { $0.up?.name } == [
                "V1__a.sql", "v1.1/V2__b.sql", "v1.1/x/V3__c.sql",
            ])
        #expect(try discover(["2026/V2__b.sql": ""]).layout == .flyway)
    }

    @Test func `a variable that is not set is named with its place`() throws {
        let project = try Project(.sqlite)
        try project.write(
            "1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${GOOSE_Z}';\n-- +goose Down\n")
        let error = try failure { _ = try project.up() }
        #expect(error.message == "the variable 'GOOSE_Z' is not set")
        #expect((error.failed?.line, error.failed?.column) == (3, 9))
        let flyway = try Project(.sqlite)
        try flyway.write("V1__a.sql", "SELECT '${who}';")
        let missing = try failure { _ = try flyway.up() }
        #expect(missing.message == "the placeholder '${who}' has no value")
        #expect(missing.hint == "Set FLYWAY_PLACEHOLDERS_WHO, as for Flyway.")
    }

    @Test func `versions of several groups are compared group by group`() throws {
        let texts = ["1", "1.1", "1.2", "1.10", "2", "10.0.1"]
        let versions = texts.compactMap { Version($0) }
        #expect(versions == versions.shuffled().sorted())
        #expect(Version("1.0") == Version("1") && Version("01.10.0") == Version("1.10"))
        #expect(Set(["1", "1.0", "1.0.0"].compactMap { Version($0) }).count == 1)
        for text in ["", ".", "1.", ".1", "1..2", "1.a"] { #expect(Version(text) == nil) }
    }
}
