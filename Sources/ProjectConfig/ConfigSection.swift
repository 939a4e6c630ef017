/// One mapping of the file with the keys that may stand in it, read key by key.
///
/// Values that still wait for their variables read as nil: they are looked at once these are known.
struct ConfigSection {
    let file: String
    /// The keys that lead here from the file's root.
    let keys: [String]
    let mark: YAMLMark
    let entries: [YAMLEntry]

    /// Checks that the node is a mapping and has no key but the `known`. A node that was left out is
    /// an empty mapping.
    init(
        _ node: YAMLNode, keys: [String], known: [String], file: String
    ) throws(ConfigError) {
        self.file = file
        self.keys = keys
        mark = node.mark
        switch node.content {
        case .mapping(let entries): self.entries = entries
        case .scalar(let scalar) where scalar.isNull: entries = []
        default:
            let place = keys.isEmpty ? "the file" : "'\(Wording.path(keys))'"
            throw ConfigError(
                .wrongType, "\(place) must be a mapping of keys to values, not \(node.kind)",
                hint: "Write 'key: value', each key in a line of its own.", file: file,
                at: node.mark)
        }
        for entry in entries where !known.contains(entry.key) {
            throw Self.unknown(entry, keys, known, file)
        }
    }

    private init(entries: [YAMLEntry], keys: [String], mark: YAMLMark, file: String) {
        self.entries = entries
        self.keys = keys
        self.mark = mark
        self.file = file
    }

    subscript(key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }

    /// The mapping under `key`; nil where there is none.
    func section(_ key: String, known: [String]) throws(ConfigError) -> ConfigSection? {
        guard let node = self[key] else { return nil }
        return try ConfigSection(node, keys: keys + [key], known: known, file: file)
    }

    /// Text; never empty.
    func string(_ key: String) throws(ConfigError) -> String? {
        try scalar(key, "a text")?.text
    }

    /// `true` or `false`, and none of the other words that YAML 1.1 took for them.
    func boolean(_ key: String) throws(ConfigError) -> Bool? {
        guard let scalar = try scalar(key, "true or false") else { return nil }
        switch scalar.text {
        case "true" where scalar.isPlain || scalar.origin == .substituted: return true
        case "false" where scalar.isPlain || scalar.origin == .substituted: return false
        default: break
        }
        let word = scalar.text.lowercased()
        var hint = "Write true or false."
        if ["yes", "on", "y", "true"].contains(word) { hint = "Write true, without quotes." }
        if ["no", "off", "n", "false"].contains(word) { hint = "Write false, without quotes." }
        throw error(.wrongType, key, "must be true or false", hint)
    }

    /// A whole number within `range`.
    func integer(_ key: String, _ range: ClosedRange<Int>) throws(ConfigError) -> Int? {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let scalar = try scalar(key, wanted) else { return nil }
        guard let number = Int(scalar.text) else {
            throw error(.wrongType, key, "must be \(wanted)", "Write it in digits, without a unit.")
        }
        guard range.contains(number) else {
            throw error(
                .invalidValue, key, "must be \(wanted)", "Remove the key for the default.")
        }
        return number
    }

    /// A duration with its unit.
    func duration(_ key: String) throws(ConfigError) -> Duration? {
        guard let scalar = try scalar(key, "a duration such as 5s") else { return nil }
        do throws(DurationText.Problem) {
            return try DurationText.parse(scalar.text)
        } catch {
            switch error {
            case .noUnit:
                throw self.error(
                    .wrongType, key, "must be a duration with a unit",
                    scalar.origin == .literal
                        ? "Write \(scalar.text)s for seconds or \(scalar.text)ms for milliseconds."
                        : Self.durationHint)
            case .tooLong:
                throw self.error(
                    .invalidValue, key, "must not be longer than 24 days",
                    "Write 576h at most.")
            case .malformed:
                throw self.error(.wrongType, key, "must be a duration", Self.durationHint)
            }
        }
    }

    /// A number that may have a decimal point.
    func decimal(_ key: String) throws(ConfigError) -> Double? {
        guard let scalar = try scalar(key, "a number") else { return nil }
        guard let number = Double(scalar.text), number.isFinite else {
            throw error(.wrongType, key, "must be a number", "Write it in digits: 0.01")
        }
        return number
    }

