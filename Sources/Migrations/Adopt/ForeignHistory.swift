/// One row of another tool's history, in the same form for all tools.
package struct ForeignRecord: Sendable, Hashable {
    /// What the row says of its migration.
    package enum State: String, Sendable {
        /// It is in effect.
        case applied
        /// It was reverted, or its row was made void.
        case reverted
        /// It failed, or has never ended.
        case failed
    }

    /// The version as the tool writes it; nil where the tool knows names only.
    package var version: String?
    /// Its name or description.
    package var name: String?
    /// The file that it was, where the row says so.
    package var file: String?
    /// RFC 3339, UTC; nil where the tool keeps no time.
    package var appliedAt: String?
    /// Who applied it.
    package var appliedBy: String?
    /// The checksum in the tool's own form.
    package var checksum: String?
    /// What became of it.
    package var state: State
    /// What kind of row it is, in the tool's own word: Flyway's type, Sqitch's project.
    package var kind: String?

    /// Creates one.
    package init(
        version: String? = nil, name: String? = nil, file: String? = nil, appliedAt: String? = nil,
        appliedBy: String? = nil, checksum: String? = nil, state: State = .applied,
        kind: String? = nil
    ) {
        self.version = version
        self.name = name
        self.file = file
        self.appliedAt = appliedAt
        self.appliedBy = appliedBy
        self.checksum = checksum
        self.state = state
        self.kind = kind
    }

    /// What a person calls it.
    var label: String { version ?? name ?? file ?? "?" }
}

/// What another tool's table says, once its rules are applied. Pure.
package struct ForeignHistory: Sendable {
    /// The tool.
    package let tool: HistoryTool
    /// Its table.
    package let table: ForeignTable
    /// What is in effect, oldest first.
    package private(set) var applied: [ForeignRecord] = []
    /// Repeatable migrations in effect, the newest row of each.
    package private(set) var repeatables: [ForeignRecord] = []
    /// A version that stands for itself and all before it: golang-migrate's only row, Flyway's baseline.
    package private(set) var upTo: ForeignRecord?
    /// Rows that failed or have never ended: they keep the history from being taken over.
    package private(set) var failed: [ForeignRecord] = []

    /// Applies the tool's rules to its rows.
    ///
    /// - Parameters:
    ///   - tool: whose rows they are.
    ///   - table: where they stand.
    ///   - records: the rows in the order in which they were written.
    package init(tool: HistoryTool, table: ForeignTable, records: [ForeignRecord]) {
        self.tool = tool
        self.table = table
        switch tool {
        case .golangMigrate:
            if let row = records.last {
                if row.state == .failed { failed = [row] } else { upTo = row }
            }
        case .goose: readGoose(records)
        case .flyway: readFlyway(records)
        default:
            applied = records.filter { $0.state == .applied }
            failed = records.filter { $0.state == .failed }
        }
    }

    /// The newest row of a version counts; version 0 is the row with which the table was made.
    private mutating func readGoose(_ records: [ForeignRecord]) {
        var newest: [String: Int] = [:]
        for (index, record) in records.enumerated() {
            if let version = record.version { newest[version] = index }
        }
        applied = newest.values.sorted().map { records[$0] }.filter {
            $0.state == .applied && $0.version != "0"
        }
    }

    /// Rows in the order of their rank: an undo or a deletion makes the rows before it void.
    private mutating func readFlyway(_ records: [ForeignRecord]) {
        for record in records {
            let kind = record.kind ?? ""
            guard let version = record.version else {
                // SCHEMA: the row that says that Flyway made the schema.
                guard kind != "SCHEMA" else { continue }
                repeatables.removeAll { $0.name == record.name }
                if kind == "DELETE" { continue }
                if record.state == .failed {
                    failed.append(record)
                } else {
                    repeatables.append(record)
                }
                continue
            }
            if record.state == .failed {
                failed.append(record)
            } else if kind.hasPrefix("UNDO") || kind == "DELETE" {
                applied.removeAll { $0.version == version }
            } else if kind.hasSuffix("BASELINE") {
                upTo = record
            } else {
                applied.removeAll { $0.version == version }
                applied.append(record)
            }
        }
    }

    /// Whether the table says that nothing is applied.
    var isEmpty: Bool { applied.isEmpty && upTo == nil && repeatables.isEmpty && failed.isEmpty }
}
