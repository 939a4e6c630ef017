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
        guard Version(version) != nil else { return [] }
        guard tool == .dbmate else { return newestVersion }
        return [
            Step(
                "INSERT INTO \(table.quoted) (version) VALUES (\(store.parameter(1))) "
                    + "ON CONFLICT DO NOTHING", [.text(version)])
        ]
    }

    /// The steps that follow the removal of our row.
    func reverted(_ version: String) -> [Step] {
        guard Version(version) != nil else { return [] }
        guard tool == .dbmate else { return newestVersion }
        return [
            Step(
                "DELETE FROM \(table.quoted) WHERE version = \(store.parameter(1))",
                [.text(version)])
        ]
    }

    /// golang-migrate's table holds the newest version and nothing else.
    private var newestVersion: [Step] {
        let isPostgres = store.dialect == .postgres
        return [
            Step("DELETE FROM \(table.quoted)"),
            Step(
                "INSERT INTO \(table.quoted) (version, dirty) SELECT "
                    + (isPostgres
                        ? "max(version::bigint), false" : "max(CAST(version AS integer)), 0")
                    + " FROM \(store.table) WHERE state = 'applied' AND \(isNumber) "
                    + "HAVING count(*) > 0"),
        ]
    }

    /// What of the old tool's table our history does not have.
    var newcomers: Step {
        guard tool == .dbmate else {
            let number = store.dialect == .postgres ? "version::bigint" : "CAST(version AS integer)"
            return Step(
                "SELECT CAST(version AS text), dirty FROM \(table.quoted) o WHERE dirty "
                    + "OR version > coalesce((SELECT max(\(number)) FROM \(store.table) "
                    + "WHERE \(isNumber)), -1)")
        }
        return Step(
            "SELECT CAST(o.version AS text), NULL FROM \(table.quoted) o WHERE NOT EXISTS "
                + "(SELECT 1 FROM \(store.table) h WHERE h.version = o.version) ORDER BY 1")
    }

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
    /// - Throws: `.refused`.
    func checkAlsoWritten() throws(MigrationError) {
        try openAlsoWritten()
        guard let alsoWritten else { return }
        let rows = try connection.runOwn([alsoWritten.newcomers])[0].rows
        guard let first = rows.first?[0].string else { return }
        let title = alsoWritten.tool.title
        guard rows.first?[1].boolean != true else {
            throw MigrationError(
                .refused, "\(title)'s table is dirty at version \(first): its last run failed",
                hint: "Finish or undo by hand what it did, and tell it with 'force'. Then run this "
                    + "again.", versions: [first])
        }
        let versions = rows.compactMap(\.values[0].string)
        throw MigrationError(
            .refused, "\(title) has applied \(UpPlanner.list(versions)), which our history has not",
            hint: "Record it: migrate repair --mark-applied \(versions.joined(separator: " "))",
            versions: versions)
    }
}
