internal import Database

/// Every row of every table against the table's own rules: NOT NULL, CHECK, and the bounds of the
/// partition that it is. One reading of a table answers all of them.
///
/// The rules stand in `FILTER` and never in `WHERE`: the planner believes a NOT NULL column and,
/// with `constraint_exclusion`, a CHECK, and would answer without looking. A CHECK that is NULL is
/// satisfied. Foreign tables are left out, for their constraints are not enforced.
struct TableRules {
    private struct Rule {
        var table: String
        var check: Check
        /// The constraint, or the column.
        var name: String
        /// True for a row that breaks it.
        var broken: String
        var identity: String
    }

    /// So many rules in one query; a SELECT has at most 1664 columns.
    private static let ruleLimit = 500

    static let checks = [Check.notNullViolation, .checkViolation, .partitionBound]

    /// The findings of all tables, in the tables' order.
    static func find(_ reader: PostgresReader) throws(DatabaseError) -> [Finding] {
        let rows = try reader.answer([Step(query(reader))])[0].rows
        var findings: [Finding] = []
        var rest = rows.map(rule)[...]
        while let table = rest.first?.table {
            let rules = rest.prefix { $0.table == table }.prefix(ruleLimit)
            findings += try check(Array(rules), reader)
            rest = rest.dropFirst(rules.count)
        }
        return findings
    }

    private static func rule(_ row: Row) -> Rule {
        let name = row[2].string ?? ""
        let expression = row[3].string ?? ""
        let check: Check
        let broken: String
        switch row[1].string {
        case "not_null":
            check = .notNullViolation
            broken = "pg_catalog.num_nulls(\(expression)) = 1"
        case "check":
            check = .checkViolation
            broken = "NOT (\(expression))"
        default:
            check = .partitionBound
            broken = "NOT (\(expression))"
        }
        return Rule(
            table: row[0].string ?? "", check: check, name: name, broken: broken,
            identity: "\(row[4].string ?? "")/\(name)")
    }

    private static func check(
        _ rules: [Rule], _ reader: PostgresReader
    ) throws(DatabaseError) -> [Finding] {
        guard let table = rules.first?.table else { return [] }
        let counts = rules.map { "pg_catalog.count(*) FILTER (WHERE \($0.broken))" }
        let step = Step("SELECT \(counts.joined(separator: ", ")) FROM ONLY \(table)")
        switch try reader.answerOne(step, .rows) {
        case .success(let result):
            let row = result.rows.first?.values ?? []
            return zip(rules, row).compactMap { rule, count in
                finding(rule, count.integer ?? 0)
            }
        case .failure(let error):
            guard rules.count > 1 else {
                return rules.map {
                    Finding(
                        $0.check.name, couldNotLookAt: $0.table, error, identity: $0.identity)
                }
            }
            if error.code == .insufficientPrivilege || error.code == .statementTimeout
                || error.code == .lockTimeout
            {
                return [Finding(rules[0].check.name, couldNotLookAt: table, error)]
            }
            // One rule cannot be evaluated; the others can still be.
            var findings: [Finding] = []
            for rule in rules { findings += try check([rule], reader) }
            return findings
        }
    }

    private static func finding(_ rule: Rule, _ count: Int64) -> Finding? {
        guard count > 0 else { return nil }
        let rows = counted(count, "row")
        let problem: String
        var facts: [String: DatabaseValue] = ["row_count": .integer(count)]
        switch rule.check {
        case .notNullViolation:
            problem =
                "\(rows) \(count == 1 ? "has" : "have") NULL in the column '\(rule.name)', "
                + "which is NOT NULL"
            facts["column"] = .text(rule.name)
        case .checkViolation:
            problem = "\(rows) \(count == 1 ? "breaks" : "break") the constraint '\(rule.name)'"
            facts["constraint"] = .text(rule.name)
        default:
            problem = "\(rows) \(count == 1 ? "does" : "do") not belong into this partition"
        }
        return Finding(
            rule.check.name, object: rule.table, problem: problem,
            hint: "SELECT * FROM ONLY \(rule.table) WHERE \(rule.broken);", facts: facts,
            identity: rule.identity, extent: count)
    }

    private static func query(_ reader: PostgresReader) -> String {
        """
        SELECT \(CatalogSQL.name("n", "c")), r.kind, r.name, r.expression, c.oid \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        CROSS JOIN LATERAL (\
        SELECT 1 AS position, 'not_null' AS kind, a.attname::text AS name, \
        pg_catalog.quote_ident(a.attname) AS expression FROM pg_catalog.pg_attribute a \
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped \
        UNION ALL SELECT 2, 'check', k.conname::text, \
        pg_catalog.pg_get_expr(k.conbin, k.conrelid) FROM pg_catalog.pg_constraint k \
        WHERE k.conrelid = c.oid AND k.contype = 'c' \
        AND \(CatalogSQL.isEnforced("k", version: reader.version)) \
        UNION ALL SELECT 3, 'bound', '', pg_catalog.pg_get_partition_constraintdef(c.oid) \
        WHERE c.relispartition) r \
        WHERE c.relkind = 'r' AND r.expression IS NOT NULL \
        AND \(CatalogSQL.canBeRead("c")) AND \(CatalogSQL.isUserSchema("n")) ORDER BY 1, r.position, 3
        """
    }
}
