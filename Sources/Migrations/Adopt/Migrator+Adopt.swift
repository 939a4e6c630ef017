internal import Database
internal import SQLText

/// What `adopt` is asked for.
package struct AdoptRequest: Sendable {
    /// Whose history; nil where the database tells.
    package var tool: HistoryTool?
    /// In which table; nil where its name is the tool's own.
    package var table: HistoryTableName?

    /// Creates a request.
    package init(tool: HistoryTool? = nil, table: HistoryTableName? = nil) {
        self.tool = tool
        self.table = table
    }
}

extension Migrator {
    /// What `adopt` would do now. Changes nothing and takes no lock.
    ///
    /// - Throws: `.invalidRequest` where no history is found, or more than one; `.invalidFiles`,
    ///   `.database`, `.interrupted`.
    package func adoption(_ request: AdoptRequest) throws(MigrationError) -> Adoption {
        let cache = try sources()
        var (isTaken, ours) = (false, [HistoryRow]())
        do {
            ours = try look().rows
        } catch {
            guard error.code == .foreignHistory else { throw error }
            isTaken = true
        }
        let wasAdopted = isTaken ? false : try lastSuccess(of: [Self.adoptAction]) != nil
        var adoption = try interruptible { () throws(MigrationError) in
            try self.adoption(request, cache)
        }
        adoption.stamp = stamp
        if isTaken {
            adoption.problems.append(nameTaken(adoption))
        } else if wasAdopted {
            adoption.isDone = true
            noteNewcomers(&adoption, ours)
        }
        return adoption
    }

    /// Records what another tool has applied, in one transaction, and leaves its table as it is. Does
    /// nothing where an earlier run has done so.
    ///
    /// - Returns: what was recorded.
    /// - Throws: what `adoption(_:)` throws; the first problem of an adoption that has one; `.refused`
    ///   where the history has rows already; what taking the lock throws.
    package func adopt(_ request: AdoptRequest) throws(MigrationError) -> Adoption {
        let foreseen = try adoption(request)
        guard !foreseen.isDone else { return foreseen }
        if let problem = foreseen.problems.first { throw problem.error }
        let cache = try sources()
        let first = try lookToChange()
        return try withLock(first) { snapshot throws(MigrationError) in
            guard snapshot.rows.isEmpty else {
                throw MigrationError(
                    .refused,
                    "our history has \(snapshot.rows.count) "
                        + "row\(snapshot.rows.count == 1 ? "" : "s") already",
                    hint: "Another tool's history is taken over into an empty one. 'migrate "
                        + "repair --mark-applied VERSION' records a single migration.")
            }
            var adoption = try self.adoption(request, cache)
            if let problem = adoption.problems.first { throw problem.error }
            var steps: [Step] = []
            var chain = LogChain(
                store: self.store, run: self.context.identity, tail: snapshot.logTail)
            for migration in adoption.migrations {
                steps.append(try self.record(migration, cache))
                steps.append(chain.add(self.entry(adoption, migration)))
            }
            if adoption.migrations.isEmpty { steps.append(chain.add(self.entry(adoption, nil))) }
            try self.commit(steps)
            adoption.runID = self.context.identity.runID
            return adoption
        }
    }

    private static var adoptAction: String { "adopt" }

    private func entry(_ adoption: Adoption, _ migration: AdoptedMigration?) -> LogEntry {
        LogEntry(
            action: Self.adoptAction, version: migration?.version, name: migration?.name,
            details: "from \(adoption.tool.title), table \(adoption.table)")
    }

    /// The row of a migration that is taken over. Its statements ran under the other tool's rules, so
    /// they are not judged by ours.
    private func record(
        _ adopted: AdoptedMigration, _ cache: SourceCache
    ) throws(MigrationError) -> Step {
        var up: MigrationFile?
        var down: Script?
        switch adopted.source {
        case .migration(let migration):
            up = migration.up
            if let file = migration.down { down = try cache.unjudgedScript(of: file) }
        case .repeatable(let migration): up = migration.file
        case .baseline: break
        }
        var row = HistoryRow(
            version: adopted.version, name: adopted.name,
            checksum: try up.map { file throws(MigrationError) in try cache.checksum(of: file) },
            contentDigest: try up.map { file throws(MigrationError) in
                try cache.contentDigest(of: file)
            },
            appliedBy: adopted.appliedBy, runID: context.identity.runID,
            toolVersion: context.identity.toolVersion, state: up == nil ? .baseline : .applied,
            statementsDone: nil, statementsTotal: nil, statementStarted: nil,
            hasDownScript: down != nil)
        row.appliedAt = adopted.appliedAt
        return store.upsert(
            row, downSQL: down?.nativeText,
            downChecksum: down?.checksum, duration: "NULL", isTakenOver: true)
    }

    /// What the other tool has applied since its history was taken over.
    private func noteNewcomers(_ adoption: inout Adoption, _ ours: [HistoryRow]) {
        let known = Set(ours.compactMap(\.number))
        let newcomers = adoption.migrations.map(\.version).filter { version in
            Version(version).map { !known.contains($0) } ?? false
        }
        guard !newcomers.isEmpty, !adoption.isBaseline else { return }
        adoption.notes.append(
            "\(adoption.tool.title) has \(UpPlanner.list(newcomers)), and our history has not; "
                + "'migrate repair --mark-applied \(newcomers.joined(separator: " "))' records what "
                + "it has applied since")
    }

