internal import Database

/// Rows that refer to no row, by every foreign key that is worth the reading.
///
/// What is read was decided like this. Counting the rows that break a key reads the whole referring
/// table, so plain `verify` does it
/// - whatever the size, for a key that cannot be trusted: NOT VALID, or not enforced because its
///   triggers are disabled;
/// - up to `TableSize.affordable`, for every other key: rows that were loaded with
///   `session_replication_role = replica`, or while the triggers were off, leave no trace in the
///   catalog. The larger tables are named in a note.
///
/// `--deep` reads all of them, without indexes. Before a commit, all keys of the relations that the
/// transaction touched are looked at where enforcement may have been off in it: the key cannot be
/// trusted, its triggers were turned off or on, or the file speaks of `session_replication_role`.
struct BrokenForeignKeys {
    /// What is read.
    enum Extent {
        case affordable
        case all
        /// Before a commit; `distrusted` where the file may have turned enforcement off.
        case suspicious(distrusted: Bool)
    }

    var findings: [Finding] = []
    /// Constraints whose tables are too large for this, with their tables.
    var skipped: [String] = []
    /// Constraints with PERIOD, which this program does not compare.
    var temporal: [String] = []

    /// Looks at the keys that `ForeignKeys.step` returned.
    init(
        _ rows: [Row], _ reader: PostgresReader, _ extent: Extent
    ) throws(DatabaseError) {
        for key in rows.map(ForeignKeys.key) {
            let cannotBeTrusted = !key.isValidated || key.isUnenforced
            let isWanted: Bool
            var usesIndexes = true
            switch extent {
            case .affordable: isWanted = cannotBeTrusted || key.isSmall
            case .all:
                isWanted = true
                usesIndexes = false
            case .suspicious(let distrusted):
                isWanted = cannotBeTrusted || key.wasToggled || distrusted
            }
            let label = "\(key.table) (\(key.name))"
            if key.isTemporal {
                temporal.append(label)
            } else if isWanted {
                findings += try ForeignKeys.check(key, reader, usesIndexes: usesIndexes)
            } else {
                skipped.append(label)
            }
        }
    }
}
