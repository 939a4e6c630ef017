internal import Database

/// SQLite's foreign keys around a migration that must run with their enforcement off, such as the
/// rebuild of a table.
///
/// Source: https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
/// Changes": step 1, `PRAGMA foreign_keys=OFF` before the transaction; step 10, `PRAGMA
/// foreign_key_check` before COMMIT; step 12, the setting restored.
extension Migrator {
    /// What was set before, and what was broken before; nil where nothing was turned off.
    struct ForeignKeyState {
        var wasOn: Bool
        /// How often each: rows of a table without row ids look alike.
        var brokenBefore: [Row: Int]
    }

    /// Turns enforcement off where one of the migrations asks for it. Called with no transaction
    /// open: the pragma does nothing inside one.
    func turnOffForeignKeys(_ steps: [PlannedMigration]) throws(MigrationError) -> ForeignKeyState?
    {
        guard dialect == .sqlite, steps.contains(where: \.script.wantsForeignKeysOff) else {
            return nil
        }
        let results = try connection.runOwn([
            Step("PRAGMA foreign_keys"), Step("PRAGMA foreign_key_check"),
            Step("PRAGMA foreign_keys = OFF"),
        ])
        return ForeignKeyState(
            wasOn: results[0].rows.first?[0].boolean ?? false,
            brokenBefore: Dictionary(results[1].rows.map { ($0, 1) }, uniquingKeysWith: +))
    }

    func restoreForeignKeys(_ state: ForeignKeyState?) {
        guard let state, state.wasOn else { return }
        if connection.transactionState == .open { _ = try? connection.query("ROLLBACK") }
        _ = try? connection.query("PRAGMA foreign_keys = ON")
    }

    /// Finds references that the migration broke; those that were broken before are not its fault.
    func checkForeignKeys(
        _ state: ForeignKeyState?, _ step: PlannedMigration
    ) throws(MigrationError) {
        guard let state else { return }
        let broken = try connection.runOwn([Step("PRAGMA foreign_key_check")])[0].rows
        var known = state.brokenBefore
        let new = broken.filter { row in
            known[row, default: 0] -= 1
            return known[row, default: 0] < 0
        }
        guard let first = new.first else { return }
        let row = first[1].string.map { "row \($0)" } ?? "a row"
        throw MigrationError(
            .migrationFailed,
            "\(new.count) row\(new.count == 1 ? "" : "s") would refer to nothing: \(row) of "
                + "'\(first[0].string ?? "")' refers to '\(first[2].string ?? "")'",
            hint: "\(step.version) was rolled back. It ran with foreign keys off; its result must "
                + "satisfy them.",
            failed: place(nil, step, step.script, statement: nil))
    }
}
