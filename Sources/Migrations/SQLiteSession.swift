internal import Database

/// The state of an SQLite connection that a file can change and that does not live in the
/// database: settings, temporary tables, attached databases.
///
/// Source: https://www.sqlite.org/pragma.html
struct SQLiteSession {
    /// The pragmas that hold for the connection; all others are stored in the database, or answer a
    /// question. Those that would keep the others from being set come first.
    private static let settings = [
        "query_only", "writable_schema", "trusted_schema", "foreign_keys", "defer_foreign_keys",
        "ignore_check_constraints", "recursive_triggers", "legacy_alter_table",
        "read_uncommitted", "reverse_unordered_selects", "cell_size_check", "secure_delete",
        "automatic_index", "analysis_limit", "synchronous", "locking_mode", "cache_size",
        "cache_spill", "mmap_size", "temp_store", "threads", "wal_autocheckpoint",
        "fullfsync", "checkpoint_fullfsync",
    ]

    private let values: [String: DatabaseValue]
    private let databases: Set<String>
    private let temporary: Set<String>

    /// Notes how the connection is now.
    init(_ connection: any Connection) throws(MigrationError) {
        values = try Self.values(connection)
        databases = Set(try Self.databases(connection))
        temporary = Set(try Self.temporary(connection).map { $0[1].string ?? "" })
    }

    /// Puts the connection back. What cannot change inside a transaction stays where one is open.
    func restore(_ connection: any Connection) throws(MigrationError) {
        let now = try Self.values(connection)
        for name in Self.settings {
            guard let value = values[name]?.string, now[name]?.string != value else { continue }
            try connection.runOwn([Step("PRAGMA \(name) = \(value)")])
        }
        for row in try Self.temporary(connection) {
            guard let type = row[0].string, let name = row[1].string, !temporary.contains(name)
            else { continue }
            try connection.runOwn([Step("DROP \(type) IF EXISTS temp.\(quoteIdentifier(name))")])
        }
        guard connection.transactionState == .idle else { return }
        for name in try Self.databases(connection) where !databases.contains(name) {
            try connection.runOwn([Step("DETACH \(quoteIdentifier(name))")])
        }
    }

    private static func values(
        _ connection: any Connection
    ) throws(MigrationError) -> [String: DatabaseValue] {
        let results = try connection.runOwn(settings.map { Step("PRAGMA \($0)") })
        var values: [String: DatabaseValue] = [:]
        for (name, result) in zip(settings, results) { values[name] = result.rows.first?[0] }
        return values
    }

    private static func databases(_ connection: any Connection) throws(MigrationError) -> [String] {
        try connection.runOwn([Step("PRAGMA database_list")])[0].rows.compactMap { $0[1].string }
            .filter { $0 != "main" && $0 != "temp" }
    }

    /// Type and name, triggers and views before the tables that they need.
    private static func temporary(_ connection: any Connection) throws(MigrationError) -> [Row] {
        try connection.runOwn([
            Step(
                "SELECT type, name FROM sqlite_temp_master WHERE type != 'index' "
                    + "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC")
        ])[0].rows
    }
}

extension Migrator {
    /// How the session is before a file that may change it; nil where nothing has to be restored.
    func noteSession(_ steps: [PlannedMigration]) throws(MigrationError) -> SQLiteSession? {
        let isNeeded = steps.contains { step in
            step.verify != nil || step.script.kinds.contains(where: \.changesSQLiteSession)
        }
        guard dialect == .sqlite, isNeeded else { return nil }
        return try SQLiteSession(connection)
    }
}
