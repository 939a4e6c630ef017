internal import Database

/// Where a server's write-ahead log ends. Whatever commits with changes writes to it before they can
/// be seen: nothing changed between two equal positions, unless it had been written before the first
/// and was seen only after it.
struct WALPosition: Equatable {
    private let text: String

    /// Asks for it; nil on a standby, which shows what it has replayed before it counts it.
    ///
    /// - Throws: what the server says.
    init?(_ connection: any Connection) throws(DatabaseError) {
        let rows = try connection.query(
            """
            SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
            THEN pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text END
            """
        ).rows
        guard let text = rows.first?[0].string else { return nil }
        self.text = text
    }
}
