internal import Database

/// What belongs to one database and would go on belonging to it under its new name, so that another
/// one in its place would break it.
struct TargetObstacles {
    private let target: String
    private let connection: any Connection

    init(_ target: String, _ connection: any Connection) {
        self.target = target
        self.connection = connection
    }

    /// - Throws: `.refused` with what is there.
    func check() throws {
        try refuse(
            "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1 ORDER BY 1",
            "prepared transaction",
            hint: "Finish each of them in it: COMMIT PREPARED or ROLLBACK PREPARED.")
        try refuse(
            "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE database = $1 ORDER BY 1",
            "logical replication slot",
            hint: "Whoever reads it would find another database. Stop them and drop it: SELECT "
                + "pg_drop_replication_slot('…'); or restore with --in-place.")
        try refuse(
            """
            SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d \
            ON d.oid = s.subdbid WHERE d.datname = $1 \
            AND (s.subenabled OR s.subslotname IS NOT NULL) ORDER BY 1
            """, "subscription",
            hint:
                "It would go on filling the database that is kept. Drop it, or take its slot away: "
                + "ALTER SUBSCRIPTION … DISABLE, then SET (slot_name = NONE).")
    }

    private func refuse(_ sql: String, _ what: String, hint: String) throws {
        let names = try connection.query(sql, [.text(target)]).rows.compactMap { $0[0].string }
        guard !names.isEmpty else { return }
        var list = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        if names.count > 3 { list += " and \(names.count - 3) more" }
        throw SnapshotError(
            .refused,
            "the database '\(target)' has the \(what)\(names.count > 1 ? "s" : "") \(list)",
            hint: hint)
    }
}
