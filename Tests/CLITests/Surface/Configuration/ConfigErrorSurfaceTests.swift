import Foundation
import TestSupport
import Testing

/// A configuration with one mistake, and what the user is told.
struct BadConfig: Sendable, CustomTestStringConvertible {
    var text: String
    /// Line and column.
    var place: String
    var message: String
    var hint: String

    init(_ text: String, _ place: String, _ message: String, hint: String) {
        self.text = text
        self.place = place
        self.message = message
        self.hint = hint
    }

    var testDescription: String { message }

    static let local = "environments:\n  local:\n    url: sqlite:app.db\n"

    static let keys = [
        BadConfig(
            "migration: db\n", "1:1", "unknown key 'migration'", hint: "Did you mean 'migrations'?"),
        BadConfig(
            "defaults:\n  lock-wait: 5s\n", "2:3", "unknown key 'lock-wait' in 'defaults'",
            hint: "Did you mean 'lock_wait'?"),
        BadConfig(
            "environments:\n  local:\n    ur: sqlite:app.db\n", "3:5",
            "unknown key 'ur' in 'environments.local'", hint: "Did you mean 'url'?"),
        BadConfig(
            local + "    verify: { befor_commit: true }\n", "4:15",
            "unknown key 'befor_commit' in 'environments.local.verify'",
            hint: "Did you mean 'before_commit'?"),
        BadConfig(
            local + "    zzz: 1\n", "4:5", "unknown key 'zzz' in 'environments.local'",
            hint: "The keys here are url, password_file, password_command, protected, verify, "),
        BadConfig(
            local + "layout: auto\nlayout: native\n", "5:1", "the key 'layout' appears twice",
            hint: "It is in line 4 already; remove one of them."),
    ]

    static let evidence = [
        BadConfig(
            local + "    evidence: staging\n", "4:15",
            "'environments.local.evidence' must be a mapping of keys to values, not 'staging'",
            hint: "Write 'key: value', each key in a line of its own."),
        BadConfig(
            local + "    evidence: { directory: evidence, as: ci }\n", "4:15",
            "'environments.local.evidence' has no 'key'",
            hint: "Write evidence: { directory: evidence, key: /run/secrets/release_key, "
                + "as: ci@example.com }"),
    ]

    static let values = [
        BadConfig(
            "migrations: [db]\n", "1:13", "'migrations' must be a text, not a list",
            hint: "Write a single value behind the colon."),
        BadConfig(
            "defaults: 5s\n", "1:11", "'defaults' must be a mapping of keys to values, not '5s'",
            hint: "Write 'key: value', each key in a line of its own."),
        BadConfig(
            "defaults: { lock_retries: many }\n", "1:27",
            "'defaults.lock_retries' must be a whole number from 0 to 1000, not 'many'",
            hint: "Write it in digits, without a unit."),
        BadConfig(
            local + "    protected: yes\n", "4:16",
            "'environments.local.protected' must be true or false, not 'yes'",
            hint: "Write true, without quotes."),
        BadConfig(
            "defaults:\n  lock_wait: 60\n", "2:14",
            "'defaults.lock_wait' must be a duration with a unit, not '60'",
            hint: "Write 60s for seconds or 60ms for milliseconds."),
        BadConfig(
            "defaults:\n  lock_wait: a while\n", "2:14",
            "'defaults.lock_wait' must be a duration, not 'a while'",
            hint: "Durations look like 250ms, 5s, 10m, 24h or 1h30m."),
        BadConfig(
            "layout: liquibase\n", "1:9",
            "'layout' must be 'auto', 'native', 'dbmate', 'golang-migrate', 'goose', 'flyway', "
                + "'sqlx', 'diesel', 'prisma', 'sql-migrate' or 'sqitch', not 'liquibase'",
            hint: "Remove the key for the default, 'auto'."),
        BadConfig(
            "default_environment: locl\n" + local, "1:22",
            "'default_environment' must be one of the environments, not 'locl'",
            hint: "Did you mean 'local'?"),
        BadConfig(
            "environments:\n  dev: {}\n", "2:3", "there is no environment 'local'",
            hint: "The environments are dev."),
        BadConfig(
            "environments:\n  local:\n    url: ${DATABASE}\n", "3:10",
            "'environments.local.url' needs the variable 'DATABASE', which is not set",
            hint: "Set DATABASE, or give it a default: ${DATABASE:-default}."),
        BadConfig(
            "environments:\n  local:\n    url: mysql://h/d\n", "3:10",
            "the scheme 'mysql' is not a database that this program knows",
            hint: "Write postgres://user@host:5432/database, sqlite:path/to/file.db"),
        BadConfig(
            "environments:\n  local:\n    url: postgres://a@h:port/d\n", "3:10",
            "the port in the database URL is not a number", hint: "If the password holds"),
        BadConfig(
            "environments:\n  local:\n    url: sqlite:app.db?mod=ro\n", "3:10",
            "the SQLite URL has an unknown parameter 'mod'", hint: "The parameters are mode"),
        BadConfig(
            "environments:\n  local: {}\n", "2:3", "environment 'local' has no 'url'",
            hint: "Add 'url:' to it, or name a database with --url."),
    ]

