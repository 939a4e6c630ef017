/// The state of one migration, from its files and its history row.
package struct MigrationStatus: Sendable, Hashable {
    /// The states. The raw values stand in JSON.
    package enum State: String, Sendable, CaseIterable {
        /// Ran, and its file says the same as then.
        case applied
        /// Did not run yet.
        case pending
        /// Did not run, and a newer one did.
        case outOfOrder = "out_of_order"
        /// Ran, and its file now holds other statements.
        case checksumMismatch = "checksum_mismatch"
        /// Ran, and its file is gone although newer files are there.
        case missing
        /// Ran, and is newer than all files: the files are from an older release.
        case future
        /// Without a transaction, and stopped part-way.
        case failedPartWay = "failed_part_way"
        /// Has files for another database only.
        case ignored
    }

    /// The version as written, or `R__name`.
    package var version: String
    /// The migration's name.
    package var name: String
    /// Its state.
    package var state: State
    /// When it was applied: RFC 3339, UTC.
    package var appliedAt: String?
    /// By whom.
    package var appliedBy: String?
    /// True where only comments or white space differ from what ran.
    package var onlyCommentsDiffer = false
    /// The phase of a pending migration.
    package var phase = Directives.Phase.expand
    /// How far a migration without transaction came.
    package var statementsDone: Int?
    /// Of how many statements.
    package var statementsTotal: Int?

    /// True where `up` could run it, now or in a later phase.
    package var isPending: Bool { state == .pending || state == .outOfOrder }
}

/// What is known of a migration's up file, as far as planning needs it.
struct FileFacts {
    var migration: Migration
    /// Nil where there is no file for this database.
    var checksum: String?
    /// Known only where the checksum is not the applied one.
    var contentDigest: String?
    var directives: Directives?
}

/// What is known of a repeatable migration's file.
struct RepeatableFacts {
    var migration: RepeatableMigration
    var checksum: String
    var contentDigest: String
}

/// Compares files with history. Pure.
enum StatusRules {
    /// The state of every migration: versioned ones by version, then repeatable ones by name.
    static func statuses(
        _ files: [FileFacts], _ repeatables: [RepeatableFacts], _ history: [HistoryRow]
    ) -> [MigrationStatus] {
        var rows: [Version: HistoryRow] = [:]
        var unreadable: [HistoryRow] = []
        for row in history where !row.isRepeatable {
            if let number = row.number { rows[number] = row } else { unreadable.append(row) }
        }
        let newestApplied = rows.keys.max()
        let newestFile = files.last?.migration.version
        var result = files.map {
            versioned($0, rows[$0.migration.version], newestApplied: newestApplied)
        }
        let known = Set(files.map(\.migration.version))
        for (number, row) in rows where !known.contains(number) {
            let isNewer = newestFile.map { number > $0 } ?? true
            result.append(gone(row, isNewer ? .future : .missing))
        }
        result.sort { left, right in
            guard let leftNumber = Version(left.version), let rightNumber = Version(right.version)
            else { return left.version < right.version }
            return leftNumber < rightNumber
        }
        result += unreadable.map { gone($0, .missing) }
        return result + repeatableStatuses(repeatables, history)
    }

    private static func versioned(
        _ file: FileFacts, _ row: HistoryRow?, newestApplied: Version?
    ) -> MigrationStatus {
        let migration = file.migration
        var status = MigrationStatus(
            version: row?.version ?? migration.version.text, name: migration.name, state: .applied,
            appliedAt: row?.appliedAt, appliedBy: row?.appliedBy)
        status.phase = file.directives?.phase ?? .expand
        guard let row else {
            let isLate = newestApplied.map { migration.version < $0 } ?? false
            if migration.up == nil {
                status.state = .ignored
            } else if isLate && status.phase == .expand {
                status.state = .outOfOrder
            } else {
                status.state = .pending
            }
            return status
        }
        // A file of a baseline's version is what the other tool has applied.
        if row.state == .baseline { return status }
        if row.state != .applied {
            status.state = .failedPartWay
            status.statementsDone = row.statementsDone
            status.statementsTotal = row.statementsTotal
        } else if migration.up == nil {
            status.state = .ignored
        } else if let recorded = row.checksum, let now = file.checksum, recorded != now {
            if let content = file.contentDigest, content == row.contentDigest {
                status.onlyCommentsDiffer = true
            } else {
                status.state = .checksumMismatch
            }
        }
        return status
    }

    private static func gone(
        _ row: HistoryRow, _ state: MigrationStatus.State
    ) -> MigrationStatus {
        var status = MigrationStatus(
            version: row.version, name: row.name ?? "", state: state, appliedAt: row.appliedAt,
            appliedBy: row.appliedBy)
        if row.state == .baseline {
            status.state = .applied
        } else if row.state != .applied {
            status.state = .failedPartWay
            status.statementsDone = row.statementsDone
            status.statementsTotal = row.statementsTotal
        }
        return status
    }

    private static func repeatableStatuses(
        _ files: [RepeatableFacts], _ history: [HistoryRow]
    ) -> [MigrationStatus] {
        let rows = Dictionary(
            history.filter(\.isRepeatable).map { ($0.version, $0) }, uniquingKeysWith: { $1 })
        var result = files.map { file in
            let row = rows[file.migration.key]
            var status = MigrationStatus(
                version: file.migration.key, name: file.migration.name, state: .pending,
                appliedAt: row?.appliedAt, appliedBy: row?.appliedBy)
            if let row, row.state != .applied {
                status.state = .failedPartWay
                status.statementsDone = row.statementsDone
                status.statementsTotal = row.statementsTotal
            } else if let row, row.contentDigest == file.contentDigest {
                status.state = .applied
                status.onlyCommentsDiffer = row.checksum != file.checksum
            }
            return status
        }
        let known = Set(files.map(\.migration.key))
        result += rows.values.filter { !known.contains($0.version) }
            .sorted { $0.version < $1.version }.map { gone($0, .missing) }
        return result
    }
}
