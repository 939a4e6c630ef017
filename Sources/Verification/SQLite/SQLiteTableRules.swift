internal import Database

/// Every row of every table against the table's own rules: NOT NULL, CHECK, and the types of a
/// STRICT table, read from the table and not from an index.
///
/// SQLite believes a NOT NULL column and answers `IS NULL` without looking; `typeof` looks. A
/// CHECK that is NULL is satisfied.
enum SQLiteTableRules {
    private struct Rule {
        var check: Check
        /// True for a row that breaks it.
        var broken: String
        var problem: (String) -> String
        var facts: [String: DatabaseValue]
    }

    /// So many rules in one query; SQLite allows 2000 columns.
    private static let ruleLimit = 500

    static func find(
        _ tables: [SQLiteTable], _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Finding] {
        var findings: [Finding] = []
        for table in tables {
            var rest = rules(table)[...]
            while !rest.isEmpty {
                findings += try check(Array(rest.prefix(ruleLimit)), table, reader)
                rest = rest.dropFirst(ruleLimit)
            }
        }
        return findings
    }

    private static func rules(_ table: SQLiteTable) -> [Rule] {
        let notNull = table.columns.filter(\.isNotNull).map { column in
            Rule(
                check: .notNullViolation,
                broken: "typeof(\(quotedIdentifier(column.name))) = 'null'",
                problem: { "\($0) NULL in the column '\(column.name)', which is NOT NULL" },
                facts: ["column": .text(column.name)])
        }
        let checks = table.checks.map { check in
            let name = check.name.map { "constraint '\($0)'" } ?? "CHECK (\(check.expression))"
            // The text may end in a line comment.
            return Rule(
                check: .checkViolation, broken: "NOT (\(check.expression)\n)",
                problem: { "\($0) a value that the \(name) forbids" },
                facts: check.name.map { ["constraint": .text($0)] } ?? [:])
        }
        return notNull + checks + (table.isStrict ? table.columns.compactMap(strictRule) : [])
    }

    /// Source: https://www.sqlite.org/stricttables.html
    private static func strictRule(_ column: SQLiteTable.Column) -> Rule? {
        let type: String
        switch column.type {
        case "INT", "INTEGER": type = "integer"
        case "REAL": type = "real"
        case "TEXT": type = "text"
        case "BLOB": type = "blob"
        default: return nil
        }
        return Rule(
            check: .strictType,
            broken: "typeof(\(quotedIdentifier(column.name))) NOT IN ('\(type)', 'null')",
            problem: { "\($0) another type than \(column.type) in the column '\(column.name)'" },
            facts: ["column": .text(column.name), "type": .text(column.type)])
    }

    private static func check(
        _ rules: [Rule], _ table: SQLiteTable, _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Finding] {
        guard !rules.isEmpty else { return [] }
        let counts = rules.map { "count(*) FILTER (WHERE \($0.broken))" }.joined(separator: ", ")
        switch try reader.answer("SELECT \(counts) FROM \(table.item)") {
        case .success(let result):
            let row = result.rows.first?.values ?? []
            return zip(rules, row).compactMap { rule, value in
                guard let count = value.integer, count > 0 else { return nil }
                let rows = "\(counted(count, "row")) \(count == 1 ? "has" : "have")"
                return Finding(
                    rule.check.name, object: table.name, problem: rule.problem(rows),
                    hint: "SELECT * FROM \(quotedIdentifier(table.name)) WHERE "
                        + "\(rule.broken.replacing("\n", with: " "));",
                    facts: rule.facts.merging(["row_count": .integer(count)]) { $1 },
                    identity: "\(table.name)/\(rule.broken)", extent: count)
            }
        case .failure(let error):
            guard rules.count > 1 else {
                return [Finding(rules[0].check.name, couldNotLookAt: table.name, error)]
            }
            // One rule cannot be evaluated; the others can still be.
            var findings: [Finding] = []
            for rule in rules { findings += try check([rule], table, reader) }
            return findings
        }
    }
}
