import ProjectConfig
import TestSupport
import Testing

struct ConfigFileTests {
    @Test func `a whole file is read`() throws {
        let config = try parse(
            """
            # comment
            migrations: db/migrations
            verify_files: db/checks
            layout: native
            history_table: ops.schema_history
            default_environment: dev
            defaults:
              lock_timeout: 250ms
              lock_wait: 1h30m
              lock_retries: 3
              statement_timeout: 10m
              connect_timeout: 24h
              transaction: all
              lock: lease
            environments:
              production:
                url: ${PRODUCTION_URL}
                password_command: [pass, show, '${NAME:-db}']
                protected: true
                verify: { before_commit: true, after: true }
                statement_timeout: 0s
                lock: session
              dev:
                url: sqlite:dev.db
                password_file: secrets/dev
            """)
        #expect(config.path == "conf/migrate.yaml")
        #expect(config.folder == "conf")
        #expect(config.migrations == "conf/db/migrations")
        #expect(config.verifyFiles == "conf/db/checks")
        #expect(config.layout == .native)
        #expect(config.historyTable == TableName(schema: "ops", name: "schema_history"))
        #expect(config.historyTable.description == "ops.schema_history")
        #expect(config.defaultEnvironment == "dev")
        #expect(config.environmentNames == ["production", "dev"])
        let options = RunOptions(
            lockTimeout: .milliseconds(250), lockWait: .seconds(5400), lockRetries: 3,
            statementTimeout: .seconds(600), connectTimeout: .seconds(86_400), transaction: .all,
            lock: .lease)
        #expect(config.defaults == options)

        let production = try config.environment("production") {
            ["PRODUCTION_URL": "postgres://h/d"][$0]
        }
        #expect(production.name == "production")
        #expect((production.line, production.column) == (16, 3))
        #expect(production.url == "postgres://h/d")
        #expect(production.passwordCommand == .arguments(["pass", "show", "db"]))
        #expect(production.passwordFile == nil)
        #expect(production.isProtected)
        #expect(production.verify == VerifyPolicy(beforeCommit: true, after: true))
        var changed = options
        changed.statementTimeout = nil
        changed.lock = .session
        #expect(production.options == changed)

        let dev = try config.environment("dev") { _ in nil }
        #expect(dev.passwordFile == "conf/secrets/dev")
        #expect(!dev.isProtected)
        #expect(dev.verify == VerifyPolicy())
        #expect(dev.options == options)
    }

    @Test(arguments: [
        "", "# only a comment\n", "---\n", "--- {}\n", "{}", "\u{feff}", "~\n",
    ])
    func `a file that says nothing gives the defaults`(_ text: String) throws {
        let config = try parse(text)
        #expect(config.migrations == "conf/migrations")
        #expect(config.verifyFiles == "conf/verify")
        #expect(config.layout == .auto)
        #expect(config.historyTable == TableName(name: "schema_migrations"))
        #expect(config.defaultEnvironment == nil)
        #expect(config.environmentNames.isEmpty)
        #expect(config.defaults == RunOptions())
        #expect(config.defaults.lockTimeout == .seconds(5))
        #expect(config.defaults.statementTimeout == nil)
    }

    @Test(arguments: [
        "environments:\n", "environments: {}\n", "defaults:\nenvironments:\n  a:\n",
        "\u{feff}layout: auto\r\ndefaults:\r\n  lock_wait: 5s\r\n",
        "%YAML 1.2\n---\nlayout: auto\n",
        "--- # doc\nlayout: auto\n...\n", "{layout: auto, migrations: \"x\"}",
        "migrations: true\n", "migrations: 5\n", "migrations: 'it''s'\n", "migrations: a$b\n",
        "environments:\n  \"ünï-1.x_y\": {}\n", "environments: { a: { url: \"${X}\" } }\n",
        "environments: { a: { lock_timeout: \"${X}\", protected: \"${X}\", verify: } }\n",
        "environments: { a: { password_command: 'echo $HOME $(cat x)' } }\n",
        "migrations: >-\n  folded\n  text\n",
    ])
    func `a good file is accepted`(_ text: String) throws {
        _ = try parse(text)
    }

    @Test(arguments: [
        ("0s", Duration.zero), ("1ms", .milliseconds(1)), ("5s", .seconds(5)),
        ("10m", .seconds(600)), ("24h", .seconds(86_400)), ("1h30m", .seconds(5400)),
        ("1h1m1s1ms", .milliseconds(3_661_001)), ("2147483647ms", .milliseconds(2_147_483_647)),
    ])
    func `durations add up`(_ text: String, _ duration: Duration) throws {
        #expect(try parse("defaults: { lock_wait: \(text) }").defaults.lockWait == duration)
    }

