internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// Proves a restore within its transaction.
struct InPlaceProof {
    let connection: any BulkConnection
    let access: CatalogAccess
    let content: RestoreContent
    let roles: RolePolicy

    private var proof: RestoreProof {
        RestoreProof(
            document: content.document.withoutRows(unless: content.holdsRows),
            parts: content.parts, roles: roles,
            isSameMajor: connection.serverVersionNumber / 10_000 == content.serverMajor)
    }

    /// The rows.
    func check(rows: [Part]) throws { try proof.check(rows: rows) }

    /// The objects, and that nothing is there besides: what was created by others meanwhile, or could
    /// not be dropped.
    func checkCatalog() throws {
        let model = try access.schema(connection)
        let states = content.holdsRows ? try SequenceState.read(model.sequences, connection) : nil
        var document = CatalogDocument(model, states: states)
        // What belongs to the database itself stays.
        document.database = content.document.database
        try proof.check(catalog: document)
        try RestoreWork.checkIndexes(connection)
    }
}
