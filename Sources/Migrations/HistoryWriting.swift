internal import Database

/// The steps that change the history and the log.
extension HistoryStore {
    /// The statements that create what is missing.
    func createSteps(tableExists: Bool) -> [Step] {
        var steps: [Step] = []
        if dialect == .postgres, let schema = name.schema {
            steps.append(Step("CREATE SCHEMA IF NOT EXISTS \(quoteIdentifier(schema))"))
        }
        if !tableExists {
            let columns = Self.columns.map {
                "\($0.name) \(dialect == .postgres ? $0.postgres : $0.sqlite)"
            }
            steps.append(Step("CREATE TABLE \(table) (\(columns.joined(separator: ", ")))"))
        }
        let (number, time) = dialect == .postgres ? ("bigint", "timestamptz") : ("integer", "text")
        steps.append(
            Step(
                """
                CREATE TABLE IF NOT EXISTS \(logTable) (seq \(number) PRIMARY KEY, \
                at \(time) NOT NULL, action text NOT NULL, outcome text NOT NULL, version text, \
                name text, run_id text, environment text, performed_by text, host text, \
                tool_version text, error text, details text, previous_digest text NOT NULL, \
                digest text NOT NULL)
                """))
        return steps
    }

    /// Inserts or replaces a migration's row. `duration` is SQL for the milliseconds that it ran:
    /// the row is sent before the client knows. It is applied now, or, for one that is taken over,
    /// when `row` says.
    func upsert(
        _ row: HistoryRow, downSQL: String?, downChecksum: String?, duration: String,
        isTakenOver: Bool = false
    ) -> Step {
        let insertColumns = [
            "version", "name", "checksum", "content_digest", "applied_by", "run_id",
            "tool_version", "down_sql", "down_checksum", "statements_done", "statements_total",
            "statement_started", "state",
        ]
        let numeric: Set<String> = ["statements_done", "statements_total", "statement_started"]
        var values: [DatabaseValue] = [
            .text(row.version), .init(row.name), .init(row.checksum), .init(row.contentDigest),
            .init(row.appliedBy), .init(row.runID), .init(row.toolVersion), .init(downSQL),
            .init(downChecksum), .init(row.statementsDone.map(Int64.init)),
            .init(row.statementsTotal.map(Int64.init)),
            .init(row.statementStarted.map(Int64.init)), .text(row.state.rawValue),
        ]
        let placeholders = insertColumns.enumerated().map {
            parameter($0.offset + 1, numeric.contains($0.element) ? "integer" : "text")
        }
        let updates = insertColumns.dropFirst().map { "\($0) = excluded.\($0)" }
        var time = now
        if isTakenOver {
            values.append(.init(row.appliedAt))
            time = parameter(values.count, "timestamptz")
        }
        return Step(
            """
            INSERT INTO \(table) (\(insertColumns.joined(separator: ", ")), applied_at, \
            duration_ms) VALUES (\(placeholders.joined(separator: ", ")), \(time), \(duration)) \
            ON CONFLICT (version) DO UPDATE SET \(updates.joined(separator: ", ")), \
            applied_at = excluded.applied_at, duration_ms = excluded.duration_ms
            """, values)
    }

