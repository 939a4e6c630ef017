import Database
import Migrations
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which files of a folder make which migrations.
@Suite struct DiscoveryTests {
    private func discover(
        _ files: [String], _ dialect: Dialect = .postgres
    ) throws -> MigrationFolder {
        let folder = try TemporaryFolder()
        for file in files { try folder.write("SELECT 1;", to: file) }
        return try MigrationFolder.discover(folder.path, dialect: dialect)
    }

    @Test func `files are sorted into migrations in order of their numbers`() throws {
        let folder = try discover([
            "10_later.up.sql", "9_b.up.sql", "9_b.down.sql", "9_b.verify.sql", "001_a.up.sql",
            "R__views.sql", "R__a_first.sql",
        ])
        #expect(folder.migrations.map(\.version.text) == ["001", "9", "10"])
        #expect(folder.migrations.map(\.name) == ["a", "b", "later"])
        let second = folder.migrations[1]
        #expect(second.up?.name == "9_b.up.sql")
        #expect(second.down?.name == "9_b.down.sql")
        #expect(second.verify?.name == "9_b.verify.sql")
        #expect(folder.migrations[0].down == nil)
        #expect(folder.repeatables.map(\.key) == ["R__a_first", "R__views"])
    }

    @Test(arguments: Dialect.allCases)
    func `a variant for the database replaces the common file, role by role`(
        dialect: Dialect
    ) throws {
        let folder = try discover(
            [
                "1_a.up.sql", "1_a.up.postgres.sql", "1_a.down.sql", "1_a.down.sqlite.sql",
                "1_a.verify.postgres.sql", "R__v.sql", "R__v.sqlite.sql",
            ], dialect)
        let migration = try #require(folder.migrations.first)
        let isPostgres = dialect == .postgres
        #expect(migration.up?.name == (isPostgres ? "1_a.up.postgres.sql" : "1_a.up.sql"))
        #expect(migration.down?.name == (isPostgres ? "1_a.down.sql" : "1_a.down.sqlite.sql"))
        #expect(migration.verify?.name == (isPostgres ? "1_a.verify.postgres.sql" : nil))
        #expect(
            folder.repeatables.map(\.file.name) == [isPostgres ? "R__v.sql" : "R__v.sqlite.sql"])
        #expect(folder.repeatables.map(\.key) == ["R__v"])
    }

    @Test func `what only another database has is known and has no up file`() throws {
        let folder = try discover(
            ["1_a.up.postgres.sql", "1_a.down.postgres.sql", "2_b.up.sql", "R__v.postgres.sql"],
            .sqlite)
        #expect(folder.migrations.map(\.version.text) == ["1", "2"])
        #expect(folder.migrations[0].up == nil)
        #expect(folder.migrations[0].down == nil)
        #expect(folder.repeatables.isEmpty)
    }

    @Test func `hidden files, other files and names with spaces and any letters are fine`() throws {
        let folder = try discover([
            ".001_hidden.up.sql", "README.md", "001_a.up.sql~", "notes", ".sql", "schema.dump",
            "002_größe ändern.up.sql", "003_日本.語.up.sql", "R__tägliche Zahlen.sql",
        ])
        #expect(folder.migrations.map(\.name) == ["größe ändern", "日本.語"])
        #expect(folder.repeatables.map(\.key) == ["R__tägliche Zahlen"])
    }

    @Test func `an empty folder holds nothing`() throws {
        let folder = try discover([])
        #expect(folder.migrations.isEmpty)
        #expect(folder.repeatables.isEmpty)
    }

    @Test(
        arguments: [
            (
                "users.up.sql", "the name has no version",
                "Begin it with a number: '001_users.up.sql'. 'migrate new NAME' does it."
            ),
            (
                "001_users.sql", "the name does not say whether it is an up or a down file",
                "Name it VERSION_name.up.sql, VERSION_name.down.sql, VERSION_name.verify.sql or "
                    + "R__name.sql."
            ),
            ("001.up.sql", "the name has a version and no name", "'001_what_it_does.up.sql'"),
            ("001_.up.sql", "the name has a version and no name", "'001_what_it_does.up.sql'"),
            ("001-users.up.sql", "the name has a version and no name", "'001_what_it_does.up.sql'"),
            (
                "001_a.up.postgresql.sql", "'postgresql' is not a database in a file name",
                "'.postgres.sql'"
            ),
            ("001_a.up.pg.sql", "'pg' is not a database in a file name", "'.postgres.sql'"),
            ("001_a.up.sqlite3.sql", "'sqlite3' is not a database in a file name", "'.sqlite.sql'"),
            (
                "001_a.up.mysql.sql", "the name does not say whether it is an up or a down file",
                "up.sql"
            ),
            ("R__.sql", "a repeatable migration needs a name after 'R__'", nil),
            ("001_a.UP.sql", "the name does not say whether it is an up or a down file", "up.sql"),
            ("001_a.up.SQL", "the name ends in '.SQL'", "Name it '001_a.up.sql'."),
        ] as [(String, String, String?)])
    func `a name that is none is an error that says how to write it`(
        name: String, message: String, hint: String?
    ) throws {
        let error = try failure { _ = try discover(["002_good.up.sql", name]) }
        #expect(error.code == .invalidFiles)
        #expect(error.failed?.file == name)
        #expect(error.message == message)
        if let hint { #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "")") }
    }

    @Test(
        arguments: [
            (["1_a.up.sql", "1_b.up.sql"], "1_b.up.sql", "version 1 is taken by '1_a.up.sql'"),
            (["001_a.up.sql", "1_b.up.sql"], "1_b.up.sql", "version 1 is taken by '001_a.up.sql'"),
            (
                ["001_a.up.sql", "1_a.up.sql"], "1_a.up.sql",
                "'001_a.up.sql' is the same file of the same version"
            ),
            (
                ["1_a.up.postgres.sql", "01_a.up.postgres.sql"], "1_a.up.postgres.sql",
                "'01_a.up.postgres.sql' is the same file of the same version"
            ),
            (["1_a.up.sql", "1_A.down.sql"], "1_a.up.sql", "version 1 is taken by '1_A.down.sql'"),
            (["1_a.down.sql"], "1_a.down.sql", "there is no up file of version 1"),
            (["1_a.verify.sql"], "1_a.verify.sql", "there is no up file of version 1"),
        ])
    func `files that contradict each other are an error`(
        files: [String], file: String, message: String
    ) throws {
        let error = try failure { _ = try discover(files) }
        #expect(error.code == .invalidFiles)
        #expect(error.failed?.file == file)
        #expect(error.message == message)
        #expect(error.hint != nil)
    }

    @Test func `a folder that is missing or no folder is an error that says what to do`() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "plain")
        let missing = try failure {
            _ = try MigrationFolder.discover(folder.file("none"), dialect: .sqlite)
        }
        #expect(missing.code == .invalidFiles)
        #expect(
            missing.message
                == "the migrations folder '\(folder.file("none"))' cannot be read: no such file or "
                + "directory")
        #expect(missing.hint?.contains("migrate new") == true)
        let plain = try failure {
            _ = try MigrationFolder.discover(folder.file("plain"), dialect: .sqlite)
        }
        #expect(plain.message.hasSuffix("cannot be read: not a directory"))
    }
}