    @Test(arguments: [
        ("migrate.yaml", "db/migrations", "db/migrations", "db/verify"),
        ("./migrate.yaml", "migrations", "migrations", "verify"),
        ("/p/migrate.yaml", "./db/", "/p/db/", "/p/verify"),
        ("/migrate.yaml", "db", "/db", "/verify"),
        ("/p/migrate.yaml", "/abs/db", "/abs/db", "/abs/verify"),
        ("p/migrate.yaml", ".", "p", "p/verify"),
        ("p/migrate.yaml", "..", "p/..", "p/../verify"),
    ])
    func `folders start at the file`(
        _ path: String, _ value: String, _ migrations: String, _ verify: String
    ) throws {
        let config = try parse("migrations: \(value)\n", path: path)
        #expect(config.migrations == migrations)
        #expect(config.verifyFiles == verify)
    }

    @Test func `the nearest file upwards is found`() throws {
        let folder = try TemporaryFolder()
        let deep = try folder.folder("a/b/c")
        try folder.write("", to: "migrate.yaml")
        #expect(ConfigFile.find(startingAt: deep) == folder.file("migrate.yaml"))
        try folder.write("", to: "a/b/migrate.yaml")
        #expect(ConfigFile.find(startingAt: deep) == folder.file("a/b/migrate.yaml"))
        #expect(ConfigFile.find(startingAt: folder.file("a")) == folder.file("migrate.yaml"))
        // A folder of that name is not the file.
        try folder.folder("a/b/c/migrate.yaml")
        #expect(ConfigFile.find(startingAt: deep) == folder.file("a/b/migrate.yaml"))
        #expect(ConfigFile.find(startingAt: folder.file("absent")) == nil)
    }

    @Test func `nothing is found up to the root`() throws {
        let folder = try TemporaryFolder()
        #expect(ConfigFile.find(startingAt: folder.path) == nil)
    }

    @Test func `a file is read from the disk, and what cannot be read is told apart`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("migrations: x\n", to: "migrate.yaml")
        #expect(try ConfigFile.read(path).migrations == folder.file("x"))
        let missing = try #require(throws: ConfigError.self) {
            try ConfigFile.read(folder.file("other.yaml"))
        }
        #expect(missing.code == .notFound)
        #expect(missing.message == "there is no such file")
        #expect(missing.file == folder.file("other.yaml"))
        #expect(missing.line == nil && missing.hint != nil)
        let unreadable = try #require(throws: ConfigError.self) {
            try ConfigFile.read(folder.path)
        }
        #expect(unreadable.code == .unreadable)
        #expect(unreadable.message == "the file cannot be read: is a directory")
        #expect(unreadable.file == folder.path && unreadable.hint != nil)
    }

    @Test func `the template is a configuration of four environments`() throws {
        let config = try parse(ConfigTemplate.text, path: "migrate.yaml")
        #expect(config.environmentNames == ["local", "dev", "staging", "production"])
        #expect(try config.environment("local") { _ in nil }.url == "sqlite:local.db")
        #expect(config.defaults == RunOptions())
        let production = try config.environment("production") { _ in "postgres://h/d" }
        #expect(production.isProtected && production.verify.beforeCommit)
    }

    @Test func `what the template has commented out is valid too`() throws {
        let lines = ConfigTemplate.text.split(separator: "\n", omittingEmptySubsequences: false)
        var found: Set<String> = []
        let text = lines.map { line -> String in
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            guard rest.hasPrefix("# ") else { return String(line) }
            let key = rest.dropFirst(2).prefix { $0.isLetter || $0 == "_" }
            guard rest.dropFirst(2 + key.count).hasPrefix(":"), key != "password_file" else {
                return String(line)
            }
            found.insert(String(key))
            return String(indent) + String(rest.dropFirst(2))
        }
        let config = try parse(text.joined(separator: "\n"), path: "migrate.yaml")
        #expect(config.defaultEnvironment == "local")
        #expect(config.defaults == RunOptions())
        #expect(config.verifyFiles == "verify")
        #expect(
            found == [
                "verify_files", "layout", "history_table", "default_environment", "lock_retries",
                "statement_timeout", "connect_timeout", "transaction", "lock", "password_command",
            ])
    }
}
