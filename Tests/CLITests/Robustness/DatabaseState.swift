import Database

/// What a look at a database found: what is recorded, and what is there.
struct DatabaseState {
    /// One row of the history.
    struct Record: Equatable {
        let version: String
        /// `applied`, `applying`, `reverting`.
        let state: String
        let statementsDone: Int
        /// The statement whose end is not recorded.
        let statementStarted: Int?
        /// Nil for a repeatable migration that is to run again.
        let checksum: String?
    }

    /// One entry of the log.
    struct Entry {
        let sequence: Int64
        let action: String
        let outcome: String
        let version: String?
        let previousDigest: String
        let digest: String
    }

    /// By version.
    var history: [Record] = []
    /// By sequence.
    var log: [Entry] = []
    /// Schema and rows of all that is not ours, in words, sorted; without `repeats`.
    var contents: [String] = []
    /// How often the repeatable migration ran, by its own count.
    var repeats = 0
    /// What the database itself finds wrong.
    var damage: [String] = []

    /// An empty database.
    init() {}

    /// Looks.
    init(of connection: any Connection) throws {
        let isPostgres = connection.dialect == .postgres
        let tables = Set(
            try Self.column(
                connection,
                isPostgres
                    ? "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                        + "AND relkind IN ('r', 'v')"
                    : "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"))
        if tables.contains("schema_migrations") { history = try Self.history(connection) }
        if tables.contains("schema_migrations_log") { log = try Self.log(connection) }
        if tables.contains("repeats") {
            repeats = try Self.column(connection, "SELECT n FROM repeats").count
        }
        let schema = isPostgres ? Self.schemaPostgres : Self.schemaSQLite
        contents = try schema.flatMap { try Self.lines(connection, $0) }
        // SQLite quotes the name of a table that was renamed.
        contents = contents.map { $0.split(separator: "\"").joined() }
        for table in tables.sorted()
        where !table.hasPrefix("schema_migrations") && table != "repeats"
            && !table.hasPrefix("sqlite_")
        {
            contents += try Self.lines(connection, "SELECT '\(table)', * FROM \(table)").sorted()
        }
        if !isPostgres {
            damage = try Self.column(connection, "PRAGMA integrity_check").filter { $0 != "ok" }
            damage += try Self.lines(connection, "PRAGMA foreign_key_check")
        }
    }

    private static func history(_ connection: any Connection) throws -> [Record] {
        try connection.query(
            "SELECT version, state, statements_done, statement_started, checksum "
                + "FROM schema_migrations ORDER BY version"
        ).rows.map { row in
            Record(
                version: row[0].string ?? "", state: row[1].string ?? "",
                statementsDone: Int(row[2].integer ?? 0),
                statementStarted: row[3].integer.map { Int($0) },
                checksum: row[4].string)
        }
    }

    private static func log(_ connection: any Connection) throws -> [Entry] {
        try connection.query(
            "SELECT seq, action, outcome, version, previous_digest, digest "
                + "FROM schema_migrations_log ORDER BY seq"
        ).rows.map { row in
            Entry(
                sequence: row[0].integer ?? 0, action: row[1].string ?? "",
                outcome: row[2].string ?? "", version: row[3].string,
                previousDigest: row[4].string ?? "", digest: row[5].string ?? "")
        }
    }

    private static let schemaSQLite = [
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND "
            + "tbl_name NOT LIKE 'schema_migrations%' AND tbl_name <> 'repeats' ORDER BY 1, 2"
    ]

    private static let isOther =
        "c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'schema_migrations%' "
        + "AND c.relname <> 'repeats'"

    private static let schemaPostgres = [
        "SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
            + "a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_class c JOIN pg_attribute a "
            + "ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND "
            + "d.adnum = a.attnum WHERE \(isOther) AND c.relkind IN ('r', 'v') AND a.attnum > 0 "
            + "AND NOT a.attisdropped ORDER BY 2, a.attnum",
        "SELECT 'constraint', c.relname, pg_get_constraintdef(n.oid) FROM pg_constraint n "
            + "JOIN pg_class c ON c.oid = n.conrelid WHERE \(isOther) ORDER BY 2, 3",
        "SELECT CASE WHEN i.indisvalid THEN 'index' ELSE '\(invalidIndex)' END, "
            + "pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c "
            + "ON c.oid = i.indrelid WHERE \(isOther) ORDER BY 2",
    ]

    /// How a line of `contents` about an index begins that a concurrent build has not finished.
    static let invalidIndex = "invalid index"

    /// `contents` without such indexes.
    var contentsWithoutInvalidIndexes: [String] {
        contents.filter { !$0.hasPrefix(Self.invalidIndex) }
    }

    private static func lines(_ connection: any Connection, _ sql: String) throws -> [String] {
        try connection.query(sql).rows.map { row in
            row.values.map { $0.string ?? "NULL" }.joined(separator: " | ")
        }
    }

    private static func column(_ connection: any Connection, _ sql: String) throws -> [String] {
        try connection.query(sql).rows.compactMap(\.values[0].string)
    }
}

extension DatabaseState {
    /// What is applied, and how far a migration without transaction came, as one text:
    /// `001 002 003↑4`, and `R` where the repeatable migration is up to date.
    var recorded: String { recorded(partWayDone: { $0.statementsDone }) }

    /// The same for a database in which the statement that was begun has taken effect.
    var recordedIfStartedIsDone: String {
        recorded(partWayDone: { $0.statementStarted ?? $0.statementsDone })
    }

    private func recorded(partWayDone: (Record) -> Int) -> String {
        history.compactMap { record in
            guard !record.version.hasPrefix("R__") else {
                return record.checksum == nil ? nil : "R"
            }
            switch record.state {
            case "applying": return "\(record.version)↑\(partWayDone(record))"
            case "reverting": return "\(record.version)↓\(partWayDone(record))"
            default: return record.version
            }
        }.joined(separator: " ")
    }

    /// The record that is part-way.
    var partWay: Record? { history.first { $0.state != "applied" } }

    /// The versions that are applied, `R__summary` included.
    var applied: Set<String> {
        Set(history.filter { $0.state == "applied" && $0.checksum != nil }.map(\.version))
    }

    /// How many entries of the log say that something succeeded.
    func successes(_ action: String, _ version: String) -> Int {
        log.count { $0.action == action && $0.outcome == "success" && $0.version == version }
    }

    /// What is wrong with the log's chain.
    var chainProblems: [String] {
        var problems: [String] = []
        var previous = ""
        for (index, entry) in log.enumerated() {
            if entry.sequence != Int64(index + 1) {
                problems.append("the log's entry \(index + 1) has the number \(entry.sequence)")
            }
            if entry.previousDigest != previous {
                problems.append("the log's entry \(entry.sequence) does not follow the one before")
            }
            previous = entry.digest
        }
        return problems
    }
}
