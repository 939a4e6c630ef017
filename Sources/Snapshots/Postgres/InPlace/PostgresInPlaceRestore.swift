package import Database
internal import PostgresCatalog
package import SnapshotFormat

/// Restores a snapshot into a database that stays: one transaction empties it and builds it anew, or
/// does nothing. It takes no right to create databases and no superuser.
package struct PostgresInPlaceRestore {
    private let connection: any BulkConnection
    private let access: CatalogAccess
    private let reader: any ChunkReader
    private let options: PostgresRestore.Options
    private let cancellation: Cancellation
    private let transaction: InPlaceTransaction
    /// Called before each phase; what it throws ends the restore.
    package var onPhase: (PostgresRestore.Phase) throws -> Void = { _ in }
    /// Called for each piece of rows that was sent.
    package var onProgress: @Sendable (TakeProgress) -> Void = { _ in }
    /// Called when nobody can write any more and nothing was replaced yet; what it throws ends the
    /// restore. Others can still read.
    package var beforeReplacing: () throws -> Void = {}

    /// Prepares a restore.
    ///
    /// - Parameters:
    ///   - connection: to the database, with no transaction open; also holds the run's lock.
    ///   - reconnect: opens another session to it.
    ///   - access: how the objects are read.
    ///   - reader: where chunks come from.
    ///   - options: how it is done.
    ///   - cancellation: ends it.
    package init(
        _ connection: any BulkConnection,
        reconnect: @escaping @Sendable () throws -> any BulkConnection,
        access: CatalogAccess, reader: any ChunkReader, options: PostgresRestore.Options,
        cancellation: Cancellation
    ) {
        self.connection = connection
        self.access = access
        self.reader = reader
        self.options = options
        self.cancellation = cancellation
        transaction = InPlaceTransaction(
            connection: connection, reconnect: reconnect, cancellation: cancellation,
            patience: options.deadline)
    }

    /// Looks whether it can be done, and what would go; writes nothing.
    ///
    /// - Throws: `.refused`, `.damaged`, `.unsupported`, `.database`, `.storage`, `.interrupted`.
    package func preview(
        _ parts: [Part], serverVersion: String
    ) throws(SnapshotError) -> ReplacedRows {
        do {
            try connection.run(PostgresSession.restore + [Step("BEGIN READ ONLY")])
            defer { _ = try? connection.query("ROLLBACK") }
            try transaction.prepare()
            return try transaction.interruptible {
                let content = try RestoreContent(parts, reader, serverVersion, options)
                _ = try preflight(content)
                try transaction.prepare()
                return try ReplacedRows(connection)
            }
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(postgres: error)
        }
    }

    /// Restores.
    ///
    /// - Parameters:
    ///   - parts: of the manifest.
    ///   - serverVersion: the version of the server that the snapshot was taken of.
    /// - Returns: what became of it.
    /// - Throws: as `preview`, and `.restoreFailed`: the database is as it was.
    package func run(
        _ parts: [Part], serverVersion: String
    ) throws(SnapshotError) -> PostgresRestore.Report {
        do {
            let content = try RestoreContent(parts, reader, serverVersion, options)
            let report = try transaction.run { try restore(content) }
            analyze(content)
            return report
        } catch {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            throw SnapshotError(inPlace: error, connection)
        }
    }

    private func enter(_ phase: PostgresRestore.Phase) throws {
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        try onPhase(phase)
    }

    private func preflight(_ content: RestoreContent) throws -> (RolePolicy, SchemaModel) {
        let roles = try Preflight(content, connection).checkServer(options.missingRoles)
        let target = try access.schema(connection)
        try InPlacePreflight(content: content, target: target, connection: connection).check()
        return (roles, target)
    }

    private func restore(_ content: RestoreContent) throws -> PostgresRestore.Report {
        try enter(.preflight)
        try transaction.interruptible { try TableLocks(connection).lockAll() }
        let (roles, target) = try transaction.interruptible { try preflight(content) }
        try beforeReplacing()
        try enter(.schema)
        let remaining = try transaction.interruptible {
            try transaction.prepare()
            try roles.createRoles(connection)
            try ContentsDrop(connection: connection, model: content.model).run()
            let remaining = RemainingObjects(try access.schema(connection), wanted: content.model)
            try transaction.prepare()
            try remaining.reset(connection)
            return remaining
        }
        try build(content, remaining.missing(content.model.entries), roles, target)
        try enter(.swap)
        var remarks = roles.report + content.paths.remarks
        if !target.database.isEqual(content.model.database) {
            remarks.append(
                "owner, privileges and settings of the database itself are not those of the "
                    + "snapshot, and stay as they are")
        }
        return PostgresRestore.Report(
            database: target.database.name, keptDatabase: nil, id: "", tables: content.tables.count,
            rows: content.rows, isProven: options.proves, remarks: remarks)
    }

    private func build(
        _ content: RestoreContent, _ entries: [SchemaEntry], _ roles: RolePolicy,
        _ target: SchemaModel
    ) throws {
        let schema = SchemaRestore(
            connection: connection, roles: roles, paths: content.paths,
            sourceMajor: content.serverMajor)
        let rows = InPlaceRows(
            connection: connection, content: content, reader: reader, cancellation: cancellation,
            onProgress: onProgress)
        try transaction.interruptible { try schema.create(entries, .preData) }
        try enter(.rows)
        try transaction.interruptible {
            if !content.tables.isEmpty { try emptyConfiguration(target, content) }
            try rows.load()
            try schema.create(entries, .data)
            if let part = content.largeObjects {
                try LargeObjectLoad(connection: connection, reader: reader).load(part)
            }
            if content.holdsRows { try setSequences(content) }
        }
        try enter(.indexes)
        // From here on a role that is subject to its own policies would see no row.
        let (guarding, indexes) = (
            entries.filter { $0.kind == "ROW SECURITY" },
            entries.filter { $0.kind != "ROW SECURITY" }
        )
        try transaction.interruptible {
            try connection.query("SET LOCAL maintenance_work_mem = '256MB'")
            try schema.create(indexes, .postData)
        }
        let proof = InPlaceProof(
            connection: connection, access: access, content: content, roles: roles)
        if options.proves, content.holdsRows {
            try enter(.proof)
            let model = try transaction.interruptible { try access.schema(connection) }
            try proof.check(
                rows: try rows.read(model.tables, encoding: model.database.encoding))
            try transaction.interruptible { try transaction.prepare() }
        }
        try enter(.privileges)
        try transaction.interruptible {
            try schema.create(guarding)
            try schema.grant(entries)
            try connection.query("SET LOCAL row_security = on")
            try schema.create(entries, .final)
            try proof.checkCatalog()
        }
    }

    /// Takes the rows out of the tables of extensions that stayed.
    private func emptyConfiguration(_ target: SchemaModel, _ content: RestoreContent) throws {
        let kept = Set(
            try connection.query(
                """
                SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c \
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                JOIN pg_catalog.pg_depend d ON d.classid = 1259 AND d.objid = c.oid \
                AND d.deptype = 'e' WHERE c.relkind = 'r'
                """
            ).rows.compactMap { $0[0].string })
        for table in target.tables.reversed() {
            guard let condition = table.extensionCondition, kept.contains(table.plainName) else {
                continue
            }
            try connection.query("DELETE FROM ONLY \(table.quotedName) \(condition)")
        }
    }

    private func setSequences(_ content: RestoreContent) throws {
        let sequences = content.document.sequences
        try connection.run(SequenceSetting.steps(sequences.filter { $0.entry != nil }))
        for sequence in sequences where sequence.entry == nil {
            let name = PostgresName.quoted(sequence.schema, sequence.name)
            let row = try connection.query("SELECT last_value, is_called FROM \(name)").rows[0]
            if row[0].integer == sequence.lastValue, row[1].boolean == sequence.isCalled {
                continue
            }
            try connection.run(
                SequenceSetting.transactionalSteps(
                    name, sequence.lastValue ?? 1, isCalled: sequence.isCalled == true))
        }
    }

    /// What the planner knows of the new tables; the restore is done without it as well.
    private func analyze(_ content: RestoreContent) {
        let names = content.tables.keys.sorted().map { content.model.tables[$0].quotedName }
        for start in stride(from: 0, to: names.count, by: 50) {
            let some = names[start..<min(start + 50, names.count)]
            _ = try? transaction.interruptible {
                try connection.query("ANALYZE \(some.joined(separator: ", "))")
            }
        }
    }
}

extension DatabaseProperties {
    /// Whether another database has the same, whatever it is called.
    func isEqual(_ other: DatabaseProperties) -> Bool {
        var other = other
        other.name = name
        return self == other
    }
}
