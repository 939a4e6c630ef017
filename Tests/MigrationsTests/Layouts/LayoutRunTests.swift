import Database
import Foundation
import Migrations
import TestSupport
import Testing

/// Each tool's folder, run as it is.
@Suite struct LayoutRunTests {
    private func project(_ layout: LayoutFolder, _ dialect: Dialect) throws -> Project {
        let project = try Project(dialect)
        try layout.write(to: project.folder, under: "migrations")
        return project
    }

    private func run<Result>(
        _ project: Project, _ layout: LayoutFolder, _ body: (Migrator) throws -> Result
    ) throws -> Result {
        let variables = LayoutFolder.variables
        return try project.run(
            {
                $0.variable = { variables[$0] }
                // golang-migrate's and sqlx's names are ours too.
                if [.golangMigrate, .sqlx].contains(layout.layout) { $0.layout = layout.layout }
            }, body)
    }

    @Test(arguments: LayoutFolder.all, Dialect.allCases)
    func `up, status and down`(_ layout: LayoutFolder, _ dialect: Dialect) throws {
        let project = try project(layout, dialect)
        let plan = try run(project, layout) { try $0.plan(UpRequest()) }
        #expect(plan.steps.map(\.version) == layout.versions)
        #expect(
            try run(project, layout) { try $0.up(UpRequest()) }.appliedVersions == layout.versions)
        #expect(
            try project.sql("SELECT x FROM log ORDER BY x").map { $0[0] } == layout.values)
        #expect(try run(project, layout) { try $0.up(UpRequest()) }.appliedVersions == [])
        let states = Set(try run(project, layout) { try $0.status() }.map(\.state))
        #expect(states == [.applied])
        for version in layout.versions.reversed() where !version.hasPrefix("R__") {
            guard layout.reversible.contains(version) else {
                let error = try failure { _ = try run(project, layout) { try $0.down(.count(1)) } }
                #expect(error.code == .irreversible)
                return
            }
            #expect(
                try run(project, layout) { try $0.down(.count(1)) }.revertedVersions == [version])
        }
        #expect(try project.tables() == [])
    }

    @Test(arguments: LayoutFolder.all.filter { !$0.reversible.isEmpty }, Dialect.allCases)
    func `the way down is stored, and works without the files`(
        _ layout: LayoutFolder, _ dialect: Dialect
    ) throws {
        let project = try project(layout, dialect)
        _ = try run(project, layout) { try $0.up(UpRequest()) }
        let empty = project.folder.file("empty")
        try project.folder.folder("empty")
        for version in layout.versions.reversed() where !version.hasPrefix("R__") {
            guard layout.reversible.contains(version) else { break }
            let report = try project.down { $0.folder = empty }
            #expect(report.revertedVersions == [version])
        }
        if Set(layout.reversible) == Set(layout.versions) { #expect(try project.tables() == []) }
    }

    @Test(arguments: LayoutFolder.all, Dialect.allCases)
    func `converted, the same history goes on with the new files`(
        _ layout: LayoutFolder, _ dialect: Dialect
    ) throws {
        let project = try project(layout, dialect)
        let target = project.folder.file("converted")
        // What is to be filled in has to be written first.
        for (name, text) in layout.files where text.contains("GOOSE_") || text.contains("{one}") {
            try project.folder.write(
                text.replacing("${GOOSE_X}", with: "5").replacing("$GOOSE_X", with: "5")
                    .replacing("${GOOSE_Y:-7}", with: "7").replacing("${one}", with: "1"),
                to: "migrations/" + name)
        }
        if layout.layout == .goose || layout.layout == .flyway {
            for (name, text) in layout.files where text.contains("<> '") {
                try project.folder.write(
                    try String(
                        contentsOfFile: project.folder.file("migrations/" + name), encoding: .utf8
                    )
                    .replacing("WHERE '5' <> '5'", with: "").replacing(
                        "WHERE '1' <> '1'", with: ""),
                    to: "migrations/" + name)
            }
        }
        let given: Layout? = [.golangMigrate, .sqlx].contains(layout.layout) ? layout.layout : nil
        try Conversion(project.path, layout: given, dialect: dialect).write(to: target)
        _ = try run(project, layout) { try $0.up(UpRequest()) }
        let report = try project.up { $0.folder = target }
        #expect(report.appliedVersions == [])
        let states = Set(
            try project.run({ $0.folder = target }) { try $0.status() }.map(\.state))
        #expect(states == [.applied])
        for version in layout.versions.reversed() where !version.hasPrefix("R__") {
            guard layout.reversible.contains(version) else { break }
            #expect(try project.down { $0.folder = target }.revertedVersions == [version])
        }
    }

    @Test(arguments: Dialect.allCases)
    func `an edited file is found, and one whose way down was mended is not`(
        _ dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        let name = "1_a.sql"
        try project.write(
            name, "-- +goose Up\nCREATE TABLE a (x integer);\n-- +goose Down\nDROP TABLE b;")
        try project.up()
        try project.write(
            name, "-- +goose Up\nCREATE TABLE a (x integer);\n-- +goose Down\nDROP TABLE a;")
        let report = try project.up()
        #expect(report.warnings == [])
        try project.write(
            name, "-- +goose Up\nCREATE TABLE a (x bigint);\n-- +goose Down\nDROP TABLE a;")
        let error = try failure { _ = try project.up() }
        #expect(error.code == .checksumMismatch)
    }

    @Test func `a place in a section is that of the file`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a.sql",
            "-- migrate:up\nCREATE TABLE a (x integer);\n\n  SELECT nothing;\n-- migrate:down\n")
        let error = try failure { _ = try project.up() }
        #expect(error.failed?.file == "1_a.sql")
        #expect(error.failed?.line == 4)
        #expect(try project.tables() == [])
    }

    @Test func `what can be in no transaction runs outside of one where the tool has it so`() throws
    {
        for (layout, name) in [
            (Layout.golangMigrate, "2_i.up.sql"), (.prisma, "2_i/migration.sql"),
            (.flyway, "V2__i.sql"),
        ] {
            let project = try Project(.postgres)
            try project.folder.write(
                "CREATE TABLE a (x integer);",
                to: "migrations/" + name.replacing("2", with: "1").replacing("_i", with: "_a"))
            try project.folder.write(
                "CREATE INDEX CONCURRENTLY i ON a (x);", to: "migrations/" + name)
            let report = try project.up { $0.layout = layout }
            #expect(report.appliedVersions == ["1", "2"])
        }
        let project = try Project(.postgres)
        try project.write("1_a.sql", "-- migrate:up\nVACUUM;\n-- migrate:down\n")
        let error = try failure { _ = try project.up() }
        #expect(error.message == "'VACUUM' cannot run inside a transaction")
        #expect(error.hint?.hasPrefix("Write '-- migrate:up transaction:false'; ") == true)
    }

    @Test func `a verify script of Sqitch's that fails takes the change back`() throws {
        let project = try Project(.postgres)
        try project.write(
            "sqitch.plan", "%project=p\n\na 2024-01-01T12:00:00Z Ann <a@b>\n")
        try project.write("deploy/a.sql", "BEGIN;\nCREATE TABLE a (x integer);\nCOMMIT;")
        try project.write("verify/a.sql", "BEGIN;\nSELECT y FROM a;\nROLLBACK;")
        let error = try failure { _ = try project.up() }
        #expect(error.failed?.file == "verify/a.sql")
        #expect(error.failed?.line == 2)
        #expect(try project.tables() == [])
    }
}
