internal import PostgresCatalog

/// Whether a table is there as a snapshot has it, as far as its rows are concerned: columns, defaults,
/// constraints and partitions. Indexes, triggers, policies, privileges and comments stay as they are.
enum TableDefinition {
    private static let kinds: Set<String> = [
        "TABLE", "DEFAULT", "CHECK CONSTRAINT", "NOT NULL CONSTRAINT", "CONSTRAINT",
        "FK CONSTRAINT", "TABLE ATTACH", "SEQUENCE",
    ]

    /// - Parameters:
    ///   - table: one that is there and in the snapshot.
    ///   - snapshot: what the snapshot has.
    ///   - target: what is there.
    ///   - created: the tables that are missing and come along.
    /// - Throws: `.refused` with what differs.
    static func check(
        _ table: RestoredTable, _ snapshot: TableRelations, _ target: TableRelations,
        creating created: Set<RestoredTable>
    ) throws(SnapshotError) {
        var wanted = definitions(table, snapshot)
        let found = definitions(table, target)
        // A key to a table that was dropped went with it.
        for entry in snapshot.parts[table] ?? [] where entry.kind == "FK CONSTRAINT" {
            let others = snapshot.dependencies(of: entry)
            if others.contains(where: { target.tables[$0] == nil }) {
                wanted[EntryKey(entry)] = nil
            }
        }
        var differences: [String] = []
        for (key, lines) in wanted.sorted(by: { $0.key.name < $1.key.name }) {
            guard let other = found[key] else {
                differences.append("it lacks the \(key.kind.lowercased()) '\(key.name)'")
                continue
            }
            let (mine, theirs) = (only(lines, not: other), only(other, not: lines))
            if mine.isEmpty, theirs.isEmpty {
                if lines != other { differences.append("its columns are in another order") }
                continue
            }
            differences.append(difference(mine, theirs))
        }
        for key in found.keys.sorted(by: { $0.name < $1.name }) where wanted[key] == nil {
            differences.append("it has the \(key.kind.lowercased()) '\(key.name)' besides")
        }
        for child in target.children(of: table) where snapshot.parents[child] != table {
            differences.append("it has the partition \(child.text) besides")
        }
        guard !differences.isEmpty else { return }
        throw SnapshotError(
            .refused,
            "\(table.text) is not defined as in the snapshot: "
                + differences.prefix(3).joined(separator: "; "),
            hint: "Restore it with --into a new database and take over the rows you need, or drop "
                + "or rename the table first, so that it is created as the snapshot has it.")
    }

    private static func only(_ lines: [String], not others: [String]) -> [String] {
        lines.filter { !others.contains($0) }
    }

    private static func difference(_ mine: [String], _ theirs: [String]) -> String {
        if mine.isEmpty { return "it has \(quoted(theirs)) besides" }
        if theirs.isEmpty { return "it lacks \(quoted(mine))" }
        return "the snapshot has \(quoted(mine)), and the target \(quoted(theirs))"
    }

    private static func quoted(_ lines: [String]) -> String {
        lines.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    }

    /// The lines of what defines a table.
    private static func definitions(
        _ table: RestoredTable, _ relations: TableRelations
    ) -> [EntryKey: [String]] {
        var definitions: [EntryKey: [String]] = [:]
        let parts = (relations.tables[table].map { [$0] } ?? []) + (relations.parts[table] ?? [])
        for entry in parts where kinds.contains(entry.kind) {
            // An owned sequence may have been changed without the table.
            if relations.owned[entry.id] != nil { continue }
            let lines = entry.statements.map(\.sql).filter(isDefinition)
                .flatMap { $0.split(separator: "\n") }
                .map { line in
                    let line = line.drop { $0 == " " }
                    return String(line.last == "," ? line.dropLast() : line)
                }
            let inherits = lines.contains { $0.hasPrefix("INHERITS (") }
            definitions[EntryKey(entry)] = inherits ? lines.sorted() : lines
        }
        return definitions
    }

    private static func isDefinition(_ sql: String) -> Bool {
        let isNote = ["COMMENT ON ", "SECURITY LABEL "].contains { sql.hasPrefix($0) }
        let isTuning = [" OWNER TO ", " SET STATISTICS ", " DEPENDS ON EXTENSION ", " CLUSTER ON "]
            .contains { sql.contains($0) && sql.hasPrefix("ALTER ") }
        return !isNote && !isTuning
    }
}
