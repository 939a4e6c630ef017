internal import Database

/// The SQL of the history table in each dialect: reading, creating, and the steps that write rows.
///
/// The steps that write are values, so that the runner can put them into the migration's own
/// transaction and send all of it at once.
struct HistoryStore {
    let name: HistoryTableName
    let dialect: Dialect
    /// The schema that was found or will be used; every later statement names it, so that a
    /// migration that changes `search_path` cannot lead our rows astray.
    var schema: String?

    init(name: HistoryTableName, dialect: Dialect) {
        self.name = name
        self.dialect = dialect
        schema = name.schema
    }

    /// The history table, quoted and qualified.
    var table: String { qualified(name.table) }
    /// The log table, quoted and qualified.
    var logTable: String { qualified(logTableName) }
    var logTableName: String { name.table + "_log" }
    /// The lease table, quoted and qualified.
    var leaseTable: String { qualified(name.table + "_lock") }

    private func qualified(_ table: String) -> String {
        let prefix = schema.map { quoteIdentifier($0) + "." } ?? ""
        return (dialect == .sqlite ? "main." : prefix) + quoteIdentifier(table)
    }

    /// Column names with the type of each dialect, in order. All but `version` have defaults or
    /// may be null, so that a tool that writes only `version` still can.
    static let columns: [(name: String, postgres: String, sqlite: String)] = [
        ("version", "text PRIMARY KEY", "text PRIMARY KEY NOT NULL"),
        ("name", "text", "text"),
        ("checksum", "text", "text"),
        ("content_digest", "text", "text"),
        (
            "applied_at", "timestamptz DEFAULT clock_timestamp()",
            "text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
        ),
        ("applied_by", "text", "text"),
        ("duration_ms", "bigint", "integer"),
        ("run_id", "text", "text"),
        ("tool_version", "text", "text"),
        ("down_sql", "text", "text"),
        ("down_checksum", "text", "text"),
        ("statements_done", "integer", "integer"),
        ("statements_total", "integer", "integer"),
        ("statement_started", "integer", "integer"),
        ("state", "text NOT NULL DEFAULT 'applied'", "text NOT NULL DEFAULT 'applied'"),
    ]

    // MARK: Reading

    private var readColumns: String {
        let time =
            dialect == .postgres
            ? "pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            : "applied_at"
        return "version, name, checksum, content_digest, \(time), applied_by, duration_ms, run_id, "
            + "tool_version, state, statements_done, statements_total, statement_started, "
            + "down_sql IS NOT NULL"
    }

    private var historyQuery: Step {
        Step("SELECT \(readColumns) FROM \(table)")
    }

    private var logTailQuery: Step {
        Step("SELECT seq, digest FROM \(logTable) ORDER BY seq DESC LIMIT 1")
    }

    /// The newest stamp: which environment's database this is.
    private var stampQuery: Step {
        Step(
            "SELECT environment FROM \(logTable) WHERE action = '\(LogEntry.stampAction)' "
                + "ORDER BY seq DESC LIMIT 1")
    }

    private var factsQuery: Step {
        let quoted = (name.schema.map { quoteIdentifier($0) + "." } ?? "")
        return Step(
            """
            SELECT pg_catalog.current_database(), current_user, pg_catalog.pg_backend_pid(), \
            pg_catalog.pg_is_in_recovery(), h.schema, h.history, \
            (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
            ON n.oid = c.relnamespace WHERE n.nspname = coalesce(h.schema, current_schema()) \
            AND c.relname = $2), pg_catalog.current_schema(), \
            pg_catalog.version() LIKE '%linux%' \
            FROM (SELECT (SELECT n.nspname FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.oid = pg_catalog.to_regclass($1)) AS schema, \
            pg_catalog.to_regclass($1)::oid::int8 AS history) h
            """,
            [.text(quoted + quoteIdentifier(name.table)), .text(logTableName)])
    }

    /// Reads facts, history and the log's end; `first` runs before them in the same round trip.
    ///
    /// - Returns: the rows of `first`, and the snapshot.
    /// - Throws: `.foreignHistory` where another tool owns the table; `.database`.
    mutating func read(
        _ connection: any Connection, first: [Step] = [], withLog: Bool
    ) throws(MigrationError) -> (first: [StepResult], snapshot: HistorySnapshot) {
        dialect == .postgres
            ? try readPostgres(connection, first: first, withLog: withLog)
            : try readSQLite(connection, first: first, withLog: withLog)
    }

    private mutating func readPostgres(
        _ connection: any Connection, first: [Step], withLog: Bool
    ) throws(MigrationError) -> (first: [StepResult], snapshot: HistorySnapshot) {
        let log = withLog ? [logTailQuery] : []
        do {
            let results = try connection.run(first + [factsQuery, historyQuery, stampQuery] + log)
            let head = Array(results.prefix(first.count))
            let rest = Array(results.dropFirst(first.count))
            return (
                head,
                snapshot(
                    facts: rest[0].rows[0], history: rest[1].rows, stamp: rest[2].rows,
                    log: withLog ? rest[3].rows : [])
            )
        } catch {
            let isOfLog = error.stepIndex > first.count + 1
            // Who may read the history and not the log looks at the history alone.
            let isWithoutLog =
                isOfLog && !withLog && error.error.code == .insufficientPrivilege
            guard
                isWithoutLog
                    || error.stepIndex > first.count && error.error.code == .undefinedObject
            else { throw MigrationError(error.error) }
        }
        // The table is not there (a first run), or is another tool's: look, and say which.
        let results = try connection.runOwn(first + [factsQuery])
        let facts = results[first.count].rows[0]
        guard let tableID = facts[5].integer else {
            return (
                Array(results.prefix(first.count)),
                snapshot(facts: facts, history: nil, stamp: [], log: [])
            )
        }
        let columns = try connection.runOwn([
            Step(
                "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid "
                    + "AND attnum > 0 AND NOT attisdropped", [.integer(tableID)])
        ])[0].rows.compactMap(\.values[0].string)
        if Self.columns.allSatisfy({ columns.contains($0.name) }) {
            // Ours; it is the log that is missing.
            let history = try connection.runOwn([historyQuery])[0].rows
            return (
                Array(results.prefix(first.count)),
                snapshot(facts: facts, history: history, stamp: [], log: [])
            )
        }
        throw foreignHistory(columns)
    }

