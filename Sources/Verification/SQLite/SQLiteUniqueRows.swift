internal import Database
internal import SQLText

/// Keys that are there twice under a unique index or a primary key, found by grouping the rows
/// themselves.
///
/// A rowid, or the integer primary key that stands for it, cannot be there twice as long as the
/// table's own tree is in order, which `integrity_check` looks at.
enum SQLiteUniqueRows {
    private struct Index {
        var name: String
        var keys: [String]
        var filter: String?
    }

    static func find(
        _ tables: [SQLiteTable], _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Finding] {
        var findings: [Finding] = []
        for table in tables {
            switch try reader.answer(
                """
                SELECT l.name, m.sql FROM pragma_index_list(?1, 'main') l \
                LEFT JOIN main.sqlite_master m ON m.type = 'index' AND m.name = l.name \
                WHERE l."unique" ORDER BY l.seq
                """, [.text(table.name)])
            {
            case .failure(let error):
                findings.append(
                    Finding(Check.uniqueViolation.name, couldNotLookAt: table.name, error))
            case .success(let result):
                for row in result.rows {
                    let index = try index(row[0].string ?? "", row[1].string, reader)
                    findings += try check(index, table, reader)
                }
            }
        }
        return findings
    }

    /// The index's keys: columns by name, expressions and the condition from its text.
    private static func index(
        _ name: String, _ sql: String?, _ reader: SQLiteReader
    ) throws(DatabaseError) -> Index {
        let text = sql.map(CreateIndexText.init)
        let rows = try reader.connection.query(
            "SELECT name, coll FROM pragma_index_xinfo(?1, 'main') WHERE \"key\" ORDER BY seqno",
            [.text(name)]
        ).rows
        let keys = rows.enumerated().map { position, row in
            // '+' keeps the planner from answering out of an index's order.
            let key =
                row[0].string.map { "+\(quotedIdentifier($0))" }
                ?? "(\(text?.keys[safely: position] ?? "NULL")\n)"
            return key + (row[1].string.map { " COLLATE \(quotedIdentifier($0))" } ?? "")
        }
        return Index(name: name, keys: keys, filter: text?.filter)
    }

    private static func check(
        _ index: Index, _ table: SQLiteTable, _ reader: SQLiteReader
    ) throws(DatabaseError) -> [Finding] {
        let check = Check.uniqueViolation.name
        let names = index.keys.indices.map { "k\($0 + 1)" }
        let list = zip(index.keys, names).map { "\($0) AS \($1)" }.joined(separator: ", ")
        let conditions =
            index.keys.map { "\($0) IS NOT NULL" } + (index.filter.map { ["(\($0)\n)"] } ?? [])
        let groups = index.keys.joined(separator: ", ")
        let duplicates = """
            SELECT \(list), count(*) AS copies FROM \(table.item) \
            WHERE \(conditions.joined(separator: " AND ")) GROUP BY \(groups) HAVING count(*) > 1
            """
        switch try reader.answer(
            "SELECT d.*, count(*) OVER () AS keys FROM (\(duplicates)) d LIMIT 5")
        {
        case .failure(let error):
            return [Finding(check, couldNotLookAt: index.name, error)]
        case .success(let result):
            guard let count = result.rows.first?.values.last?.integer else { return [] }
            var rows = Finding.Rows(result, count: Int(count))
            rows.columns.removeLast()
            rows.values = rows.values.map { $0.dropLast() }
            return [
                Finding(
                    check, object: index.name,
                    problem: "\(counted(count, "key")) \(count == 1 ? "is" : "are") more than once "
                        + "in '\(table.name)', which the index rules out",
                    hint: "Mend or delete the rows that are too many, then REINDEX "
                        + "\(quotedIdentifier(index.name));",
                    facts: ["table": .text(table.name)], rows: rows, extent: count)
            ]
        }
    }
}

/// What the text of a CREATE INDEX tells and no PRAGMA does: its expressions, and its condition.
struct CreateIndexText {
    /// The keys as they are written, without COLLATE being taken off; ASC and DESC are.
    private(set) var keys: [String] = []
    /// What stands behind WHERE; nil where there is none.
    private(set) var filter: String?

    /// Source: https://www.sqlite.org/lang_createindex.html
    init(_ sql: String) {
        guard let script = try? SQLScript(Array(sql.utf8), dialect: .sqlite),
            let statement = script.statements.first
        else { return }
        let tokens = script.tokens(of: statement)
        let words = tokens.map { token in
            token.kind == .word
                ? script.text(of: token).uppercased() : script.text(of: token)
        }
        guard let open = words.firstIndex(of: "(") else { return }
        let close = CreateTableText.closing(words, from: open)
        var start = open + 1
        var depth = 0
        for index in open...close {
            if words[index] == "(" { depth += 1 }
            if words[index] == ")" { depth -= 1 }
            guard depth == 0 || depth == 1 && words[index] == "," else { continue }
            var end = index
            if end > start, ["ASC", "DESC"].contains(words[end - 1]) { end -= 1 }
            if end > start {
                keys.append(
                    script.text(
                        of: tokens[start].range.lowerBound..<tokens[end - 1].range.upperBound))
            }
            start = index + 1
        }
        if close + 2 < tokens.count, words[close + 1] == "WHERE" {
            filter = script.text(
                of: tokens[close + 2].range.lowerBound..<statement.range.upperBound)
        }
    }
}
