/// A `sqitch.plan`: changes in their order, what they need, and the tags between them.
///
/// Source: Sqitch 1.3, lib/App/Sqitch/Plan.pm, and sqitchtutorial.
struct SqitchPlan {
    /// A change.
    struct Change {
        let name: String
        /// Its line, from 1.
        let line: Int
        /// What it says that it needs: `name`, `name@tag`, `@tag`, `project:name`.
        let requires: [String]
        /// What must not be there.
        let conflicts: [String]
        /// The tags between it and the next change of the same name, or the end.
        var tagsAfter: [String] = []
        /// True where a later change has the same name.
        var isReworked = false
    }

    static let fileName = "sqitch.plan"

    private(set) var changes: [Change] = []
    /// The tags, each with how many changes stand before it.
    private(set) var tags: [String: Int] = [:]
    private(set) var project = ""

    /// Reads a plan.
    ///
    /// - Throws: `.invalidFiles` with line and column.
    init(_ bytes: [UInt8]) throws(MigrationError) {
        var offset = 0
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        {
            let start = offset
            offset += line.count + 1
            let text = String(String(decoding: line, as: UTF8.self)[...].trimmingSpaces())
            do throws(Problem) {
                try read(text, line: index + 1)
            } catch {
                throw .inFile(Self.fileName, bytes, at: start, error.message, hint: error.hint)
            }
        }
        do throws(Problem) {
            for index in changes.indices { try checkNeeds(index) }
        } catch {
            let starts = [0] + bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
            throw .inFile(
                Self.fileName, bytes, at: starts[error.line - 1], error.message, hint: error.hint)
        }
        for index in changes.indices {
            let next = changes[(index + 1)...].firstIndex { $0.name == changes[index].name }
            changes[index].isReworked = next != nil
            let last = next ?? changes.count
            changes[index].tagsAfter = tags.filter { $0.value > index && $0.value <= last }
                .sorted { $0.value < $1.value }.map(\.key)
        }
    }

    private struct Problem: Error {
        var line: Int
        var message: String
        var hint: String?
    }

    private mutating func read(_ text: String, line: Int) throws(Problem) {
        if text.isEmpty || text.hasPrefix("#") { return }
        if text.hasPrefix("%") {
            let parts = text.dropFirst().split(separator: "=", maxSplits: 1).map {
                $0.trimmingSpaces()
            }
            if parts.count == 2, parts[0] == "project" { project = String(parts[1]) }
            return
        }
        var rest = text[...]
        if rest.hasPrefix("@") {
            let tag = rest.prefix { !$0.isWhitespace }
            guard tag.count > 1, !changes.isEmpty else {
                throw Problem(line: line, message: "a tag needs a name, and a change before it")
            }
            tags[String(tag)] = changes.count
            return
        }
        guard !rest.hasPrefix("-") else {
            throw Problem(
                line: line, message: "a change that is taken back in the plan cannot be followed",
                hint: "Remove both lines of it from the plan.")
        }
        if rest.hasPrefix("+") { rest = rest.dropFirst().drop(while: \.isWhitespace) }
        let name = rest.prefix { !$0.isWhitespace && $0 != "[" }
        rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
        var needs: [String] = []
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else {
                throw Problem(line: line, message: "the list of what '\(name)' needs has no ']'")
            }
            needs = rest[..<end].dropFirst().split(whereSeparator: \.isWhitespace).map(String.init)
            rest = rest[end...].dropFirst().drop(while: \.isWhitespace)
        }
        let time = rest.prefix { !$0.isWhitespace }
        guard !name.isEmpty, time.count == 20, time.hasSuffix("Z"), rest.contains("<") else {
            throw Problem(
                line: line, message: "this is no line of a plan",
                hint: "A change is: name [needs] 2026-01-31T12:00:00Z Planner Name <mail> # note")
        }
        changes.append(
            Change(
                name: String(name), line: line,
                requires: needs.filter { !$0.hasPrefix("!") }.map {
                    $0.hasPrefix(":") ? String($0.dropFirst()) : $0
                },
                conflicts: needs.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }))
    }

    /// Whether a change that `need` names stands among the first `count`; nil of another project's.
    private func isThere(_ need: String, among count: Int) -> Bool? {
        var need = need[...]
        if let colon = need.firstIndex(of: ":") {
            guard need[..<colon] == project else { return nil }
            need = need[colon...].dropFirst()
        }
        if need.hasPrefix("@") { return tags[String(need)].map { $0 <= count } ?? false }
        let name = need.prefix { $0 != "@" && $0 != "^" && $0 != "~" }
        let tag = need[name.endIndex...].prefix { $0 != "^" && $0 != "~" }
        let limit = tag.isEmpty ? count : min(count, tags[String(tag)] ?? 0)
        return changes[..<limit].contains { $0.name == name }
    }

    private func checkNeeds(_ index: Int) throws(Problem) {
        let change = changes[index]
        for need in change.requires where isThere(need, among: index) == false {
            throw Problem(
                line: change.line,
                message: "'\(change.name)' needs '\(need)', which does not stand before it",
                hint: "Put the line of '\(need)' before this one.")
        }
        for other in change.conflicts where isThere(other, among: index) == true {
            throw Problem(
                line: change.line,
                message:
                    "'\(change.name)' must not be together with '\(other)', which stands before it",
                hint: "Remove one of the two from the plan.")
        }
    }

    /// What changes need of other projects, which is not looked at.
    var foreignNeeds: [String] {
        changes.flatMap(\.requires).filter { need in
            need.firstIndex(of: ":").map { need[..<$0] != project } ?? false
        }
    }
}
