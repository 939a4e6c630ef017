internal import SQLText

/// The `-- migrate: …` lines at the top of a file.
package struct Directives: Sendable, Hashable {
    /// When a migration may run: before the new code is deployed, or after the old code is gone.
    package enum Phase: String, Sendable, CaseIterable {
        /// Adds; the default.
        case expand
        /// Takes away; runs only with `up --phase contract`.
        case contract
    }

    /// True for `no-transaction`.
    package var noTransaction = false
    /// `lock-timeout`, for this file.
    package var lockTimeout: Duration?
    /// `statement-timeout`, for this file.
    package var statementTimeout: Duration?
    /// `phase`.
    package var phase = Phase.expand
    /// `foreign-keys off` (SQLite): the file runs with enforcement off and is checked before its
    /// commit.
    package var foreignKeysOff = false
    /// `allow-rows`, in a file of verify queries: they must not fail, and may return rows.
    package var allowsRows = false
    /// The lint rules that `allow` silences, with the reason given.
    package var allowed: [String: String] = [:]

    /// No directives.
    package init() {}

    private static let mark = "migrate:"
    private static let names = [
        "no-transaction", "lock-timeout", "statement-timeout", "phase", "foreign-keys", "allow",
        "allow-rows",
    ]

    /// Reads the directives among a script's header comments; `file` is its name, for messages.
    ///
    /// - Throws: `.invalidFiles` with line and column for an unknown directive or a bad value.
    init(of script: SQLScript, file: String) throws(MigrationError) {
        for comment in script.headerComments {
            let text = String(decoding: script.bytes[comment], as: UTF8.self)
            var body = text.dropFirst(2).trimmingSpaces()
            // In any case of letters: a directive that is overlooked is worse than one too many.
            guard body.prefix(Self.mark.count).lowercased() == Self.mark else { continue }
            body = body.dropFirst(Self.mark.count).trimmingSpaces()
            let words = body.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            do {
                try read(words)
            } catch let problem {
                throw .inFile(
                    file, script, at: comment.lowerBound, problem.message, hint: problem.hint)
            }
        }
    }

    private struct Problem: Error {
        var message: String
        var hint: String?
    }

    private mutating func read(_ words: [String]) throws(Problem) {
        let arguments = Array(words.dropFirst())
        switch (words.first ?? "", arguments.count) {
        case ("no-transaction", 0): noTransaction = true
        case ("lock-timeout", 1): lockTimeout = try Self.duration(arguments[0])
        case ("statement-timeout", 1): statementTimeout = try Self.duration(arguments[0])
        case ("phase", 1):
            guard let phase = Phase(rawValue: arguments[0]) else {
                throw Problem(
                    message: "'\(arguments[0])' is not a phase",
                    hint: "Write 'phase expand' (the default) or 'phase contract'.")
            }
            self.phase = phase
        case ("foreign-keys", 1) where arguments[0] == "off": foreignKeysOff = true
        case ("allow-rows", 0): allowsRows = true
        case ("allow", 2...):
            allowed[arguments[0]] = arguments.dropFirst().joined(separator: " ")
        case ("allow", _):
            throw Problem(
                message: "'allow' needs a rule and a reason",
                hint: "Write '-- migrate: allow RULE why it is safe here'.")
        case (let name, _) where Self.names.contains(name):
            throw Problem(
                message: "the directive '\(name)' is not written like this",
                hint: Self.usage[name].map { "Write '-- migrate: \($0)'." })
        case ("", _):
            throw Problem(
                message: "a directive is missing after 'migrate:'",
                hint: "Known directives: \(Self.names.joined(separator: ", ")).")
        case ("up", _), ("down", _):
            throw Problem(
                message: "'-- migrate:\(words[0])' marks a section of a dbmate file",
                hint: "Put the up and down statements into two files, NAME.up.sql and "
                    + "NAME.down.sql.")
        case (let name, _):
            let nearest = Self.names.nearest(to: name)
            throw Problem(
                message: "unknown directive '\(name)'",
                hint: nearest.map { "Did you mean '\($0)'?" }
                    ?? "Known directives: \(Self.names.joined(separator: ", ")).")
        }
    }

    private static let usage = [
        "no-transaction": "no-transaction", "lock-timeout": "lock-timeout 2s",
        "statement-timeout": "statement-timeout 10m", "phase": "phase contract",
        "foreign-keys": "foreign-keys off", "allow-rows": "allow-rows",
    ]

    private static func duration(_ text: String) throws(Problem) -> Duration {
        guard let duration = Duration(shorthand: text) else {
            throw Problem(
                message: "'\(text)' is not a duration",
                hint: "Write a number and a unit: 500ms, 2s, 10m, 1h.")
        }
        return duration
    }
}

extension Duration {
    /// Reads `250ms`, `5s`, `10m`, `24h`, or several parts, `1h30m`.
    ///
    /// - Returns: nil for anything else, a bare number included.
    package init?(shorthand text: String) {
        var total = Duration.zero
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number < 1_000_000_000 else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            switch unit {
            case "ms": total += .milliseconds(number)
            case "s": total += .seconds(number)
            case "m": total += .seconds(number * 60)
            case "h": total += .seconds(number * 3600)
            case "d": total += .seconds(number * 86_400)
            default: return nil
            }
        }
        guard !text.isEmpty else { return nil }
        self = total
    }

    /// Whole milliseconds, rounded down.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
