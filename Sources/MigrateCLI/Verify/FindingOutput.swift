internal import Database
internal import Migrations
internal import Verification

extension App {
    /// Prints what a verification found, and a summary.
    func print(_ report: VerificationReport) {
        for finding in report.findings {
            let style: Terminal.Style = finding.severity == .error ? .red : .yellow
            terminal.result(
                terminal.styled(finding.severity.rawValue + ":", style) + " "
                    + finding.line)
            for line in finding.rows?.lines(terminal) ?? [] { terminal.result("    " + line) }
            if let hint = finding.hint { terminal.result("  hint: " + hint) }
        }
        for note in report.notes { terminal.result("note: " + note) }
        let checks = "\(count(report.checks.count, "check")) ran"
        let found = [
            (report.errors.count, "error"), (report.warnings.count, "warning"),
        ].filter { $0.0 > 0 }.map { count($0.0, $0.1) }
        terminal.result(
            found.isEmpty
                ? "\(checks), nothing found" : "\(checks): \(found.joined(separator: ", "))")
    }
}

extension VerificationReport {
    /// The facts for the JSON document.
    var facts: [String: JSONValue] {
        [
            "findings": .array(findings.map(\.json)),
            "checks": .array(
                checks.map {
                    .object([
                        "check": .string($0.name), "findings": .integer(Int64($0.findings)),
                    ])
                }),
            "notes": JSONValue(notes),
        ]
    }
}

extension Finding {
    /// What and where, in one line: `public.orders: 2 rows … [broken_foreign_key]`.
    var line: String {
        let place = place.map { "\($0.file):\($0.line):\($0.column)" } ?? object
        return "\(place): \(problem) [\(check)]"
    }

    /// The finding as the JSON document has it.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "check": .string(check), "severity": .string(severity.rawValue),
            "object": .string(object), "problem": .string(problem), "hint": JSONValue(hint),
        ]
        for (name, value) in facts {
            if case .integer(let number) = value {
                members[name] = .integer(number)
            } else {
                members[name] = JSONValue(value.string)
            }
        }
        if let place {
            members["file"] = .string(place.file)
            members["line"] = .integer(Int64(place.line))
            members["column"] = .integer(Int64(place.column))
        }
        if let rows {
            members["columns"] = JSONValue(rows.columns)
            members["rows"] = .array(rows.values.map { .array($0.map { JSONValue($0) }) })
            members["row_count"] = .integer(Int64(rows.count))
        }
        return .object(members)
    }
}

extension Finding.Rows {
    /// Three of the rows, a line each: `id=1 name=x`.
    var notes: [String] {
        let shown = values.prefix(3)
        return shown.map { row in
            zip(columns, row).map { "\($0)=\(($1 ?? "NULL").onOneLine)" }.joined(separator: " ")
        } + (count > shown.count ? ["… and \(count - shown.count) more"] : [])
    }

    /// The rows as a table, long values cut, and how many there are beside them.
    fileprivate func lines(_ terminal: Terminal) -> [String] {
        var table = Table(columns, shrinking: Set(columns.indices))
        for row in values {
            table.add(row.map { ($0 ?? "NULL").onOneLine })
        }
        let others = count - values.count
        return table.lines(terminal) + (others > 0 ? ["… and \(others) more"] : [])
    }
}

extension String {
    /// At most 60 characters, line ends shown as spaces.
    fileprivate var onOneLine: String {
        let line = String(map { $0.isNewline || $0 == "\t" ? " " : $0 })
        return line.count > 60 ? line.prefix(59) + "…" : line
    }
}

// MARK: Before a commit

extension CheckFinding {
    /// A finding of the verification as the runner knows it.
    init(_ finding: Finding) {
        self.init(
            check: finding.check, isBlocking: finding.severity == .error, object: finding.object,
            problem: finding.problem, hint: finding.hint)
        facts = finding.facts
        rows = finding.rows.map { Rows(columns: $0.columns, values: $0.values, count: $0.count) }
        place = finding.place.map { Place(file: $0.file, line: $0.line, column: $0.column) }
    }
}

extension Finding {
    /// A finding of the runner as the verification made it.
    init(_ finding: CheckFinding) {
        self.init(
            finding.check, finding.isBlocking ? .error : .warning, object: finding.object,
            problem: finding.problem, hint: finding.hint, facts: finding.facts)
        rows = finding.rows.map { Rows(columns: $0.columns, values: $0.values, count: $0.count) }
        place = finding.place.map { Place(file: $0.file, line: $0.line, column: $0.column) }
    }
}