/// Files that are there and cannot be used; nothing runs, not even what comes before them.
@Suite struct UnusableFileTests {
    @Test(arguments: Dialect.allCases)
    func `a file without a byte is refused by name, and nothing runs`(dialect: Dialect) throws {
        let project = try Project(
            dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);", "2_b.up.sql": ""])
        let error = try failure { try project.up() }
        #expect(error.code == .invalidFiles)
        #expect(error.failed?.file == "2_b.up.sql")
        #expect(error.message == "the file is empty")
        #expect(try project.tables(withOurs: true).isEmpty)
        #expect(try failure { _ = try project.states() }.message == "the file is empty")
    }

    @Test(arguments: Dialect.allCases)
    func `a file that is not UTF-8 is refused with the place`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);"])
        try project.folder.write(
            Array("SELECT 'ä',\n 'é".utf8) + [0xE4] + Array("';".utf8),
            to: "migrations/2_b.up.sql")
        let error = try failure { try project.up() }
        #expect(error.code == .invalidFiles)
        #expect(error.failed?.place == "2_b.up.sql:2:4")
        #expect(error.message.contains("UTF-8"))
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a file that cannot be read is refused by name`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);"])
        try project.folder.folder("migrations/2_b.up.sql")
        let error = try failure { try project.up() }
        #expect(error.failed?.file == "2_b.up.sql")
        #expect(error.message == "the file cannot be read: is a directory")
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `a link that leads nowhere is refused by name`(dialect: Dialect) throws {
        let project = try Project(dialect, ["1_a.up.sql": "CREATE TABLE a (i integer);"])
        try #require(symlink("nowhere.sql", project.path + "/2_b.up.sql") == 0)
        let error = try failure { try project.up() }
        #expect(error.failed?.file == "2_b.up.sql")
        #expect(error.message == "the file cannot be read: no such file or directory")
    }

    @Test(
        arguments: [
            (
                "SELECT 1;\n\\connect other\n", "1_a.up.sql:2:1",
                "'\\connect' is a command of psql, not SQL"
            ),
            ("SELECT $$ abc;\n", "1_a.up.sql:1:8", "dollar"),
            ("SELECT 'abc;\n", "1_a.up.sql:1:8", "string"),
            ("SELECT (1;\n", "1_a.up.sql:1:8", "parenthesis"),
            ("/* /* */ SELECT 1;", "1_a.up.sql:1:1", "comment"),
        ])
    func `text that does not end where it should is refused with its place`(
        text: String, place: String, word: String
    ) throws {
        let project = try Project(.postgres, ["1_a.up.sql": text])
        let error = try failure { _ = try project.plan() }
        #expect(error.code == .invalidFiles)
        #expect(error.failed?.place == place)
        #expect(error.message.contains(word), "\(error.message)")
    }

    @Test(arguments: Dialect.allCases)
    func `down and verify files are checked before anything runs`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE 'a;")
        let down = try failure { try project.up() }
        #expect(down.failed?.file == "1_a.down.sql")
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "", verify: "SELECT 'x")
        let verify = try failure { try project.up() }
        #expect(verify.failed?.file == "1_a.verify.sql")
        #expect(try project.tables(withOurs: true).isEmpty)
    }
}