    /// The database's clock, at this very moment.
    private var now: String {
        dialect == .postgres
            ? "pg_catalog.clock_timestamp()" : "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    }

    /// SQL for the milliseconds since this transaction began.
    var durationOfTransaction: String {
        "(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000)::bigint"
    }

    /// Notes that a statement of a migration without transaction begins, or (nil) that it ended
    /// without effect.
    func markStarted(_ version: String, statement: Int?) -> Step {
        Step(
            "UPDATE \(table) SET statement_started = \(parameter(1, "integer")) "
                + "WHERE version = \(parameter(2))",
            [.init(statement.map(Int64.init)), .text(version)])
    }

    /// Notes that `count` statements are done.
    func markDone(_ version: String, count: Int, contentDigest: String?) -> Step {
        Step(
            "UPDATE \(table) SET statements_done = \(parameter(1, "integer")), "
                + "content_digest = coalesce(\(parameter(2, "text")), content_digest), "
                + "statement_started = NULL WHERE version = \(parameter(3))",
            [.integer(Int64(count)), .init(contentDigest), .text(version)])
    }

    /// Notes that a migration that stopped part-way goes on, with a file that may have been mended.
    func markResumed(_ version: String, total: Int) -> Step {
        Step(
            "UPDATE \(table) SET statements_total = \(parameter(1, "integer")) "
                + "WHERE version = \(parameter(2))",
            [.integer(Int64(total)), .text(version)])
    }

    /// Notes that a migration's down script runs, `done` of its statements done already, and keeps
    /// the script.
    func markReverting(
        _ version: String, done: Int, total: Int, downSQL: String, downChecksum: String
    ) -> Step {
        Step(
            "UPDATE \(table) SET state = 'reverting', statements_done = \(parameter(1, "integer")), "
                + "statements_total = \(parameter(2, "integer")), "
                + "down_sql = \(parameter(3)), down_checksum = \(parameter(4)), "
                + "statement_started = CASE state WHEN 'reverting' THEN statement_started END "
                + "WHERE version = \(parameter(5))",
            [
                .integer(Int64(done)), .integer(Int64(total)), .text(downSQL), .text(downChecksum),
                .text(version),
            ])
    }

    /// Makes every repeatable migration run again with the next `up`.
    func forgetRepeatables() -> Step {
        Step(
            "UPDATE \(table) SET checksum = NULL, content_digest = NULL "
                + "WHERE substr(version, 1, 3) = '\(RepeatableMigration.prefix)' "
                + "AND checksum IS NOT NULL")
    }

    /// Removes a migration's row.
    func delete(_ version: String) -> Step {
        Step("DELETE FROM \(table) WHERE version = \(parameter(1))", [.text(version)])
    }

    /// Records another checksum for an applied migration.
    func updateChecksum(
        _ version: String, checksum: String, contentDigest: String, downSQL: String?,
        downChecksum: String?
    ) -> Step {
        Step(
            "UPDATE \(table) SET checksum = \(parameter(1)), content_digest = \(parameter(2)), "
                + "down_sql = \(parameter(3, "text")), down_checksum = \(parameter(4, "text")) "
                + "WHERE version = \(parameter(5))",
            [
                .text(checksum), .text(contentDigest), .init(downSQL), .init(downChecksum),
                .text(version),
            ])
    }

    /// The error for a table whose columns are not ours, naming the tool where they tell it.
    func foreignHistory(_ columns: [String]) -> MigrationError {
        let names = Set(columns)
        let tool: String
        switch names {
        case _ where names == ["version"]: tool = "dbmate's or Rails'"
        case _ where names == ["version", "dirty"]: tool = "golang-migrate's"
        case _ where names.isSuperset(of: ["version", "inserted_at"]): tool = "Ecto's"
        case _ where names.isSuperset(of: ["installed_rank", "success"]): tool = "Flyway's"
        case _ where names.isSuperset(of: ["version_id", "is_applied"]): tool = "goose's"
        default: tool = "another tool's"
        }
        return MigrationError(
            .foreignHistory,
            "the table '\(name.table)' is \(tool) (columns: \(columns.joined(separator: ", ")))",
            hint: "It is left as it is. Keep our history elsewhere: set "
                + (dialect == .postgres
                    ? "'history_table: \(otherName)' in migrate.yaml (a schema of its own), "
                        + "or another name."
                    : "'history_table: \(otherName)' in migrate.yaml, or another name.")
                + " Then 'migrate adopt' takes over what that table records.")
    }

    /// A place for our history where another tool's table has our name.
    var otherName: String {
        dialect == .postgres ? "migrate.\(name.table)" : "migrate_history"
    }
}
