internal import PostgresCatalog
internal import SnapshotFormat

extension CatalogDocument {
    /// Reads the document of a snapshot.
    ///
    /// - Throws: `.damaged`, `.unsupported`, `.storage`.
    init(of parts: [Part], _ reader: any ChunkReader) throws(SnapshotError) {
        guard let catalog = parts.first, catalog.kind == .postgresCatalog else {
            throw SnapshotError(.damaged, "the snapshot is none of a PostgreSQL database")
        }
        guard catalog.bytes <= Self.maximumBytes else {
            throw SnapshotError(.unsupported, "the description of the database is too long")
        }
        var bytes: [UInt8] = []
        for slice in catalog.slices {
            let content = try reader.read(slice.chunk)
            bytes += content[Int(slice.offset)..<Int(slice.offset + slice.length)]
        }
        guard ContentDigest(of: bytes) == catalog.digest else {
            throw SnapshotError(.damaged, "the description of the database is another one")
        }
        try self.init(bytes)
    }

    /// What a database has that was only just created, as far as the document tells.
    var newDatabase: SchemaModel {
        SchemaModel(database: database.properties, entries: model.entries.filter(Self.isGiven))
    }

    /// What each database has something to say of: the schema `public`, the extension plpgsql.
    private static func isGiven(_ entry: SchemaEntry) -> Bool {
        entry.kind == "SCHEMA" && entry.name == "public"
            || entry.kind == "EXTENSION" && entry.name == "plpgsql"
    }

    /// The document of a database that has no more than some tables and what they need.
    func reduced(to plan: SelectionPlan) -> CatalogDocument {
        var document = self
        let ids = Set((plan.entries + newDatabase.entries).map(\.id))
        document.entries.removeAll { !ids.contains($0.id) }
        for index in document.entries.indices {
            document.entries[index].dependsOn.removeAll { !ids.contains($0) }
        }
        document.tables.removeAll { table in table.entry.map { !ids.contains($0) } ?? true }
        document.sequences.removeAll { sequence in
            sequence.entry.map { !ids.contains($0) } ?? true
        }
        let extensions = Set(
            document.entries.filter { $0.kind == "EXTENSION" }.map(\.name) + ["plpgsql"])
        document.extensions.removeAll { !extensions.contains($0.name) }
        return document
    }
}
