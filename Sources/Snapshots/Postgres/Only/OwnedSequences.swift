internal import Database
internal import PostgresCatalog

/// Sets the sequences of tables that were restored: as in the snapshot, and never behind a row.
struct OwnedSequences {
    let connection: any Connection
    /// Those of the snapshot.
    let sequences: [CatalogDocument.Sequence]
    /// The entries that this transaction has created.
    let created: Set<Int>

    /// Sets those that belong to some tables, and those that were created.
    func set(of tables: Set<RestoredTable>) throws {
        for sequence in sequences {
            let isNew = sequence.entry.map(created.contains) ?? false
            let name = PostgresName.quoted(sequence.schema, sequence.name)
            let column = try column(of: name)
            guard isNew || column.map({ tables.contains($0.table) }) == true else { continue }
            var (value, isCalled) = (sequence.lastValue ?? 1, sequence.isCalled == true)
            if let column, let last = try last(column) {
                let isBehind = column.increment > 0 ? last > value : last < value
                if isBehind || last == value { (value, isCalled) = (last, true) }
            }
            try connection.run(
                SequenceSetting.transactionalSteps(name, value, isCalled: isCalled))
        }
    }

    private struct Column {
        let table: RestoredTable
        let name: String
        let isNumber: Bool
        let increment: Int64
    }

    private func column(of sequence: String) throws -> Column? {
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname, a.attname, \
            a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, \
            'int8'::pg_catalog.regtype), s.seqincrement FROM pg_catalog.pg_depend d \
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid \
            JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
            WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.deptype IN ('a', 'i') \
            AND d.objid = pg_catalog.to_regclass($1)
            """, [.text(sequence)]
        ).rows
        return rows.first.map { row in
            Column(
                table: RestoredTable(schema: row[0].string ?? "", name: row[1].string ?? ""),
                name: row[2].string ?? "", isNumber: row[3].boolean ?? false,
                increment: row[4].integer ?? 1)
        }
    }

    /// The row that is farthest on.
    private func last(_ column: Column) throws -> Int64? {
        guard column.isNumber else { return nil }
        let name = PostgresName.quoted(column.name)
        return try connection.query(
            """
            SELECT pg_catalog.\(column.increment > 0 ? "max" : "min")(\(name))::pg_catalog.int8 \
            FROM \(column.table.quoted)
            """
        ).rows[0][0].integer
    }
}
