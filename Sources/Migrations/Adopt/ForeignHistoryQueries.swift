internal import Database

/// The SQL that reads another tool's table, in each dialect. All of it only reads.
struct ForeignHistoryQueries {
    let dialect: Dialect

    /// Every table that bears a name under which a history may stand, with its columns: schema, table,
    /// column, type; in the order of the columns.
    func tables(_ further: [String]) -> Step {
        let names =
            Set(HistoryTool.allCases.flatMap(\.tableNames) + ["ar_internal_metadata"] + further)
        let list = names.sorted().map { "'\($0.lowercased())'" }.joined(separator: ", ")
        guard dialect == .postgres else {
            return Step(
                """
                SELECT NULL, m.name, c.name, c.type FROM main.sqlite_schema m, \
                pragma_table_info(m.name) c WHERE m.type = 'table' AND lower(m.name) IN (\(list)) \
                ORDER BY m.name, c.cid
                """)
        }
        return Step(
            """
            SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) \
            FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
            WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
            AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
            AND pg_catalog.lower(c.relname) IN (\(list)) \
            ORDER BY n.nspname, c.relname, a.attnum
            """)
    }

    /// The tables of an attached file under the name of `schema`.
    func attachedTables(_ schema: String) -> Step {
        Step(
            """
            SELECT '\(schema)', m.name, c.name, c.type FROM "\(schema)".sqlite_schema m, \
            pragma_table_info(m.name, '\(schema)') c WHERE m.type = 'table' AND m.name = 'changes' \
            ORDER BY m.name, c.cid
            """)
    }

    /// The rows of a tool's table, oldest first, in the columns that `record(_:)` reads.
    func rows(of tool: HistoryTool, in table: ForeignTable) -> Step {
        let query = Self.query(tool)
        let columns = [
            query.version.map(text), query.name.map(text), query.file.map(text),
            query.time.map { time($0, isUTC: query.isTimeUTC) }, query.by.map(text),
            query.checksum.map { tool == .sqlx ? bytes($0) : text($0) }, query.state,
            query.kind.map(text),
        ].map { $0 ?? "NULL" }
        return Step(
            "SELECT \(columns.joined(separator: ", ")) FROM \(table.quoted) "
                + "ORDER BY \(query.order)")
    }

    /// One row of `rows(of:in:)`.
    static func record(_ row: Row) -> ForeignRecord {
        ForeignRecord(
            version: row[0].string, name: row[1].string, file: row[2].string,
            appliedAt: row[3].string, appliedBy: row[4].string, checksum: row[5].string,
            state: row[6].string.flatMap(ForeignRecord.State.init) ?? .applied, kind: row[7].string)
    }

    private struct Query {
        var version: String?
        var name: String?
        var file: String?
        var time: String?
        /// True where a column without a time zone is written in UTC; else it is in that of the session.
        var isTimeUTC = false
        var by: String?
        var checksum: String?
        /// SQL for a state by name; nil where each row is applied.
        var state: String?
        var kind: String?
        var order: String
    }

    private static func query(_ tool: HistoryTool) -> Query {
        func state(failed: String) -> String {
            "CASE WHEN \(failed) THEN 'failed' ELSE 'applied' END"
        }
        switch tool {
        case .dbmate, .rails: return Query(version: "version", order: "version")
        case .golangMigrate:
            return Query(version: "version", state: state(failed: "dirty"), order: "version")
        case .ecto:
            return Query(
                version: "version", time: "inserted_at", isTimeUTC: true, order: "version")
        case .goose:
            return Query(
                version: "version_id", time: "tstamp",
                state: "CASE WHEN is_applied THEN 'applied' ELSE 'reverted' END", order: "id")
        case .flyway:
            return Query(
                version: "version", name: "description", file: "script", time: "installed_on",
                by: "installed_by", checksum: "checksum", state: state(failed: "NOT success"),
                kind: "type", order: "installed_rank")
        case .sqlx:
            return Query(
                version: "version", name: "description", time: "installed_on",
                checksum: "checksum", state: state(failed: "NOT success"), order: "version")
        case .diesel: return Query(version: "version", time: "run_on", order: "version")
        case .prisma:
            return Query(
                name: "migration_name", time: "finished_at", checksum: "checksum",
                state: "CASE WHEN rolled_back_at IS NOT NULL THEN 'reverted' "
                    + "WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END",
                order: "started_at, migration_name")
        case .sqlMigrate: return Query(file: "id", time: "applied_at", order: "id")
        case .sqitch:
            return Query(
                name: "change", time: "committed_at",
                by: "committer_name || ' <' || committer_email || '>'", checksum: "script_hash",
                kind: "project", order: "committed_at, planned_at")
        case .liquibase:
            return Query(
                version: "id", name: "author", file: "filename", time: "dateexecuted",
                checksum: "md5sum", state: state(failed: "exectype = 'FAILED'"),
                order: "orderexecuted")
        case .alembic: return Query(version: "version_num", order: "version_num")
        case .django:
            return Query(version: "app || '.' || name", time: "applied", order: "id")
        case .atlas:
            return Query(
                version: "version", name: "description", time: "executed_at", checksum: "hash",
                state: state(failed: "applied < total OR coalesce(error, '') <> ''"),
                order: "version")
        case .refinery:
            return Query(
                version: "version", name: "name", time: "applied_on", checksum: "checksum",
                order: "version")
        case .nodePgMigrate: return Query(version: "name", time: "run_on", order: "id")
        case .graphileMigrate:
            return Query(version: "filename", time: "date", checksum: "hash", order: "filename")
        case .fluent: return Query(version: "name", time: "created_at", order: "created_at, name")
        }
    }

    private func text(_ expression: String) -> String {
        "CAST(\(expression) AS text)"
    }

    private func bytes(_ column: String) -> String {
        dialect == .postgres ? "pg_catalog.encode(\(column), 'hex')" : "lower(hex(\(column)))"
    }

    /// The column as RFC 3339 in UTC. SQLite holds what the tool's driver has written: text, whole
    /// milliseconds or seconds with a fraction.
    private func time(_ column: String, isUTC: Bool) -> String {
        guard dialect == .postgres else {
            let format = "'%Y-%m-%dT%H:%M:%fZ'"
            return "CASE typeof(\(column)) "
                + "WHEN 'integer' THEN strftime(\(format), \(column) / 1000.0, 'unixepoch') "
                + "WHEN 'real' THEN strftime(\(format), \(column), 'unixepoch') "
                + "ELSE strftime(\(format), \(column)) END"
        }
        let value =
            isUTC ? "\(column)::timestamp" : "\(column)::timestamptz AT TIME ZONE 'UTC'"
        return "pg_catalog.to_char(\(value), 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    }
}