    /// The mappings of the list under `key`; what stands in them is not looked at yet.
    func list(_ key: String, of wanted: String) throws(ConfigError) -> [ConfigSection] {
        guard let node = self[key], case .sequence(let nodes) = node.content, !nodes.isEmpty else {
            throw error(.wrongType, key, "must be \(wanted)", "Write key: [{ … }, { … }].")
        }
        var sections: [ConfigSection] = []
        for node in nodes {
            guard case .mapping(let entries) = node.content else {
                throw ConfigError(
                    .wrongType, "'\(name(of: key))' must be \(wanted), not of \(node.kind)",
                    hint: "Each is a mapping in braces: { … }.", file: file, at: node.mark)
            }
            sections.append(
                ConfigSection(entries: entries, keys: keys + [key], mark: node.mark, file: file))
        }
        return sections
    }

    /// Refuses a key that is none of these.
    func checkKeys(_ known: [String]) throws(ConfigError) {
        if let entry = entries.first(where: { !known.contains($0.key) }) {
            throw Self.unknown(entry, keys, known, file)
        }
    }

    /// True where the value of `key` waits for its variables.
    func isDeferred(_ key: String) -> Bool {
        if case .scalar(let scalar)? = self[key]?.content {
            scalar.origin == .deferred
        } else {
            false
        }
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) throws(ConfigError) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        guard let scalar = try scalar(key, Self.listed(words)) else { return nil }
        if let choice = Choice(rawValue: scalar.text) { return choice }
        let nearest =
            scalar.origin == .literal ? Spelling.nearest(to: scalar.text, in: words) : nil
        throw error(
            .invalidValue, key, "must be \(Self.listed(words))",
            nearest.map { "Did you mean '\($0)'?" }
                ?? "Remove the key for the default, '\(words[0])'.")
    }

    /// An error at the value of `key`: `'a.b' must be …, not 'x'`.
    func error(
        _ code: ConfigError.Code, _ key: String, _ problem: String, _ hint: String?
    ) -> ConfigError {
        let node = self[key]
        let found = node.map { ", not \($0.kind)" } ?? ""
        return ConfigError(
            code, "'\(name(of: key))' \(problem)\(found)", hint: hint, file: file,
            at: node?.mark ?? mark)
    }

    /// The key with those that lead to it, `environments.dev.url`.
    func name(of key: String) -> String { Wording.path(keys + [key]) }

    /// The scalar under `key`; nil where there is none or its variables are not known yet.
    private func scalar(_ key: String, _ wanted: String) throws(ConfigError) -> YAMLScalar? {
        guard let node = self[key] else { return nil }
        guard case .scalar(let scalar) = node.content else {
            throw error(
                .wrongType, key, "must be \(wanted)", "Write a single value behind the colon.")
        }
        guard scalar.origin != .deferred else { return nil }
        guard !scalar.isNull, !scalar.text.isEmpty else {
            throw ConfigError(
                .wrongType, "'\(name(of: key))' has no value",
                hint: scalar.origin == .substituted
                    ? "Its variable is empty; set it, or remove the key."
                    : "Write \(wanted), or remove the key.",
                file: file, at: node.mark)
        }
        return scalar
    }

    private static let durationHint = "Durations look like 250ms, 5s, 10m, 24h or 1h30m."

    static func listed(_ words: [String]) -> String {
        let quoted = words.map { "'\($0)'" }
        return
            (quoted.count > 2
            ? [quoted.dropLast().joined(separator: ", "), quoted[quoted.count - 1]] : quoted)
            .joined(separator: " or ")
    }

    // MARK: - Unknown keys

    private static func unknown(
        _ entry: YAMLEntry, _ keys: [String], _ known: [String], _ file: String
    ) -> ConfigError {
        let place = keys.isEmpty ? "" : " in '\(Wording.path(keys))'"
        let nearest = Spelling.nearest(to: entry.key, in: known)
        return ConfigError(
            .unknownKey, "unknown key \(Wording.quoted(entry.key))\(place)",
            hint: nearest.map { "Did you mean '\($0)'?" }
                ?? "The keys here are \(known.joined(separator: ", ")).",
            file: file, at: entry.keyMark)
    }
}
