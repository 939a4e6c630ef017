/// Follows what a script does to `standard_conforming_strings`, which decides how the server, and
/// so psql, reads a backslash in the strings that come after.
///
/// A script is taken to start with the setting on, which has been the default since PostgreSQL 9.1.
/// Followed are SET, SET LOCAL, RESET, RESET ALL, DISCARD ALL and `SELECT set_config(…)` with
/// constants, and the end of transactions, which undoes some of them.
struct StringModeTracker {
    private var session = true
    private var local: Bool?
    private var beforeTransaction: Bool?

    /// The setting in force.
    var isStandard: Bool { local ?? session }

    /// Notes a statement that has ended; `range` is where it stands in the lexer's text.
    mutating func note(_ lexer: Lexer, _ range: Range<Int>) {
        guard Self.isCandidate(lexer.source[range.lowerBound]),
            let first = Self.words(lexer, range, limit: 1).first
        else { return }
        switch first {
        case "set", "reset", "discard", "select":
            noteSetting(Self.words(lexer, range, limit: 12))
        case "begin", "start":
            if beforeTransaction == nil { beforeTransaction = session }
        case "commit", "end":
            local = nil
            beforeTransaction = nil
        case "rollback", "abort":
            guard !Self.words(lexer, range, limit: 3).contains("to") else { return }
            session = beforeTransaction ?? session
            local = nil
            beforeTransaction = nil
        default:
            break
        }
    }

    /// Most statements of a large file are rows to insert: their first letter is all that is read.
    private static func isCandidate(_ first: UInt8) -> Bool {
        "abcders".utf8.contains(Byte.lowercased(first))
    }

    private mutating func noteSetting(_ words: [String]) {
        var rest = words.dropFirst()
        switch words[0] {
        case "set":
            let isLocal = rest.first == "local"
            if isLocal || rest.first == "session" { rest = rest.dropFirst() }
            guard rest.popFirst() == Self.name, ["=", "to"].contains(rest.popFirst()) else {
                return
            }
            set(rest.first, isLocal: isLocal)
        case "reset" where rest.first == Self.name || rest.first == "all",
            "discard" where rest.first == "all":
            set("default", isLocal: false)
        case "select":
            if rest.starts(with: ["pg_catalog", "."]) { rest = rest.dropFirst(2) }
            guard rest.starts(with: ["set_config", "(", Self.name, ","]) else { return }
            rest = rest.dropFirst(4)
            let value = rest.popFirst()
            set(value, isLocal: rest.dropFirst().first.map { $0.hasPrefix("t") } ?? false)
        default:
            break
        }
    }

    private mutating func set(_ value: String?, isLocal: Bool) {
        guard let value, !value.isEmpty else { return }
        let isOn: Bool
        switch value {
        case "default", "on", "1": isOn = true
        case "off", "of", "0": isOn = false
        case _ where "true".hasPrefix(value) || "yes".hasPrefix(value): isOn = true
        case _ where "false".hasPrefix(value) || "no".hasPrefix(value): isOn = false
        default: return
        }
        if isLocal {
            local = isOn
        } else {
            session = isOn
            local = nil
        }
    }

    private static let name = "standard_conforming_strings"

    /// The first tokens of a statement in lower case, without the quotes around names and strings.
    /// None is longer than the name looked for, so a long one ends the list.
    private static func words(_ lexer: Lexer, _ range: Range<Int>, limit: Int) -> [String] {
        var part = Lexer(lexer.source, lexer.dialect, range)
        part.standardConformingStrings = lexer.standardConformingStrings
        var words: [String] = []
        while words.count < limit, let lexeme = try? part.next() {
            guard let kind = lexeme.tokenKind else { continue }
            guard lexeme.range.count <= name.utf8.count + 2 else { break }
            let isQuoted = kind == .string || kind == .quotedIdentifier
            let text =
                isQuoted
                ? lexer.source[lexeme.range].dropFirst().dropLast() : lexer.source[lexeme.range]
            words.append(String(decoding: text, as: UTF8.self).lowercased())
        }
        return words
    }
}