    private mutating func snapshot(
        facts: Row, history: [Row]?, stamp: [Row], log: [Row]
    ) -> HistorySnapshot {
        schema = facts[4].string ?? name.schema ?? facts[7].string
        return HistorySnapshot(
            rows: (history ?? []).map(Self.row), tableExists: history != nil, schema: schema,
            logTail: Self.tail(log), stamp: stamp.first?[0].string,
            facts: ServerFacts(
                database: facts[0].string ?? "", user: facts[1].string,
                backendPID: facts[2].integer, isInRecovery: facts[3].boolean ?? false,
                noticesLostClients: facts[8].boolean ?? false,
                tableIDs: [facts[5].integer, facts[6].integer].compactMap(\.self)))
    }

    private func readSQLite(
        _ connection: any Connection, first: [Step], withLog: Bool
    ) throws(MigrationError) -> (first: [StepResult], snapshot: HistorySnapshot) {
        let results = try connection.runOwn(
            first + [
                Step("SELECT name FROM pragma_table_info(?1)", [.text(name.table)]),
                Step("SELECT name FROM pragma_table_info(?1)", [.text(logTableName)]),
                Step("SELECT file FROM pragma_database_list WHERE name = 'main'"),
            ])
        let rest = Array(results.dropFirst(first.count))
        let columns = rest[0].rows.compactMap(\.values[0].string)
        var rows: [Row] = []
        var log: [Row] = []
        if !columns.isEmpty {
            guard Self.columns.allSatisfy({ columns.contains($0.name) }) else {
                throw foreignHistory(columns)
            }
            rows = try connection.runOwn([historyQuery])[0].rows
        }
        var stamp: [Row] = []
        if !rest[1].rows.isEmpty {
            stamp = try connection.runOwn([stampQuery])[0].rows
            if withLog { log = try connection.runOwn([logTailQuery])[0].rows }
        }
        let facts = ServerFacts(
            database: rest[2].rows.first?[0].string ?? "", user: nil, backendPID: nil,
            isInRecovery: false, noticesLostClients: false, tableIDs: [])
        return (
            Array(results.prefix(first.count)),
            HistorySnapshot(
                rows: rows.map(Self.row), tableExists: !columns.isEmpty, schema: nil,
                logTail: Self.tail(log), stamp: stamp.first?[0].string, facts: facts)
        )
    }

    private static func tail(_ rows: [Row]) -> LogTail {
        rows.first.map {
            LogTail(sequence: $0[0].integer ?? 0, digest: $0[1].string ?? "")
        } ?? .empty
    }

    private static func row(_ row: Row) -> HistoryRow {
        HistoryRow(
            version: row[0].string ?? "", name: row[1].string, checksum: row[2].string,
            contentDigest: row[3].string, appliedAt: row[4].string, appliedBy: row[5].string,
            durationMilliseconds: row[6].integer, runID: row[7].string,
            toolVersion: row[8].string,
            state: row[9].string.flatMap(HistoryRow.State.init) ?? .applied,
            statementsDone: row[10].integer.map(Int.init),
            statementsTotal: row[11].integer.map(Int.init),
            statementStarted: row[12].integer.map(Int.init),
            hasDownScript: row[13].boolean ?? false)
    }

    /// The stored down script and its checksum, for each version that has one.
    func downScripts(
        _ connection: any Connection, versions: [String]
    ) throws(MigrationError) -> [String: (sql: String, checksum: String?)] {
        var scripts: [String: (sql: String, checksum: String?)] = [:]
        let steps = versions.map {
            Step(
                "SELECT version, down_sql, down_checksum FROM \(table) "
                    + "WHERE version = \(parameter(1))", [.text($0)])
        }
        for result in try connection.runOwn(steps) {
            guard let row = result.rows.first, let sql = row[1].string else { continue }
            scripts[row[0].string ?? ""] = (sql, row[2].string)
        }
        return scripts
    }

    /// `$1` or `?1`, with a cast where PostgreSQL could not infer the type.
    func parameter(_ number: Int, _ type: String? = nil) -> String {
        dialect == .postgres ? "$\(number)" + (type.map { "::" + $0 } ?? "") : "?\(number)"
    }
}

/// A name in double quotes, as both dialects write it.
package func quoteIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        + "\""
}

extension Connection {
    /// Runs steps of the engine's own, whose failure is no migration's.
    @discardableResult
    func runOwn(_ steps: [Step]) throws(MigrationError) -> [StepResult] {
        do {
            return try run(steps)
        } catch {
            throw MigrationError(error.error)
        }
    }
}
