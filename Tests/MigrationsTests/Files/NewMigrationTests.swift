import Database
import Migrations
import TestSupport
import Testing

/// How `migrate new` numbers and names its files.
@Suite struct NewMigrationTests {
    private let now = "2026-11-25T14:39:05.120Z"

    @Test(
        arguments: [
            ([], "001"), (["001_a.up.sql"], "002"), (["009_a.up.sql"], "010"),
            (["1_a.up.sql", "2_b.up.sql"], "3"), (["0099_a.up.sql"], "0100"),
            (["999_a.up.sql"], "1000"), (["20250101000000_a.up.sql"], "20261125143905"),
            // Only another database has the newest; its number is taken all the same.
            (["001_a.up.sql", "007_b.up.sqlite.sql"], "008"),
            // The folder runs ahead of the clock.
            (["20990101000000_a.up.sql"], "20990101000001"),
            (["20261125143905_a.up.sql"], "20261125143906"),
            (["R__views.sql"], "001"),
        ])
    func `the number goes on in the folder's own style`(files: [String], version: String) throws {
        let folder = try TemporaryFolder()
        for file in files { try folder.write("SELECT 1;", to: file) }
        let new = try NewMigration("add x", folder: folder.path, dialect: .postgres, now: now)
        #expect(new.version == version)
        #expect(
            new.paths == ["up", "down"].map { folder.file("\(version)_add_x.\($0).sql") })
    }

    @Test(
        arguments: [
            ("Add users", "add_users"), ("add-order  lines!", "add_order_lines"),
            ("Größe ändern", "größe_ändern"), ("../../etc/passwd", "etc_passwd"),
            ("v2.1 fix", "v2_1_fix"),
        ])
    func `the words become a file name`(words: String, name: String) throws {
        let folder = try TemporaryFolder()
        #expect(
            try NewMigration(words, folder: folder.path, dialect: .sqlite, now: now).name == name)
    }

    @Test func `words without a letter or digit are refused`() throws {
        let folder = try TemporaryFolder()
        let error = try failure {
            _ = try NewMigration(" -/. ", folder: folder.path, dialect: .sqlite, now: now)
        }
        #expect(error.code == .invalidRequest)
        #expect(error.hint == "Say what it does: migrate new add_orders_table")
    }

    @Test(arguments: Dialect.allCases)
    func `what it writes is a migration that runs and reverts, in a folder that it creates`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        let folder = project.folder.file("deep/er")
        let new = try NewMigration("first", folder: folder, dialect: dialect, now: now)
        try new.write()
        let report = try project.up { $0.folder = folder }
        #expect(report.appliedVersions == ["001"])
        #expect(try project.down { $0.folder = folder }.revertedVersions == ["001"])
    }

    @Test func `a file that is there is never overwritten`() throws {
        let folder = try TemporaryFolder()
        let new = try NewMigration("first", folder: folder.path, dialect: .sqlite, now: now)
        try new.write(["SELECT 1;"])
        let error = try failure { try new.write(["SELECT 2;"]) }
        #expect(error.code == .invalidFiles)
        #expect(error.message == "cannot be written: file exists")
        #expect(try Files.read(new.paths[0]) == Array("SELECT 1;".utf8))
    }

    @Test func `where the down file cannot be written, no up file is left behind`() throws {
        let folder = try TemporaryFolder()
        let new = try NewMigration("first", folder: folder.path, dialect: .sqlite, now: now)
        try folder.write("mine", to: "001_first.down.sql")
        _ = try failure { try new.write() }
        #expect(!folder.has("001_first.up.sql"))
        #expect(try Files.read(new.paths[1]) == Array("mine".utf8))
    }
}
