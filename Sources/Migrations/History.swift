internal import Database

/// One row of the history table.
package struct HistoryRow: Sendable, Hashable {
    /// What a row says of its migration.
    package enum State: String, Sendable {
        /// All of it ran.
        case applied
        /// A migration without a transaction is part-way up.
        case applying
        /// The same, part-way down.
        case reverting
        /// Stands for all that another tool has applied up to this version, whose files are not ours.
        case baseline
    }

    /// The version as it was written, or `R__name`.
    package var version: String
    /// The rest of the file's name; nil where another tool wrote the row.
    package var name: String?
    /// SHA-256 of the file's text; nil where another tool wrote the row.
    package var checksum: String?
    /// SHA-256 of its tokens. While the state is not `applied`: of the statements that are done.
    package var contentDigest: String?
    /// RFC 3339, UTC.
    package var appliedAt: String?
    /// `user@host` of the operating system.
    package var appliedBy: String?
    /// How long it ran.
    package var durationMilliseconds: Int64?
    /// The run that applied it.
    package var runID: String?
    /// Which version of the tool.
    package var toolVersion: String?
    /// Applied, or part-way.
    package var state: State
    /// How many statements of a migration without transaction are done.
    package var statementsDone: Int?
    /// Of how many.
    package var statementsTotal: Int?
    /// The statement (from 1) that was begun and whose end is not recorded.
    package var statementStarted: Int?
    /// True where the down script is stored with the row.
    package var hasDownScript: Bool

    /// True for a repeatable migration's row.
    package var isRepeatable: Bool { version.hasPrefix(RepeatableMigration.prefix) }
    /// The version as a number; nil for a repeatable migration, and for text that is none.
    package var number: Version? { Version(version) }
}

/// The end of the log's chain: where the next entry goes, and what it must carry.
package struct LogTail: Sendable, Hashable {
    /// Sequence number of the newest entry; 0 where there is none.
    package var sequence: Int64
    /// Digest of the newest entry; empty where there is none.
    package var digest: String

    /// The start of a chain.
    package static let empty = LogTail(sequence: 0, digest: "")
}

/// What one look at the database gives.
package struct HistorySnapshot: Sendable {
    /// The rows; empty where there is no table.
    package var rows: [HistoryRow]
    /// True where the history table is there.
    package var tableExists: Bool
    /// The schema that holds the tables, or will (PostgreSQL); nil on SQLite.
    package var schema: String?
    /// End of the log.
    package var logTail: LogTail
    /// The environment that the database was stamped with; nil where it was not.
    package var stamp: String?
    /// Facts of the server that the lock and the guards use.
    package var facts: ServerFacts

    /// Rows of versioned migrations all of which ran.
    package var applied: [HistoryRow] {
        rows.filter { !$0.isRepeatable && $0.state == .applied }
    }
}

/// What the server says of itself and this connection.
package struct ServerFacts: Sendable {
    /// Name of the database; the file's path on SQLite.
    package var database: String
    /// The role that runs statements; nil on SQLite.
    package var user: String?
    /// The server process of this connection; nil on SQLite.
    package var backendPID: Int64?
    /// True on a standby.
    package var isInRecovery: Bool
    /// True where the server can notice that a client died while a statement of its runs.
    package var noticesLostClients: Bool
    /// Object ids of the history and log tables; empty on SQLite and where they do not exist.
    package var tableIDs: [Int64]
}

/// Where the history is kept: `schema_migrations`, or `ops.schema_migrations`.
package struct HistoryTableName: Sendable, Hashable {
    /// The schema, where one was named.
    package let schema: String?
    /// The table's name; the log is `…_log`, the lease `…_lock`.
    package let table: String

    /// `table` or `schema.table`, as a person writes it.
    package var text: String { (schema.map { $0 + "." } ?? "") + table }

    /// Splits `table` or `schema.table`.
    ///
    /// - Returns: nil unless each part is letters, digits and underscores, begins with no digit
    ///   and has at most 58 characters (the names made from it must fit into 63 bytes).
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy(Self.isName) else { return nil }
        schema = parts.count == 2 ? parts[0] : nil
        table = parts[parts.count - 1]
    }

    /// `schema_migrations` in the schema that the search path gives.
    package static let standard = HistoryTableName(schema: nil, table: "schema_migrations")

    private init(schema: String?, table: String) {
        self.schema = schema
        self.table = table
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.first, !first.isNumber, text.utf8.count <= 58 else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
