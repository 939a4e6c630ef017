package import Database
internal import PostgresCatalog
package import SnapshotFormat

/// Writes a snapshot of a PostgreSQL database as one script that psql restores.
///
/// It does what a restore does, in the same order, in one session. No name stands in a comment, which
/// a line break in it would end (CVE-2025-8715), and psql obeys no command of its own inside the
/// script (`\restrict`, CVE-2025-8714).
package struct PostgresScript {
    /// What the script does.
    package struct Options: Sendable {
        /// Creates the database and sets what belongs to it as a whole, in the place of restoring
        /// into the one that psql is connected to.
        package var createsDatabase: Bool
        /// Has no rows.
        package var isSchemaOnly: Bool

        /// Creates options.
        package init(createsDatabase: Bool = false, isSchemaOnly: Bool = false) {
            self.createsDatabase = createsDatabase
            self.isSchemaOnly = isSchemaOnly
        }
    }

    private let content: RestoreContent
    private let reader: any ChunkReader
    private let options: Options
    /// Ends it.
    package var cancellation = Cancellation()
    /// Told of the bytes of rows that were written, and of how many there are.
    package var onProgress: (_ done: Int64, _ total: Int64) -> Void = { _, _ in }

    /// Reads the objects of a snapshot.
    ///
    /// - Parameters:
    ///   - manifest: of a PostgreSQL database.
    ///   - reader: where chunks come from.
    ///   - options: what the script does.
    /// - Throws: `.refused` for rows or a name that a script cannot carry; `.damaged`,
    ///   `.unsupported`, `.storage`.
    package init(
        _ manifest: Manifest, _ reader: any ChunkReader, _ options: Options = Options()
    ) throws(SnapshotError) {
        content = try RestoreContent(
            manifest.parts, reader, manifest.database.version,
            PostgresRestore.Options(isSchemaOnly: options.isSchemaOnly))
        self.reader = reader
        self.options = options
        try refuseBinaryRows()
        if options.createsDatabase { try refuseDatabaseName() }
    }

    /// Writes it.
    ///
    /// - Parameter sink: takes the script's bytes, a piece at a time.
    /// - Returns: what was written.
    /// - Throws: `.damaged` where rows are not what they must be: what was written is no script;
    ///   `.storage`, `.interrupted`, and what `sink` throws.
    package func write(
        to sink: @escaping (ArraySlice<UInt8>) throws(SnapshotError) -> Void
    ) throws(SnapshotError) -> ExportedScript {
        let output = ScriptOutput(sink)
        do {
            try begin(output)
            try statements(.preData, output)
            try rows(output)
            try statements(.data, output)
            if let part = content.largeObjects { try largeObjects(part, output) }
            if content.holdsRows { try sequences(output) }
            try statements(.postData, output)
            for entry in content.model.entries { try write(entry.privileges, output) }
            try statements(.final, output)
            if options.createsDatabase {
                let database = content.model.database
                try write(database.settings(ofDatabase: database.name), output)
            }
            try output.write("\n\\unrestrict \(token)\n")
            try output.flush()
        } catch {
            throw SnapshotError(postgres: error)
        }
        return ExportedScript(
            bytes: output.bytes, tables: content.tables.count, rows: content.rows)
    }

    /// Drawn anew for each script, so that nobody who wrote into the database can know it.
    private let token = String(
        (0..<32).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? "x" })

    // MARK: - The parts of the script

    private func begin(_ output: ScriptOutput) throws {
        try output.write(
            """
            -- A PostgreSQL database out of a snapshot of migrate. It is restored into an empty one:
            --     psql -X -d NAME -f THIS-FILE
            -- and stops at the first error; with -1 it is one transaction. A psql that does not know
            -- \\restrict (older than 17.6, 16.10, 15.14, 14.19 and 13.22) stops at once.

            \\set ON_ERROR_STOP on
            \\restrict \(token)


            """)
        for sql in PostgresSession.restoreScript { try output.write(sql + ";\n") }
        guard options.createsDatabase else { return }
        let database = content.model.database
        try output.write(
            database.creation(of: database.name, major: content.serverMajor) + ";\n")
        // psql reads a connection string inside quotes of its own.
        let name = QuotedText.escaping([UInt8(ascii: "\\"), UInt8(ascii: "'")], in: database.name)
        let connection = QuotedText.sqliteName("dbname='\(name)'")
        try output.write("\\unrestrict \(token)\n\\connect -reuse-previous=on \(connection)\n")
        try output.write("\\restrict \(token)\n")
        for sql in PostgresSession.restoreScript { try output.write(sql + ";\n") }
    }

    private func statements(_ section: SchemaSection, _ output: ScriptOutput) throws {
        try output.write("\n")
        for entry in content.model.entries where entry.section == section {
            try write(entry.statements, output)
        }
    }

    private func write(_ statements: [SchemaStatement], _ output: ScriptOutput) throws {
        try checkCancellation()
        for statement in statements { try output.write(statement.sql + ";\n") }
    }

    private func rows(_ output: ScriptOutput) throws {
        let total = content.tables.values.reduce(0) { $0 + $1.bytes }
        var done: Int64 = 0
        var last: (digest: ContentDigest, content: [UInt8])?
        for (index, part) in inChunkOrder {
            let table = content.model.tables[index]
            let statement = CopyStatement(
                table: table, encoding: content.model.database.encoding
            ).load(isBinary: false, freezes: false)
            try output.write("\n\(statement);\n")
            var lines = CopyLines()
            for slice in part.slices {
                try checkCancellation()
                if last?.digest != slice.chunk.digest {
                    last = (slice.chunk.digest, try reader.read(slice.chunk))
                }
                guard let chunk = last?.content else { continue }
                let bytes = chunk[Int(slice.offset)..<Int(slice.offset + slice.length)]
                guard lines.take(bytes) else { throw noRows(part) }
                try output.write(bytes)
                done += slice.length
                onProgress(done, total)
            }
            guard lines.isWhole, lines.count == part.rows else { throw noRows(part) }
            try output.write("\\.\n")
        }
    }

    /// The tables that have rows. Those that share a chunk follow each other, so that it is read once.
    private var inChunkOrder: [(index: Int, part: Part)] {
        let tables = content.tables.filter { !$0.value.slices.isEmpty }.sorted { $0.key < $1.key }
        var first: [ContentDigest: Int] = [:]
        for (index, part) in tables {
            let digest = part.slices[0].chunk.digest
            first[digest] = first[digest] ?? index
        }
        func key(_ index: Int, _ part: Part) -> (Int, Int) {
            (first[part.slices[0].chunk.digest] ?? index, index)
        }
        return tables.map { (index: $0.key, part: $0.value) }
            .sorted { key($0.index, $0.part) < key($1.index, $1.part) }
    }

    private func largeObjects(_ part: Part, _ output: ScriptOutput) throws {
        try output.write("\n")
        try reader.readLines(ofLargeObjects: part) { line in
            try checkCancellation()
            try output.write("SELECT pg_catalog.lo_put('\(line.number)', '\(line.offset)', '\\x")
            try output.write(line.digits)
            try output.write("');\n")
        }
    }

    private func sequences(_ output: ScriptOutput) throws {
        try output.write("\n")
        for sequence in content.document.sequences {
            let name = PostgresName.literal(PostgresName.quoted(sequence.schema, sequence.name))
            try output.write(
                "SELECT pg_catalog.setval(\(name), \(sequence.lastValue ?? 1), "
                    + "\(sequence.isCalled ?? false));\n")
        }
    }

    private func checkCancellation() throws(SnapshotError) {
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
    }

    // MARK: - What a script cannot carry

    private func noRows(_ part: Part) -> SnapshotError {
        let damage = Damage(object: part.name, problem: "its rows are none that COPY writes")
        return SnapshotError(
            .damaged, "the rows of '\(part.name)' are none that COPY writes", damage: [damage])
    }

    private func refuseBinaryRows() throws(SnapshotError) {
        let names = content.tables.sorted { $0.key < $1.key }.filter {
            $0.value.properties["format"]?.text == "binary"
        }.map { "'\(content.model.tables[$0.key].plainName)'" }
        guard !names.isEmpty else { return }
        throw SnapshotError(
            .refused,
            "a row of \(names.joined(separator: ", ")) is longer than the 1 GB that a line of a "
                + "script may have",
            hint: "'migrate restore' restores it, and 'export --schema-only' leaves the rows out.")
    }

    private func refuseDatabaseName() throws(SnapshotError) {
        let name = content.model.database.name
        guard !name.utf8.contains(where: { $0 == 10 || $0 == 13 }) else {
            throw SnapshotError(
                .refused, "psql connects to no database with a line break in its name",
                hint: "Export it without --create.")
        }
    }
}
