/// Variables in a value: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign.
///
/// The default stands in where the variable is not set or empty, as in a POSIX shell. A `$` that
/// neither `{` nor `$` follows is itself. What a variable holds is taken as it is: it is not read
/// as YAML, and variables in it are not looked up.
enum Variables {
    /// A mistake in a value's variables.
    enum Problem: Error, Hashable {
        /// `${` without `}`.
        case unclosed
        /// What stands between the braces is no name, or another form of the shell's.
        case malformed
        /// The variable is not set and has no default.
        case undefined(String)
    }

    private enum Piece {
        case text(Substring)
        case variable(name: String, default: String?)
    }

    /// Whether the text has anything to replace.
    static func appear(in text: String) -> Bool {
        text.contains("${") || text.contains("$$")
    }

    /// Checks the text's form without looking up any variable.
    static func check(_ text: String) throws(Problem) { _ = try pieces(of: text[...]) }

    /// The text with every variable replaced.
    static func substitute(
        in text: String, _ variables: (String) -> String?
    ) throws(Problem) -> String {
        var result = ""
        for piece in try pieces(of: text[...]) {
            switch piece {
            case .text(let text):
                result += text
            case .variable(let name, let fallback):
                let value = variables(name)
                if let fallback {
                    result += value.flatMap { $0.isEmpty ? nil : $0 } ?? fallback
                } else if let value {
                    result += value
                } else {
                    throw .undefined(name)
                }
            }
        }
        return result
    }

    /// ASCII letters, digits and the underscore.
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func pieces(of text: Substring) throws(Problem) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text
        while let dollar = rest.firstIndex(of: "$") {
            pieces.append(.text(rest[..<dollar]))
            rest = rest[dollar...].dropFirst()
            switch rest.first {
            case "$":
                pieces.append(.text("$"))
                rest = rest.dropFirst()
            case "{":
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "}") else { throw .unclosed }
                pieces.append(try variable(rest[..<end]))
                rest = rest[end...].dropFirst()
            default:
                pieces.append(.text("$"))
            }
        }
        pieces.append(.text(rest))
        return pieces
    }

    private static func variable(_ inner: Substring) throws(Problem) -> Piece {
        let name = inner.prefix { $0.utf8.allSatisfy(isNameByte) }
        let rest = inner.dropFirst(name.count)
        guard let first = name.first, !first.isNumber else { throw .malformed }
        if rest.isEmpty { return .variable(name: String(name), default: nil) }
        guard rest.hasPrefix(":-"), !rest.contains("${") else { throw .malformed }
        return .variable(name: String(name), default: String(rest.dropFirst(2)))
    }
}

extension YAMLNode {
    /// The value with every variable in it replaced.
    func substituting(
        _ variables: (String) -> String?, keys: [String], file: String
    ) throws(ConfigError) -> YAMLNode {
        try mapScalars(keys: keys) { scalar, keys, mark throws(ConfigError) in
            guard Variables.appear(in: scalar.text) else { return scalar }
            do throws(Variables.Problem) {
                var result = scalar
                result.text = try Variables.substitute(in: scalar.text, variables)
                result.origin = .substituted
                return result
            } catch {
                throw error.error(keys, file, mark)
            }
        }
    }

    /// The value with each scalar that has variables marked as one that is not known yet.
    func deferringVariables(keys: [String], file: String) throws(ConfigError) -> YAMLNode {
        try mapScalars(keys: keys) { scalar, keys, mark throws(ConfigError) in
            guard Variables.appear(in: scalar.text) else { return scalar }
            do throws(Variables.Problem) {
                try Variables.check(scalar.text)
            } catch {
                throw error.error(keys, file, mark)
            }
            var result = scalar
            result.origin = .deferred
            return result
        }
    }

    private func mapScalars(
        keys: [String],
        _ transform: (YAMLScalar, [String], YAMLMark) throws(ConfigError) -> YAMLScalar
    ) throws(ConfigError) -> YAMLNode {
        var result = self
        switch content {
        case .scalar(let scalar):
            result.content = .scalar(try transform(scalar, keys, mark))
        case .sequence(let nodes):
            var mapped: [YAMLNode] = []
            for node in nodes { mapped.append(try node.mapScalars(keys: keys, transform)) }
            result.content = .sequence(mapped)
        case .mapping(let entries):
            var mapped = entries
            for (index, entry) in entries.enumerated() {
                mapped[index].value = try entry.value.mapScalars(
                    keys: keys + [entry.key], transform)
            }
            result.content = .mapping(mapped)
        }
        return result
    }
}

extension Variables.Problem {
    fileprivate func error(_ keys: [String], _ file: String, _ mark: YAMLMark) -> ConfigError {
        let key = Wording.path(keys)
        switch self {
        case .undefined(let name):
            return ConfigError(
                .undefinedVariable, "'\(key)' needs the variable '\(name)', which is not set",
                hint: "Set \(name), or give it a default: ${\(name):-default}.", file: file,
                at: mark)
        case .unclosed:
            return ConfigError(
                .invalidValue, "'\(key)' has a '${' without a '}'",
                hint: "Write $${ for these two characters themselves.", file: file, at: mark)
        case .malformed:
            return ConfigError(
                .invalidValue, "'\(key)' has a variable that cannot be read",
                hint: "The forms are ${NAME} and ${NAME:-default}; $$ is a dollar sign.",
                file: file, at: mark)
        }
    }
}
