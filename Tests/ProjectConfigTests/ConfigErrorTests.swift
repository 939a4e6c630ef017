import ProjectConfig
import Testing

/// A file with one mistake, and what must be said about it.
struct BadFile: Sendable, CustomTestStringConvertible {
    var text: String
    var code: ConfigError.Code
    var place: String
    var message: String
    var hint: String?

    init(
        _ text: String, _ code: ConfigError.Code, _ place: String, _ message: String,
        _ hint: String? = nil
    ) {
        self.text = text
        self.code = code
        self.place = place
        self.message = message
        self.hint = hint
    }

    var testDescription: String { message }
}

struct ConfigErrorTests {
    private func check(_ bad: BadFile, _ error: ConfigError) {
        #expect(error.code == bad.code)
        #expect("\(error.line ?? 0):\(error.column ?? 0)" == bad.place)
        #expect(error.message == bad.message)
        // Each has one; where it says no more than the message, its words are of no interest.
        if let hint = bad.hint { #expect(error.hint == hint) } else { #expect(error.hint != nil) }
        #expect(error.file == "conf/migrate.yaml")
    }

    @Test(arguments: [
        BadFile(
            "migration: db\n", .unknownKey, "1:1", "unknown key 'migration'",
            "Did you mean 'migrations'?"),
        BadFile(
            "# note\nzebra: 1\n", .unknownKey, "2:1", "unknown key 'zebra'",
            "The keys here are migrations, layout, history_table, also_write, verify_files, "
                + "default_environment, defaults, environments, snapshots."),
        BadFile(
            "defaults:\n  lock-timeout: 5s\n", .unknownKey, "2:3",
            "unknown key 'lock-timeout' in 'defaults'", "Did you mean 'lock_timeout'?"),
        BadFile(
            "environments:\n  dev:\n    urll: x\n", .unknownKey, "3:5",
            "unknown key 'urll' in 'environments.dev'", "Did you mean 'url'?"),
        BadFile(
            "environments:\n  dev: { verify: { befor_commit: true } }\n", .unknownKey, "2:20",
            "unknown key 'befor_commit' in 'environments.dev.verify'",
            "Did you mean 'before_commit'?"),
        BadFile(
            "postgres://u:secret@h/d: x\n", .unknownKey, "1:1", "unknown key (not shown)",
            "The keys here are migrations, layout, history_table, also_write, verify_files, "
                + "default_environment, defaults, environments, snapshots."),
    ])
    func `an unknown key gets the nearest valid one`(_ bad: BadFile) throws {
        check(bad, try parseFailure(bad.text))
    }

    @Test(arguments: [
        BadFile(
            "layout: auto\nlayout: native\n", .duplicateKey, "2:1",
            "the key 'layout' appears twice", "It is in line 1 already; remove one of them."),
        BadFile(
            "environments:\n  dev: {}\n  dev: {}\n", .duplicateKey, "3:3",
            "the key 'dev' appears twice", "It is in line 2 already; remove one of them."),
        BadFile(
            "[a, b]\n", .wrongType, "1:1",
            "the file must be a mapping of keys to values, not a list"),
        BadFile(
            "just words\n", .wrongType, "1:1",
            "the file must be a mapping of keys to values, not 'just words'"),
        BadFile(
            "environments: dev\n", .wrongType, "1:15",
            "'environments' must be a mapping of keys to values, not 'dev'"),
        BadFile(
            "environments: [dev]\n", .wrongType, "1:15",
            "'environments' must be a mapping of keys to values, not a list"),
        BadFile(
            "environments:\n  dev: postgres://u:secret@h/d\n", .wrongType, "2:8",
            "'environments.dev' must be a mapping of keys to values, not (not shown)"),
        BadFile(
            "migrations: [a]\n", .wrongType, "1:13", "'migrations' must be a text, not a list"),
        BadFile(
            "migrations: {a: b}\n", .wrongType, "1:13",
            "'migrations' must be a text, not a mapping"),
        BadFile(
            "migrations:\nlayout: auto\n", .wrongType, "1:12", "'migrations' has no value",
            "Write a text, or remove the key."),
        BadFile(
            "migrations: ''\n", .wrongType, "1:13", "'migrations' has no value",
            "Write a text, or remove the key."),
        BadFile(
            "layout: nativ\n", .invalidValue, "1:9",
            "'layout' must be 'auto', 'native', 'dbmate', 'golang-migrate', 'goose', 'flyway', "
                + "'sqlx', 'diesel', 'prisma', 'sql-migrate' or 'sqitch', not 'nativ'",
            "Did you mean 'native'?"),
        BadFile(
            "layout: liquibase\n", .invalidValue, "1:9",
            "'layout' must be 'auto', 'native', 'dbmate', 'golang-migrate', 'goose', 'flyway', "
                + "'sqlx', 'diesel', 'prisma', 'sql-migrate' or 'sqitch', not 'liquibase'"),
        BadFile(
            "history_table: a.b.c\n", .invalidValue, "1:16",
            "'history_table' must be the name of a table, not 'a.b.c'",
            "Write name or schema.name, with letters, digits and '_', at most 58 each."),
        BadFile(
            "history_table: 'x; drop'\n", .invalidValue, "1:16",
            "'history_table' must be the name of a table, not 'x; drop'",
            "Write name or schema.name, with letters, digits and '_', at most 58 each."),
        BadFile(
            "default_environment: prod\nenvironments: { production: {}, prd: {} }\n",
            .unknownEnvironment, "1:22",
            "'default_environment' must be one of the environments, not 'prod'",
            "Did you mean 'prd'?"),
        BadFile(
            "default_environment: dev\n", .unknownEnvironment, "1:22",
            "'default_environment' must be one of the environments, not 'dev'",
            "The file defines no environment."),
        BadFile(
            "migrations: ${DIR}\n", .invalidValue, "1:13",
            "'migrations' has a variable, which only an environment may have",
            "Write the value out, or move the key into the environments."),
        BadFile(
            "defaults:\n  lock_wait: ${WAIT:-5s}\n", .invalidValue, "2:14",
            "'defaults' has a variable, which only an environment may have",
            "Write the value out, or move the key into the environments."),
        BadFile(
            "environments:\n  'a b': {}\n", .invalidValue, "2:3",
            "'a b' cannot be the name of an environment",
            "Names have letters, digits, '-', '_' and '.', and begin with a letter."),
        BadFile(
            "environments:\n  a: { password_file: x, password_command: y }\n", .invalidValue,
            "2:44", "'environments.a' has both 'password_file' and 'password_command'",
            "Remove one of them."),
        BadFile(
            "environments:\n  a: { password_command: [] }\n", .invalidValue, "2:26",
            "'environments.a.password_command' names no program"),
        BadFile(
            "environments:\n  a: { password_command: [x, [y]] }\n", .wrongType, "2:30",
            "'environments.a.password_command' must be a list of texts, not of a list"),
        BadFile(
            "environments:\n  a:\n    url: x${A\n", .invalidValue, "3:10",
            "'environments.a.url' has a '${' without a '}'",
            "Write $${ for these two characters themselves."),
        BadFile(
            "environments:\n  a:\n    url: ${A:?no}\n", .invalidValue, "3:10",
            "'environments.a.url' has a variable that cannot be read",
            "The forms are ${NAME} and ${NAME:-default}; $$ is a dollar sign."),
    ])
    func `a wrong value says what was expected and what was found`(_ bad: BadFile) throws {
        check(bad, try parseFailure(bad.text))
    }

    @Test(arguments: [
        ("5", ConfigError.Code.wrongType, "must be a duration with a unit, not '5'"),
        ("soon", .wrongType, "must be a duration, not 'soon'"),
        ("5 s", .wrongType, "must be a duration, not '5 s'"),
        ("-5s", .wrongType, "must be a duration, not '-5s'"),
        ("1.5s", .wrongType, "must be a duration, not '1.5s'"),
        ("5d", .wrongType, "must be a duration, not '5d'"),
        ("30m1h", .wrongType, "must be a duration, not '30m1h'"),
        ("1h1h", .wrongType, "must be a duration, not '1h1h'"),
        ("1h5", .wrongType, "must be a duration, not '1h5'"),
        ("600h", .invalidValue, "must not be longer than 24 days, not '600h'"),
        ("99999999999999999999s", .invalidValue, "must not be longer than 24 days"),
        ("[5s]", .wrongType, "must be a duration such as 5s, not a list"),
    ])
    func `a wrong duration is refused`(
        _ text: String, _ code: ConfigError.Code, _ message: String
    ) throws {
        let error = try parseFailure("defaults:\n  lock_wait: \(text)\n")
        #expect(error.code == code)
        #expect((error.line, error.column) == (2, 14))
        #expect(error.message.hasPrefix("'defaults.lock_wait' \(message)"))
        if text == "5" {
            #expect(error.hint == "Write 5s for seconds or 5ms for milliseconds.")
        }
    }

    @Test(arguments: [
        ("yes", "Write true, without quotes."), ("On", "Write true, without quotes."),
        ("'true'", "Write true, without quotes."), ("TRUE", "Write true, without quotes."),
        ("no", "Write false, without quotes."), ("off", "Write false, without quotes."),
        ("1", "Write true or false."), ("maybe", "Write true or false."),
    ])
    func `only true and false are booleans`(_ text: String, _ hint: String) throws {
        let error = try parseFailure("environments:\n  a:\n    protected: \(text)\n")
        #expect(error.code == .wrongType)
        #expect((error.line, error.column) == (3, 16))
        #expect(error.message.hasPrefix("'environments.a.protected' must be true or false, not "))
        #expect(error.hint == hint)
    }

    @Test(arguments: [
        ("many", ConfigError.Code.wrongType), ("1.5", .wrongType), ("-1", .invalidValue),
        ("1001", .invalidValue),
    ])
    func `a wrong number is refused`(_ text: String, _ code: ConfigError.Code) throws {
        let error = try parseFailure("defaults: { lock_retries: \(text) }\n")
        #expect(error.code == code)
        #expect((error.line, error.column) == (1, 27))
        #expect(
            error.message
                == "'defaults.lock_retries' must be a whole number from 0 to 1000, not '\(text)'")
    }

    @Test func `a mistake in any environment is found, used or not`() throws {
        let error = try parseFailure(
            "environments:\n  a: { url: x }\n  b:\n    lock_timeout: soon\n")
        #expect(error.message == "'environments.b.lock_timeout' must be a duration, not 'soon'")
        #expect((error.line, error.column) == (4, 19))
    }
}

/// The error that `text` must give.
func parseFailure(_ text: String) throws -> ConfigError {
    try #require(throws: ConfigError.self) { try parse(text) }
}

/// What `text` says.
func parse(_ text: String, path: String = "conf/migrate.yaml") throws -> ProjectConfig {
    try ConfigFile.parse(Array(text.utf8), path: path)
}