    private func nameTaken(_ adoption: Adoption) -> AdoptionProblem {
        AdoptionProblem(
            kind: .nameTaken, version: nil, file: nil,
            message: "the table '\(store.name.table)' is \(adoption.tool.title)'s, so our history "
                + "needs another name",
            hint: "Set 'history_table: \(store.otherName)' in migrate.yaml (or the variable "
                + "MIGRATE_HISTORY_TABLE), and run 'migrate adopt' again. "
                + "\(adoption.tool.title)'s table stays as it is.")
    }
}

// MARK: - Finding and reading the other tool's table

extension Migrator {
    private func adoption(
        _ request: AdoptRequest, _ cache: SourceCache
    ) throws(MigrationError) -> Adoption {
        let attached = try attachRegistry()
        defer { if attached { _ = try? connection.query("DETACH DATABASE sqitch") } }
        let (tool, table) = try foreignTable(request, withRegistry: attached)
        let queries = ForeignHistoryQueries(dialect: dialect)
        let rows = try connection.runOwn([queries.rows(of: tool, in: table)])[0].rows
        let history = ForeignHistory(
            tool: tool, table: table, records: rows.map(ForeignHistoryQueries.record))
        return try AdoptionPlanner(history: history, folder: cache.folder) {
            file throws(MigrationError) in
            try Checksum.bytes(of: file, allowsEmpty: true)
        }.plan()
    }

    /// Sqitch keeps its tables for an SQLite database in a file beside it.
    ///
    /// - Returns: true where there is one; it is then attached as `sqitch`.
    private func attachRegistry() throws(MigrationError) -> Bool {
        guard dialect == .sqlite else { return false }
        let file = try connection.runOwn([
            Step("SELECT file FROM pragma_database_list WHERE name = 'main'")
        ])[0].rows.first?[0].string
        guard let file, let slash = file.lastIndex(of: "/") else { return false }
        let registry = String(file[...slash]) + "sqitch.db"
        guard registry != file, Files.exists(registry) else { return false }
        try connection.runOwn([Step("ATTACH DATABASE ?1 AS sqitch", [.text(registry)])])
        return true
    }

    func foreignTable(
        _ request: AdoptRequest, withRegistry: Bool
    ) throws(MigrationError) -> (HistoryTool, ForeignTable) {
        let queries = ForeignHistoryQueries(dialect: dialect)
        let further = [request.table?.table, store.name.table].compactMap(\.self)
        let results = try connection.runOwn(
            [queries.tables(further)] + (withRegistry ? [queries.attachedTables("sqitch")] : []))
        let tables = Self.tables(results.flatMap(\.rows))
        let found = tables.compactMap { table -> (HistoryTool, ForeignTable)? in
            let neighbours = tables.filter { $0.schema == table.schema }
            let tool = HistoryTool.recognise(
                table, neighbours: Set(neighbours.map { $0.name.lowercased() }))
            guard let tool, request.tool == nil || request.tool == tool else { return nil }
            if let wanted = request.table {
                guard wanted.table == table.name, wanted.schema.map({ $0 == table.schema }) ?? true
                else { return nil }
            }
            return (tool, table)
        }
        guard let only = found.first else { throw notFound(request) }
        guard found.count == 1 else {
            let list = found.map { "\($0.0.title)'s '\($0.1.shown)'" }
            throw MigrationError(
                .invalidRequest, "there is more than one history: " + list.joined(separator: ", "),
                hint: Set(found.map(\.0)).count > 1
                    ? "Say whose with --from \(only.0.rawValue), or which with --table."
                    : "Say which with --table \(only.1.shown).")
        }
        return only
    }

    private func notFound(_ request: AdoptRequest) -> MigrationError {
        let wanted = request.tool?.title ?? "another tool"
        let place = request.table.map { " in the table '\($0.text)'" } ?? ""
        let names = request.tool.map { tool in
            tool.tableNames.map { "'\($0)'" }.joined(separator: " or ")
        }
        return MigrationError(
            .invalidRequest, "there is no history of \(wanted)\(place)",
            hint: (names.map { "It is looked for under the name \($0)" }
                ?? "It is looked for under the names that the tools give it")
                + "; --table NAME names another. For a database without history, use 'migrate "
                + "baseline VERSION'.")
    }

    /// Rows of schema, table, column and type as tables.
    private static func tables(_ rows: [Row]) -> [ForeignTable] {
        var tables: [ForeignTable] = []
        for row in rows {
            let (schema, name) = (row[0].string, row[1].string ?? "")
            let column = ForeignTable.Column(row[2].string ?? "", row[3].string ?? "")
            if let last = tables.last, last.schema == schema, last.name == name {
                tables[tables.count - 1].columns.append(column)
            } else {
                tables.append(ForeignTable(schema: schema, name: name, columns: [column]))
            }
        }
        return tables
    }
}
