internal import Database

/// The old tool's table, which is kept current for as long as both tools are in use: its rows are
/// written in the transaction of ours.
struct AlsoWrittenTable {
    /// dbmate or golang-migrate.
    let tool: HistoryTool
    /// Its table.
    let table: ForeignTable
    /// Our history.
    let store: HistoryStore

    /// The steps that follow our row of a migration that was applied.
    func applied(_ version: String) -> [Step] {
        guard Version(version) != nil, !version.contains(".") else { return [] }
        guard tool == .dbmate else {
            // Its table holds the newest version and nothing else: what was late does not set it back.
            let number = numeral(version)
            return [
                Step("DELETE FROM \(table.quoted) WHERE version < \(number)"),
                Step(
                    "INSERT INTO \(table.quoted) (version, dirty) SELECT \(number), \(isNotDirty) "
                        + "WHERE NOT EXISTS (SELECT 1 FROM \(table.quoted))"),
            ]
        }
        return [
            Step(
                "INSERT INTO \(table.quoted) (version) VALUES (\(store.parameter(1))) "
                    + "ON CONFLICT DO NOTHING", [.text(version)])
        ]
    }

    /// The steps that follow the removal of our row.
    func reverted(_ version: String) -> [Step] {
        guard Version(version) != nil, !version.contains(".") else { return [] }
        guard tool == .dbmate else {
            return [
                Step("DELETE FROM \(table.quoted) WHERE version = \(numeral(version))"),
                Step(
                    "INSERT INTO \(table.quoted) (version, dirty) SELECT max(\(number)), "
                        + "\(isNotDirty) FROM \(store.table) WHERE \(isNumber) AND state IN "
                        + "('applied', 'baseline') HAVING count(*) > 0 AND NOT EXISTS "
                        + "(SELECT 1 FROM \(table.quoted))"),
            ]
        }
        return [
            Step(
                "DELETE FROM \(table.quoted) WHERE version = \(store.parameter(1))",
                [.text(version)])
        ]
    }

    /// What of the old tool's table our history does not have.
    var newcomers: Step {
        guard tool == .dbmate else {
            return Step(
                "SELECT CAST(version AS text), dirty FROM \(table.quoted) o WHERE dirty "
                    + "OR version > coalesce((SELECT max(\(number)) FROM \(store.table) "
                    + "WHERE \(isNumber)), -1)")
        }
        return Step(
            "SELECT CAST(o.version AS text), NULL FROM \(table.quoted) o WHERE NOT EXISTS "
                + "(SELECT 1 FROM \(store.table) h WHERE h.version = o.version) ORDER BY 1")
    }

    /// What our history has as applied, and the old tool's table not any more.
    var leavers: Step {
        let missing =
            tool == .dbmate
            ? "NOT EXISTS (SELECT 1 FROM \(table.quoted) o WHERE o.version = h.version)"
            : "\(number) > coalesce((SELECT max(o.version) FROM \(table.quoted) o), -1)"
        return Step(
            "SELECT version FROM \(store.table) h WHERE state = 'applied' AND CASE WHEN \(isNumber) "
                + "THEN \(missing) ELSE 1 = 0 END ORDER BY version")
    }

    /// A version that golang-migrate's column can hold; its digits are a number in SQL too.
    private func numeral(_ version: String) -> String {
        let digits = version.drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }

    private var number: String {
        store.dialect == .postgres ? "version::bigint" : "CAST(version AS integer)"
    }

    private var isNotDirty: String { store.dialect == .postgres ? "false" : "0" }

    private var isNumber: String {
        store.dialect == .postgres
            ? "version ~ '^[0-9]+$'" : "version <> '' AND version NOT GLOB '*[^0-9]*'"
    }
}

extension Migrator {
    /// Finds the table that is to be kept current with ours, where there is one.
    ///
    /// - Throws: `.refused` where it is not there.
    func openAlsoWritten() throws(MigrationError) {
        guard let tool = context.alsoWrite, alsoWritten == nil else { return }
        do {
            let (_, table) = try foreignTable(AdoptRequest(tool: tool), withRegistry: false)
            alsoWritten = AlsoWrittenTable(tool: tool, table: table, store: store)
        } catch {
            guard error.code == .invalidRequest else { throw error }
            throw MigrationError(
                .refused,
                "'also_write: \(tool.rawValue)' wants its table kept current, and \(error.message)",
                hint: "Remove 'also_write' once \(tool.title) is not in use any more.")
        }
    }

    /// Refuses a run where the old tool has gone ahead of our history, or failed: what it has applied
    /// would be run again.
    ///
    /// - Parameter rows: our history.
    /// - Throws: `.refused`.
    func checkAlsoWritten(_ rows: [HistoryRow]) throws(MigrationError) {
        try openAlsoWritten()
        guard let alsoWritten else { return }
        let newcomers = try connection.runOwn([alsoWritten.newcomers])[0].rows
        let title = alsoWritten.tool.title
        guard let first = newcomers.first?[0].string else {
            return try refuseLeavers(alsoWritten, title)
        }
        guard newcomers.first?[1].boolean != true else {
            throw MigrationError(
                .refused, "\(title)'s table is dirty at version \(first): its last run failed",
                hint:
                    "Finish or undo by hand what it did, and tell it with its own 'force'. Then run "
                    + "this again.", versions: [first])
        }
        let versions = newcomers.compactMap(\.values[0].string)
        let unrecorded = try unrecorded(versions, by: alsoWritten.tool, rows)
        throw MigrationError(
            .refused, "\(title) has applied \(UpPlanner.list(versions)), which our history has not",
            hint: unrecorded.isEmpty
                ? "There is no file of it in '\(context.folder)': bring it back first."
                : "Record it: migrate repair --mark-applied \(unrecorded.joined(separator: " "))",
            versions: versions)
    }

    /// Refuses a run where the old tool has taken back what our history has: what follows may need it.
    private func refuseLeavers(
        _ alsoWritten: AlsoWrittenTable, _ title: String
    ) throws(MigrationError) {
        let rows = try connection.runOwn([alsoWritten.leavers])[0].rows
        let versions = rows.compactMap(\.values[0].string)
        guard !versions.isEmpty else { return }
        throw MigrationError(
            .refused,
            "\(title)'s table does not have \(UpPlanner.list(versions)), which our history has",
            hint:
                "Where \(title) has reverted \(versions.count == 1 ? "it" : "them"), say so: migrate "
                + "repair --mark-reverted \(versions.joined(separator: " ")). Where 'also_write' was not "
                + "set when \(versions.count == 1 ? "it" : "they") ran, record "
                + "\(versions.count == 1 ? "it" : "them") there.",
            versions: versions)
    }

    /// The files that our history lacks of what the old tool has applied. golang-migrate's version
    /// stands for all up to it.
    private func unrecorded(
        _ versions: [String], by tool: HistoryTool, _ rows: [HistoryRow]
    ) throws(MigrationError) -> [String] {
        let known = Set(rows.filter { $0.state == .applied || $0.state == .baseline }.map(\.number))
        let applied = versions.compactMap { Version($0) }
        return try sources().folder.migrations.filter { migration in
            let isApplied =
                tool == .golangMigrate
                ? applied.contains { migration.version <= $0 } : applied.contains(migration.version)
            return isApplied && migration.up != nil && !known.contains(migration.version)
        }.map(\.version.text)
    }
}