    static let syntax = [
        BadConfig(
            "migrations: [db\n", "1:13", "a list is opened with '[' and not closed",
            hint: "Add the ']'"),
        BadConfig(
            "\tmigrations: db\n", "1:1", "a tab stands where YAML wants spaces",
            hint: "Indent with spaces only."),
        BadConfig(
            "layout: auto\n  migrations: db\n", "2:13", "a ':' stands where no key can be",
            hint: "Check the indentation"),
        BadConfig(
            "migrations: 'db\n", "1:13", "a quote is opened and never closed",
            hint: "Close the quote."),
        BadConfig(
            "migrations: *db\n", "1:13", "YAML's aliases ('*name') are not supported in this file",
            hint: "Write the value out"),
    ]
}

@Suite struct ConfigErrorSurfaceTests {
    /// A folder with a migration that would leave a trace.
    private func folder(_ config: [UInt8]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.folder("migrations")
        try folder.write("CREATE TABLE a (x integer);", to: "migrations/001_a.up.sql")
        try folder.write(config, to: "migrate.yaml")
        return folder
    }

    private func expectNothingHappened(_ result: ProgramResult, _ folder: TemporaryFolder) throws {
        result.expect(3)
        #expect(result.output == "")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.sorted() == ["migrate.yaml", "migrations"])
    }

    @Test(arguments: BadConfig.keys + BadConfig.evidence + BadConfig.values + BadConfig.syntax)
    func `a mistake is shown with its place and a hint, and nothing happens`(
        _ bad: BadConfig
    ) throws {
        let folder = try folder(Array(bad.text.utf8))
        let result = try MigrateProgram.run(["up"], in: folder.path)
        try expectNothingHappened(result, folder)
        let wanted = "migrate.yaml:\(bad.place): error: \(bad.message)\nhint: \(bad.hint)"
        #expect(result.errors.hasPrefix(wanted), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 2)
    }

    @Test func `a byte that is not UTF-8 is shown with its place`() throws {
        let folder = try folder(Array("# caf".utf8) + [0xE9] + Array("\nlayout: auto\n".utf8))
        let result = try MigrateProgram.run(["up"], in: folder.path)
        try expectNothingHappened(result, folder)
        #expect(
            result.errors == """
                migrate.yaml:1:6: error: the file is not UTF-8
                hint: Save the file in the encoding UTF-8.

                """)
    }

    @Test(arguments: [["--config", "other.yaml", "up"], ["up", "--config=other.yaml"]])
    func `a file that was named and is not there`(_ arguments: [String]) throws {
        let folder = try folder(Array(BadConfig.local.utf8))
        let result = try MigrateProgram.run(arguments, in: folder.path)
        try expectNothingHappened(result, folder)
        #expect(
            result.errors == """
                other.yaml: error: there is no such file
                hint: 'migrate init' writes one; '--url' and '--dir' work without.

                """)
    }

    @Test func `a file that cannot be read`() throws {
        let folder = try folder(Array(BadConfig.local.utf8))
        let result = try MigrateProgram.run(
            ["up"], in: folder.path, environment: ["MIGRATE_CONFIG": "migrations"])
        try expectNothingHappened(result, folder)
        #expect(
            result.errors == """
                migrations: error: the file cannot be read: is a directory
                hint: Check the path and the file's permissions.

                """)
    }

    @Test(arguments: [
        (["--env", "prodution", "up"], [:]), (["up"], ["MIGRATE_ENV": "prodution"]),
        // A slip in the name of a protected environment must not lose its protection.
        (["up", "--env", "prodution", "--url", "sqlite:app.db"], [:]),
        (["up", "--url", "sqlite:app.db"], ["MIGRATE_ENV": "prodution"]),
    ])
    func `an environment that is not there gets the nearest one`(
        _ arguments: [String], _ environment: [String: String]
    ) throws {
        let text = "environments:\n  production: { url: \"sqlite:app.db\", protected: true }\n"
        let folder = try folder(Array(text.utf8))
        let result = try MigrateProgram.run(arguments, in: folder.path, environment: environment)
        try expectNothingHappened(result, folder)
        #expect(
            result.errors == """
                migrate.yaml:2:3: error: there is no environment 'prodution'
                hint: Did you mean 'production'? The environments are production.

                """)
    }

    @Test func `no file and no database`() throws {
        let folder = try TemporaryFolder()
        let result = try MigrateProgram.run(["up"], in: folder.path)
        result.expect(3)
        #expect(
            result.errors == """
                error: there is no migrate.yaml here or above, and no database was named
                hint: Run 'migrate init', or name a database: --url sqlite:local.db

                """)
        let named = try MigrateProgram.run(["up", "--env", "dev"], in: folder.path)
        named.expect(3)
        named.expectError("error: environment 'dev' was asked for, and there is no migrate.yaml")
    }

    @Test(arguments: [
        ("password_file: nope", "the password file 'nope' cannot be read: no such file"),
        ("password_file: empty", "the password file 'empty' gave no password"),
        ("password_command: exit 3", "the password command '/bin/sh' failed with status 3"),
        ("password_command: [nope, x]", "the password command 'nope' cannot be run: no such file"),
        ("password_command: 'true'", "the password command '/bin/sh' gave no password"),
    ])
    func `a password that cannot be had`(_ line: String, _ message: String) throws {
        let text = "environments:\n  local:\n    url: postgres://a@127.0.0.1:1/b\n    \(line)\n"
        let folder = try folder(Array(text.utf8))
        try folder.write("\n", to: "empty")
        let result = try MigrateProgram.run(["up"], in: folder.path)
        result.expect(3)
        result.expectError("error: " + message)
        #expect(result.errors.contains("\nhint: "))
    }
}
