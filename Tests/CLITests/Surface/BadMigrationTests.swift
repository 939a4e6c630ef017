import Foundation
import TestSupport
import Testing

/// A migration file with one mistake, and what the user is told.
struct BadMigration: Sendable, CustomTestStringConvertible {
    var name: String
    var text: [UInt8]
    /// The databases on which it is a mistake.
    var databases: [SurfaceDatabase]
    /// All that is printed, after the folder's name.
    var printed: String

    init(
        _ name: String, _ text: String, _ databases: [SurfaceDatabase],
        _ printed: String
    ) {
        self.name = name
        self.text = Array(text.utf8)
        self.databases = databases
        self.printed = printed
    }

    var testDescription: String { printed }

    static let names = [
        BadMigration(
            "add_b.up.sql", "SELECT 1;",
            """
            add_b.up.sql: error: the name has no version
            hint: Begin it with a number: '001_add_b.up.sql'. 'migrate new NAME' does it.
            """),
        BadMigration(
            "002.up.sql", "SELECT 1;",
            """
            002.up.sql: error: the name has a version and no name
            hint: Name it '002_what_it_does.up.sql'.
            """),
        BadMigration(
            "002_b.sql", "SELECT 1;",
            """
            002_b.sql: error: the name does not say whether it is an up or a down file
            hint: Name it VERSION_name.up.sql, VERSION_name.down.sql, VERSION_name.verify.sql or \
            R__name.sql.
            """),
        BadMigration(
            "002_b.up.postgresql.sql", "SELECT 1;",
            """
            002_b.up.postgresql.sql: error: 'postgresql' is not a database in a file name
            hint: Name it '.postgres.sql'.
            """),
        BadMigration(
            "002_b.down.sql", "SELECT 1;",
            """
            002_b.down.sql: error: there is no up file of version 002
            hint: Add '002_b.up.sql', or delete this file.
            """),
        BadMigration(
            "001_b.up.sql", "SELECT 1;",
            """
            001_b.up.sql: error: version 001 is taken by '001_a.up.sql'
            hint: Give one of the two another version; 'migrate new' picks a free one.
            """),
        BadMigration(
            "1_a.up.sql", "SELECT 1;",
            """
            1_a.up.sql: error: '001_a.up.sql' is the same file of the same version
            hint: Delete one of the two, or give it another version.
            """),
        BadMigration(
            "R__.sql", "SELECT 1;",
            """
            R__.sql: error: a repeatable migration needs a name after 'R__'
            hint: Name it R__what_it_makes.sql.
            """),
        BadMigration(
            "002_b.up.sql", "",
            """
            002_b.up.sql: error: the file is empty
            hint: Write its statements; a migration that is to do nothing holds a comment.
            """),
    ]

    static let texts = [
        BadMigration(
            "002_b.up.sql", "SELECT 1;\nSELECT\t'abc;\n",
            """
            002_b.up.sql:2:8: error: the string that begins here has no closing quote
                SELECT\t'abc;
                      \t^
            hint: Close it with ' and write a quote inside it twice.
            """),
        BadMigration(
            "002_b.up.sql", "SELECT \"abc;\n",
            """
            002_b.up.sql:1:8: error: the quoted name that begins here has no closing "
                SELECT "abc;
                       ^
            hint: Close it with " in the same statement.
            """),
        BadMigration(
            "002_b.up.sql", "DO $do$ BEGIN NULL; END $od$;\n", [.postgres],
            """
            002_b.up.sql:1:4: error: the dollar-quoted string that begins here has no closing '$do$'
                DO $do$ BEGIN NULL; END $od$;
                   ^
            hint: Both ends are written alike, letter for letter.
            """),
        BadMigration(
            "002_b.up.sql", "/* ä /* b */\nSELECT 1;\n", [.postgres],
            """
            002_b.up.sql:1:1: error: the comment that begins here has no closing '*/'
                /* ä /* b */
                ^
            hint: Comments nest in PostgreSQL: each '/*' inside one needs its own '*/'.
            """),
        BadMigration(
            "002_b.up.sql", "CREATE TABLE b (x integer;\n", [.postgres],
            """
            002_b.up.sql:1:16: error: the parenthesis that opens here is not closed
                CREATE TABLE b (x integer;
                               ^
            hint: Write the ')' that belongs to it.
            """),
        BadMigration(
            "002_b.up.sql", "SELECT 1;\n\\connect other\n", [.postgres],
            """
            002_b.up.sql:2:1: error: '\\connect' is a command of psql, not SQL
                \\connect other
                ^
            hint: Name the database in the environment's URL; one run works on one database.
            """),
        BadMigration(
            "002_b.up.sql", "SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\n",
            """
            002_b.up.sql:2:1: error: 'BEGIN' in a migration that already runs in a transaction
                BEGIN;
                ^
            hint: Delete it: the file's statements, its checks and its history row are committed \
            together. To run outside a transaction, put '-- migrate: no-transaction' at the top. Files \
            written for golang-migrate run as they are with 'layout: golang-migrate'.
            """),
        BadMigration(
            "002_b.up.sql", "SELECT 1; COMMIT;\n",
            """
            002_b.up.sql:1:11: error: 'COMMIT' in a migration that already runs in a transaction
                SELECT 1; COMMIT;
                          ^
            hint: Delete it: the file's statements, its checks and its history row are committed \
            together. To run outside a transaction, put '-- migrate: no-transaction' at the top. Files \
            written for golang-migrate run as they are with 'layout: golang-migrate'.
            """),
        BadMigration(
            "002_b.up.sql", "CREATE INDEX CONCURRENTLY i ON a (x);\n", [.postgres],
            """
            002_b.up.sql:1:1: error: 'CREATE INDEX CONCURRENTLY' cannot run inside a transaction
                CREATE INDEX CONCURRENTLY i ON a (x);
                ^
            hint: Put '-- migrate: no-transaction' at the top of the file; its statements then run \
            one by one, and each finished one is recorded.
            """),
        BadMigration(
            "002_b.up.sql", "VACUUM;\n",
            """
            002_b.up.sql:1:1: error: 'VACUUM' cannot run inside a transaction
                VACUUM;
                ^
            hint: Put '-- migrate: no-transaction' at the top of the file; its statements then run \
            one by one, and each finished one is recorded.
            """),
        BadMigration(
            "002_b.up.sql", "-- migrate: no-transaction\nBEGIN;\nSELECT 2;\n",
            """
            002_b.up.sql:2:1: error: the transaction that begins here is never committed
                BEGIN;
                ^
            hint: Add COMMIT, or delete BEGIN.
            """),
    ]

