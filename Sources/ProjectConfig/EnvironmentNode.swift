internal import Releases

/// An environment as it stands in the file, its variables not looked up.
struct EnvironmentNode: Sendable {
    let name: String
    let nameMark: YAMLMark
    /// The environment that it promotes from; nil where it names none, or by a variable.
    let promotesFrom: String?
    /// Where that stands.
    let promotionMark: YAMLMark
    private let node: YAMLNode

    /// Checks all of it that does not depend on a variable.
    init(_ entry: YAMLEntry, defaults: RunOptions, _ file: String) throws(ConfigError) {
        name = entry.key
        nameMark = entry.keyMark
        node = entry.value
        let keys = ["environments", name]
        guard Self.isName(name) else {
            throw ConfigError(
                .invalidValue, "\(Wording.quoted(name)) cannot be the name of an environment",
                hint: "Names have letters, digits, '-', '_' and '.', and begin with a letter.",
                file: file, at: nameMark)
        }
        let checked = try node.deferringVariables(keys: keys, file: file)
        let read = try Self.read(
            checked, name, nameMark, keys, defaults: defaults, file: file, folder: "")
        promotesFrom = read.rules.promotion?.environment
        promotionMark = read.rules.promotionMark
    }

    /// The environment with its variables and the file's defaults filled in.
    func resolved(
        _ variables: (String) -> String?, _ config: ProjectConfig, needsAddress: Bool
    ) throws(ConfigError) -> EnvironmentConfig {
        let wanted = needsAddress ? node : node.removing(Self.addressKeys)
        let filled = try wanted.substituting(variables, keys: keys, file: config.path)
        let read = try Self.read(
            filled, name, nameMark, keys, defaults: config.defaults, file: config.path,
            folder: config.folder)
        if let source = read.rules.promotion?.environment {
            try Self.check(
                source, of: name, config.environmentNames, config.path, read.rules.promotionMark)
        }
        return read
    }

    private var keys: [String] { ["environments", name] }

    private static func read(
        _ node: YAMLNode, _ name: String, _ nameMark: YAMLMark, _ keys: [String],
        defaults: RunOptions, file: String, folder: String
    ) throws(ConfigError) -> EnvironmentConfig {
        let section = try ConfigSection(node, keys: keys, known: Self.known, file: file)
        let verify = try section.section("verify", known: ["before_commit", "after"])
        let result = EnvironmentConfig(
            name: name, line: nameMark.line, column: nameMark.column,
            urlLine: section["url"]?.mark.line, urlColumn: section["url"]?.mark.column,
            url: try section.string("url"),
            passwordFile: try section.string("password_file").map {
                ConfigPath.join(folder, $0)
            },
            passwordCommand: try section.command("password_command"),
            isProtected: try section.boolean("protected") ?? false,
            verify: VerifyPolicy(
                beforeCommit: try verify?.boolean("before_commit") ?? false,
                after: try verify?.boolean("after") ?? false),
            rules: try section.releaseRules(folder: folder),
            options: try section.options(over: defaults))
        if section["password_file"] != nil, let command = section["password_command"] {
            throw ConfigError(
                .invalidValue,
                "'\(Wording.path(keys))' has both 'password_file' and 'password_command'",
                hint: "Remove one of them.", file: file, at: command.mark)
        }
        return result
    }

    private static let addressKeys = ["url", "password_file", "password_command"]
    private static let known =
        addressKeys + ["protected", "verify"] + ConfigSection.ruleKeys + ConfigSection.optionKeys

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.properties.isAlphabetic else {
            return false
        }
        return text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || ["-", "_", "."].contains($0)
        }
    }
}

extension ConfigSection {
    /// The keys of `defaults`, which every environment has too.
    static let optionKeys = [
        "lock_timeout", "lock_wait", "lock_retries", "statement_timeout", "connect_timeout",
        "transaction", "lock",
    ]

    /// The options in this mapping, over others.
    func options(over base: RunOptions) throws(ConfigError) -> RunOptions {
        var options = base
        options.lockTimeout = try duration("lock_timeout") ?? base.lockTimeout
        options.lockWait = try duration("lock_wait") ?? base.lockWait
        options.lockRetries = try integer("lock_retries", 0...1000) ?? base.lockRetries
        if let timeout = try duration("statement_timeout") {
            options.statementTimeout = timeout == .zero ? nil : timeout
        }
        options.connectTimeout = try duration("connect_timeout") ?? base.connectTimeout
        options.transaction = try choice("transaction", TransactionMode.self) ?? base.transaction
        options.lock = try choice("lock", LockMode.self) ?? base.lock
        return options
    }

    /// A line for the shell, or a program with its arguments.
    func command(_ key: String) throws(ConfigError) -> PasswordCommand? {
        guard let node = self[key], case .sequence(let nodes) = node.content else {
            return try string(key).map(PasswordCommand.shell)
        }
        var arguments: [String] = []
        for node in nodes {
            guard case .scalar(let scalar) = node.content, !scalar.isNull else {
                throw ConfigError(
                    .wrongType, "'\(name(of: key))' must be a list of texts, not of \(node.kind)",
                    hint: Self.commandHint, file: file, at: node.mark)
            }
            arguments.append(scalar.text)
        }
        guard arguments.first?.isEmpty == false else {
            throw ConfigError(
                .invalidValue, "'\(name(of: key))' names no program", hint: Self.commandHint,
                file: file, at: node.mark)
        }
        return .arguments(arguments)
    }

    private static let commandHint =
        "Write a program with its arguments, such as [pass, show, staging-db]."
}
