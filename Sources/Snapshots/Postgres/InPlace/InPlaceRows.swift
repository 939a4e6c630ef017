internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// Loads rows within a transaction, and reads them again, on the session that does all the rest.
struct InPlaceRows {
    let connection: any BulkConnection
    let content: RestoreContent
    let reader: any ChunkReader
    let cancellation: Cancellation
    let onProgress: @Sendable (TakeProgress) -> Void

    /// Loads the rows of all tables of the content into tables that this transaction has created or
    /// emptied.
    func load() throws {
        let tables = content.tables
        let progress = LoadProgress(
            expected: tables.mapValues(\.rows),
            totalBytes: tables.values.reduce(0) { $0 + $1.bytes }, onProgress: onProgress)
        let units = LoadPlan.units(
            tables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, jobs: 1)
        var session = LoadSession(
            connection, reader, content.model.tables, tables,
            encoding: content.model.database.encoding, progress, paths: content.paths,
            ownsTransactions: false)
        for unit in units {
            for item in unit.items {
                if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
                try session.load(item)
            }
        }
        let rows = progress.rows
        for (index, part) in tables where rows[index] ?? 0 != part.rows {
            throw SnapshotError(.damaged, "'\(part.name)' has not the rows that the manifest says")
        }
        // A constraint that is checked at the commit would keep its table from being altered.
        try connection.query("SET CONSTRAINTS ALL IMMEDIATE")
    }

    /// Reads the rows of some tables again.
    func read(_ tables: [TableContents], encoding: String) throws -> [Part] {
        try connection.run(PostgresSession.reading)
        let relations = try RelationList(connection, withStorage: true)
        let reading = RowReading(
            connect: {
                throw SnapshotError(.restoreFailed, "one session reads what it has written")
            },
            writer: DiscardingWriter(), jobs: 1, cancellation: cancellation, onProgress: { _ in })
        return try reading.parts(
            MomentFacts(
                snapshot: "", tables: content.inTakenOrder(tables), encoding: encoding,
                binary: content.binaryTables),
            relations.storage, hasLargeObjects: content.largeObjects != nil, leader: connection)
    }
}

/// Where sequences are set to stand.
enum SequenceSetting {
    /// The steps for sequences that this transaction has created.
    static func steps(_ sequences: [CatalogDocument.Sequence]) -> [Step] {
        sequences.map { sequence in
            step(
                PostgresName.quoted(sequence.schema, sequence.name), sequence.lastValue ?? 1,
                isCalled: sequence.isCalled == true)
        }
    }

    /// The steps for one that was there before: `setval` alone outlasts a rollback, but not where the
    /// transaction has given the sequence new storage, as RESTART does.
    static func transactionalSteps(_ name: String, _ value: Int64, isCalled: Bool) -> [Step] {
        [Step("ALTER SEQUENCE \(name) RESTART"), step(name, value, isCalled: isCalled)]
    }

    private static func step(_ name: String, _ value: Int64, isCalled: Bool) -> Step {
        Step(
            "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2, $3::pg_catalog.bool)",
            [.text(name), .integer(value), .text(isCalled ? "t" : "f")])
    }
}