    static let directives = [
        BadMigration(
            "002_b.up.sql", "-- What it is for.\n-- migrate: no-transactions\nSELECT 1;\n",
            """
            002_b.up.sql:2:1: error: unknown directive 'no-transactions'
                -- migrate: no-transactions
                ^
            hint: Did you mean 'no-transaction'?
            """),
        BadMigration(
            "002_b.up.sql", "-- migrate: lock-timeout 5\nSELECT 1;\n",
            """
            002_b.up.sql:1:1: error: '5' is not a duration
                -- migrate: lock-timeout 5
                ^
            hint: Write a number and a unit: 500ms, 2s, 10m, 1h.
            """),
        BadMigration(
            "002_b.up.sql", "-- migrate:up\nSELECT 1;\n",
            """
            002_b.up.sql:1:1: error: '-- migrate:up' marks a section of a dbmate file
                -- migrate:up
                ^
            hint: Put the up and down statements into two files, NAME.up.sql and NAME.down.sql.
            """),
    ]
}

@Suite struct BadMigrationTests {
    private static func check(_ bad: BadMigration, _ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(
            database, migrations: ["001_a.up.sql": "CREATE TABLE a (x integer);"])
        try project.folder.write(bad.text, to: "migrations/" + bad.name)
        for command in ["plan", "up"] {
            let result = try project.migrate(command)
            result.expect(3)
            #expect(result.output == "")
            #expect(result.errors == "migrations/" + bad.printed + "\n")
        }
        if database == .sqlite { #expect(!project.folder.has("app.db")) }
        #expect(try project.tables() == [])
        #expect(try project.migrate("doctor").status == 3)
    }

    @Test(arguments: BadMigration.names + BadMigration.texts + BadMigration.directives)
    func `is shown with its place and a hint, and nothing runs`(_ bad: BadMigration) throws {
        // What is wrong on one database alone is checked there.
        let database = bad.databases.contains(.sqlite) ? SurfaceDatabase.sqlite : .postgres
        try Self.check(bad, database)
    }

    @Test func `a byte that is not UTF-8 is shown with its place`() throws {
        var bad = BadMigration("002_b.up.sql", "SELECT 'caf", "")
        bad.text += [0xE9] + Array("';\n".utf8)
        bad.printed = """
            002_b.up.sql:1:12: error: the text is not UTF-8
                SELECT 'caf\u{FFFD}';
                           ^
            hint: Save the file in the encoding UTF-8.
            """
        for database in SurfaceDatabase.allCases { try Self.check(bad, database) }
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a mistake in a down or a verify file is found before the up runs`(
        _ database: SurfaceDatabase
    ) throws {
        for role in ["down", "verify"] {
            try Self.check(
                BadMigration(
                    "001_a.\(role).sql", "SELECT 'abc;\n",
                    """
                    001_a.\(role).sql:1:8: error: the string that begins here has no closing quote
                        SELECT 'abc;
                               ^
                    hint: Close it with ' and write a quote inside it twice.
                    """), database)
        }
    }

    @Test(arguments: ["nowhere", "migrate.txt"])
    func `a folder that is none`(_ folder: String) throws {
        let project = try SurfaceProject(.sqlite)
        try project.folder.write("", to: "migrate.txt")
        let result = try project.migrate("up", "--dir", folder)
        result.expect(3)
        result.expectError("error: the migrations folder '\(folder)' cannot be read: ")
        result.expectError("hint: 'migrate new NAME' creates it. Or name another one with --dir")
        #expect(!project.folder.has("app.db"))
    }

    @Test func `other files in the folder are none of ours`() throws {
        let project = try SurfaceProject(.sqlite, migrations: ["001_a.up.sql": "SELECT 1;"])
        for name in ["README.md", ".hidden.sql", "old.sql.bak"] { try project.write("x", to: name) }
        try project.folder.folder("migrations/attic")
        try project.migrate("up").expect(0)
    }
}

extension BadMigration {
    fileprivate init(_ name: String, _ text: String, _ printed: String) {
        self.init(name, text, SurfaceDatabase.allCases, printed)
    }
}
