import ProjectConfig
import Testing

struct EnvironmentTests {
    private func url(
        _ value: String, _ variables: [String: String] = [:]
    ) throws -> String? {
        try parse("environments:\n  a:\n    url: \(value)\n").environment("a") { variables[$0] }.url
    }

    @Test(arguments: [
        ("${A}", "one"), ("x${A}y${B}z", "xoneytwoz"), ("${A:-def}", "one"),
        ("${C:-def}", "def"), ("${EMPTY:-def}", "def"), ("x${C:-}y", "xy"), ("x${EMPTY}y", "xy"),
        ("a$$b", "a$b"), ("$${A}", "${A}"), ("a$b", "a$b"), ("end$", "end$"), ("$A", "$A"),
        ("\"${A}\"", "one"), ("'${A}'", "one"), ("${NESTED}", "${A}"), ("${A1_b}", "x"),
        ("${C:-a:-b$$c}", "a:-b$$c"),
    ])
    func `variables are filled in`(_ value: String, _ expected: String) throws {
        let variables = [
            "A": "one", "B": "two", "EMPTY": "", "NESTED": "${A}", "A1_b": "x",
        ]
        #expect(try url(value, variables) == expected)
    }

    @Test(arguments: ["${}", "${1A}", "${A-b}", "${A:+b}", "${A b}", "${A:-${B}}", "${Ä}"])
    func `other forms of variables are refused when the file is read`(_ value: String) throws {
        let error = try parseFailure("environments:\n  a:\n    url: \"\(value)\"\n")
        #expect(error.code == .invalidValue)
        #expect(error.message == "'environments.a.url' has a variable that cannot be read")
        #expect((error.line, error.column) == (3, 10))
    }

    @Test func `a variable that is not set stops its own environment only`() throws {
        let config = try parse(
            """
            environments:
              dev: { url: "sqlite:dev.db" }
              production:
                url: postgres://u:${DB_PASSWORD}@h/d
            """)
        #expect(try config.environment("dev") { _ in nil }.url == "sqlite:dev.db")
        let error = try #require(throws: ConfigError.self) {
            try config.environment("production") { _ in nil }
        }
        #expect(error.code == .undefinedVariable)
        #expect(
            error.message
                == "'environments.production.url' needs the variable 'DB_PASSWORD', which is not set"
        )
        #expect(error.hint == "Set DB_PASSWORD, or give it a default: ${DB_PASSWORD:-default}.")
        #expect((error.line, error.column) == (4, 10))
    }

    @Test func `only the variables of the environment are asked for`() throws {
        let config = try parse(
            "environments: { a: { url: \"${A}\" }, b: { url: \"${B}\" } }")
        var asked: [String] = []
        _ = try config.environment("a") { name in
            asked.append(name)
            return "x"
        }
        #expect(asked == ["A"])
    }

    @Test func `variables may stand for every kind of value`() throws {
        let config = try parse(
            """
            environments:
              a:
                protected: ${P}
                lock_timeout: ${T}
                lock_retries: ${R}
                transaction: ${M}
                password_command: ["${C}", x]
                verify: { after: "${P}" }
            """)
        let values = ["P": "true", "T": "3s", "R": "4", "M": "all", "C": "pass"]
        let environment = try config.environment("a") { values[$0] }
        #expect(environment.isProtected && environment.verify.after)
        #expect(environment.options.lockTimeout == .seconds(3))
        #expect(environment.options.lockRetries == 4)
        #expect(environment.options.transaction == .all)
        #expect(environment.passwordCommand == .arguments(["pass", "x"]))
    }

    @Test(arguments: [
        ("protected", "must be true or false"), ("lock_timeout", "must be a duration"),
        ("lock_retries", "must be a whole number from 0 to 1000"),
        ("transaction", "must be 'each' or 'all'"),
    ])
    func `a wrong value from a variable is not shown`(_ key: String, _ message: String) throws {
        let config = try parse("environments:\n  a:\n    \(key): ${V}\n")
        let error = try #require(throws: ConfigError.self) {
            try config.environment("a") { _ in "hunter2" }
        }
        #expect(
            error.message == "'environments.a.\(key)' \(message), not a value from a variable")
        #expect(error.line == 3)
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test func `a URL in the place of a key is not shown`() throws {
        let error = try parseFailure("environments: { a: { 'postgres://u:hunter2@h/d': '${' } }")
        #expect(error.message == "'environments.a.(not shown)' has a '${' without a '}'")
    }

    @Test func `a bare number from a variable is not shown either`() throws {
        let config = try parse("environments:\n  a:\n    lock_wait: ${V}\n")
        let error = try #require(throws: ConfigError.self) {
            try config.environment("a") { _ in "12345" }
        }
        #expect(!"\(error)".contains("12345"))
    }

    @Test func `a variable that is set and empty leaves no value`() throws {
        let error = try #require(throws: ConfigError.self) { try url("${EMPTY}", ["EMPTY": ""]) }
        #expect(error.message == "'environments.a.url' has no value")
        #expect(error.hint == "Its variable is empty; set it, or remove the key.")
    }

    @Test func `an environment that is not there gets the known ones and the nearest`() throws {
        let config = try parse("layout: auto\nenvironments: { local: {}, production: {} }\n")
        let near = try #require(throws: ConfigError.self) {
            try config.environment("prodcution") { _ in nil }
        }
        #expect(near.code == .unknownEnvironment)
        #expect(near.message == "there is no environment 'prodcution'")
        #expect(
            near.hint
                == "Did you mean 'production'? The environments are local, production.")
        #expect((near.line, near.column) == (2, 15))
        let far = try #require(throws: ConfigError.self) {
            try config.environment("test") { _ in nil }
        }
        #expect(far.hint == "The environments are local, production.")
        let none = try #require(throws: ConfigError.self) {
            try parse("layout: auto\n").environment("dev") { _ in nil }
        }
        #expect(none.message == "there is no environment 'dev': the file defines none")
    }

    @Test func `an environment need not have a url`() throws {
        let environment = try parse("environments: { a: }").environment("a") { _ in nil }
        #expect(environment.url == nil)
    }

    @Test func `without its address, an environment needs no variables for it`() throws {
        let config = try parse(
            """
            environments:
              a: { url: "${URL}", password_file: "${FILE}", protected: true }
              b: { url: "${URL}", protected: "${PROTECTED}" }
            """)
        let a = try config.environment("a", needsAddress: false) { _ in nil }
        #expect(a.isProtected && a.url == nil && a.passwordFile == nil)
        // What guards it is never guessed.
        let error = #expect(throws: ConfigError.self) {
            try config.environment("b", needsAddress: false) { _ in nil }
        }
        #expect(error?.code == .undefinedVariable)
    }

    @Test func `a password command in one line is for the shell`() throws {
        let environment = try parse(
            "environments: { a: { password_command: 'pass $X $(y)' } }"
        ).environment("a") { _ in nil }
        #expect(environment.passwordCommand == .shell("pass $X $(y)"))
    }

    @Test(arguments: [
        ("name", true), ("schema.name", true), ("_a1", true), ("1a", false), ("", false),
        (".a", false), ("a.", false), ("a.b.c", false), ("a-b", false), ("ä", false),
        (String(repeating: "a", count: 58), true), (String(repeating: "a", count: 59), false),
    ])
    func `table names are identifiers`(_ text: String, _ isName: Bool) {
        #expect((TableName(text) != nil) == isName)
        if isName { #expect(TableName(text)?.description == text) }
    }
}
