internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// Everything between the empty database and the swap.
struct RestoreWork: Sendable {
    let restore: PostgresRestore
    let content: RestoreContent
    let roles: RolePolicy
    let database: String

    private var pool: SessionPool {
        SessionPool(
            connect: { try session(PostgresSession.restore) }, jobs: restore.options.jobs,
            cancellation: restore.cancellation)
    }

    func run() throws {
        try restore.enter(.schema)
        try withSession { try $0.create(content.model.entries, .preData) }
        try restore.enter(.rows)
        try loadRows()
        try restore.enter(.indexes)
        try createPostData()
        try restore.enter(.privileges)
        try withSession { schema in
            try schema.grant(content.model.entries)
            try schema.create(content.model.entries, .final)
            try schema.apply(content.model.database, to: database)
        }
        if restore.options.proves {
            try restore.enter(.proof)
            try prove()
        }
        try withSession { try StatisticsWork(pool: pool, paths: content.paths).run($0.connection) }
    }

    private func session(_ steps: [Step]) throws -> any BulkConnection {
        let connection = try restore.connect(database)
        try connection.run(steps)
        return connection
    }

    private func withSession(_ body: (SchemaRestore) throws -> Void) throws {
        let connection = try session(PostgresSession.restore)
        defer { connection.close() }
        try restore.cancellation.interruptible(connection.interrupter) {
            if restore.cancellation.isRequested {
                throw SnapshotError(.interrupted, "interrupted")
            }
            try body(
                SchemaRestore(
                    connection: connection, roles: roles, paths: content.paths,
                    sourceMajor: content.serverMajor))
        }
    }

    // MARK: - Rows

    private func loadRows() throws {
        let tables = content.tables
        let units = LoadPlan.units(
            tables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            jobs: restore.options.jobs)
        let list = WorkList(units)
        let progress = LoadProgress(
            expected: tables.mapValues(\.rows),
            totalBytes: tables.values.reduce(0) { $0 + $1.bytes },
            onProgress: restore.onProgress)
        let (model, reader, paths) = (content.model, restore.reader, content.paths)
        try pool.run(count: list.count) { connection, group in
            var session = LoadSession(
                connection, reader, model.tables, tables, encoding: model.database.encoding,
                progress, paths: paths)
            while !group.isInterrupted, let unit = list.next() {
                for item in unit.items { try session.load(item) }
            }
        }
        let rows = progress.rows
        for (index, part) in tables where rows[index] ?? 0 != part.rows {
            throw SnapshotError(.damaged, "'\(part.name)' has not the rows that the manifest says")
        }
        try withSession { schema in
            try schema.create(model.entries, .data)
            if let part = content.largeObjects {
                try LargeObjectLoad(connection: schema.connection, reader: reader).load(part)
            }
            if content.document.holdsRows, !restore.options.isSchemaOnly {
                try setSequences(schema.connection)
            }
        }
    }

    private func setSequences(_ connection: any Connection) throws {
        try connection.run(
            content.document.sequences.map { sequence in
                let name = PostgresName.quoted(sequence.schema, sequence.name)
                return Step(
                    "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2, $3::pg_catalog.bool)",
                    [
                        .text(name), .integer(sequence.lastValue ?? 1),
                        .text(sequence.isCalled == true ? "t" : "f"),
                    ])
            })
    }

    // MARK: - After the rows

    private func createPostData() throws {
        var bytes: [Int: Int64] = [:]
        for (index, part) in content.tables {
            if let entry = content.model.tables[index].entry { bytes[entry] = part.bytes }
        }
        let (roles, paths, major) = (roles, content.paths, content.serverMajor)
        for stage in PostDataPlan.stages(content.model.entries, bytes: bytes) {
            let list = WorkList(stage)
            let settings = buildSettings(sideBySide: min(list.count, restore.options.jobs))
            try pool.run(count: list.count) { connection, group in
                try connection.query("SELECT \(settings)")
                let schema = SchemaRestore(
                    connection: connection, roles: roles, paths: paths, sourceMajor: major)
                while !group.isInterrupted, let batch = list.next() {
                    try Self.create(batch, schema)
                }
            }
        }
    }

    /// How the server builds indexes. Builds side by side share the processors that the jobs stand for:
    /// helpers of each besides would only be in each other's way.
    private func buildSettings(sideBySide: Int) -> String {
        var settings = "pg_catalog.set_config('maintenance_work_mem', '256MB', false)"
        if sideBySide > 1 {
            let helpers = restore.options.jobs / sideBySide - 1
            settings +=
                ", pg_catalog.set_config('max_parallel_maintenance_workers', '\(helpers)', false)"
        }
        return settings
    }

    /// Two sessions can want the locks of the same tables in another order; one of them is then told
    /// to try again, and nothing of its batch was done.
    private static func create(_ batch: [SchemaEntry], _ schema: SchemaRestore) throws {
        for attempt in 1... {
            do {
                return try schema.create(batch)
            } catch let error as SnapshotError
                where error.database?.code == .transactionRollback && attempt < 10
            {
                continue
            }
        }
    }

    // MARK: - Proof

    private func prove() throws {
        let leader = try session(PostgresSession.reading)
        defer { leader.close() }
        try leader.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let snapshot = try leader.query("SELECT pg_catalog.pg_export_snapshot()").rows[0][0]
        let model = try restore.access.schema(leader)
        let holdsRows = content.document.holdsRows && !restore.options.isSchemaOnly
        let proof = RestoreProof(
            document: content.document.withoutRows(unless: holdsRows), parts: content.parts,
            roles: roles,
            isSameMajor: leader.serverVersionNumber / 10_000 == content.serverMajor)
        let states = holdsRows ? try SequenceState.read(model.sequences, leader) : nil
        try proof.check(catalog: CatalogDocument(model, states: states))
        try Self.checkIndexes(leader)
        if holdsRows { try proof.check(rows: rows(model, snapshot.string ?? "", leader)) }
    }

    private func rows(
        _ model: SchemaModel, _ snapshot: String, _ leader: any BulkConnection
    ) throws -> [Part] {
        try leader.run(PostgresSession.reading)
        let relations = try RelationList(leader, withStorage: true)
        let reading = RowReading(
            connect: { try session(PostgresSession.reading) }, writer: DiscardingWriter(),
            jobs: restore.options.jobs, cancellation: restore.cancellation,
            onProgress: { _ in })
        return try reading.parts(
            MomentFacts(
                snapshot: snapshot, tables: content.inTakenOrder(model.tables),
                encoding: model.database.encoding, binary: content.binaryTables),
            relations.storage, hasLargeObjects: content.largeObjects != nil, leader: leader)
    }

    /// Looks for an index that is not valid.
    static func checkIndexes(_ connection: any Connection) throws {
        let rows = try connection.query(
            """
            SELECT c.relname FROM pg_catalog.pg_index i \
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
            WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready) LIMIT 1
            """
        ).rows
        guard let name = rows.first?[0].string else { return }
        throw SnapshotError(.restoreFailed, "the index '\(name)' is not valid")
    }
}

/// Takes content for the sake of its sums, and keeps nothing.
struct DiscardingWriter: ChunkWriter {
    private static let digest = ContentDigest(of: [])

    func write(_ content: [UInt8]) throws(SnapshotError) -> Chunk {
        Chunk(
            digest: Self.digest, bytes: Int64(content.count), codec: .zstd,
            storedDigest: Self.digest, storedBytes: 1)
    }
}
