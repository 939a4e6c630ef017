internal import PostgresCatalog

/// The COPY statements of a table.
struct CopyStatement {
    let table: TableContents
    /// The database's encoding, in which rows are written and read, so that no byte is converted.
    let encoding: String

    private var options: String { "ENCODING \(PostgresName.literal(encoding))" }

    private var columns: String {
        table.columns.map(PostgresName.quoted).joined(separator: ", ")
    }

    /// All rows.
    func out(isBinary: Bool = false) -> String {
        let format = isBinary ? "(FORMAT binary)" : "(\(options))"
        if let condition = table.extensionCondition, !condition.isEmpty {
            return "COPY (SELECT \(columns) FROM ONLY \(table.quotedName) \(condition)) "
                + "TO STDOUT \(format)"
        }
        return "COPY \(table.quotedName)\(list) TO STDOUT \(format)"
    }

    /// The rows of some pages, in their order.
    func out(pages: Range<Int64>) -> String {
        // A tid of the last page and beyond: what was added since holds no row of the snapshot.
        """
        COPY (SELECT \(columns) FROM ONLY \(table.quotedName) \
        WHERE ctid >= '(\(pages.lowerBound),0)' AND ctid < '(\(pages.upperBound),0)') \
        TO STDOUT (\(options))
        """
    }

    /// Loads rows, frozen only into a table that this transaction created or truncated.
    func load(isBinary: Bool, freezes: Bool) -> String {
        var options = isBinary ? ["FORMAT binary"] : [self.options]
        if freezes { options.append("FREEZE") }
        let target = table.loadsThrough.map { PostgresName.quoted($0.schema, $0.name) }
        return "COPY \(target ?? table.quotedName)\(list) FROM STDIN "
            + "(\(options.joined(separator: ", ")))"
    }

    /// A table without columns has no list of them.
    private var list: String { table.columns.isEmpty ? "" : " (\(columns))" }

    /// The contents of all large objects: number, offset, bytes.
    static let largeObjects = """
        COPY (SELECT m.oid, p.start, pg_catalog.lo_get(m.oid, p.start, 262144) \
        FROM pg_catalog.pg_largeobject_metadata m, \
        LATERAL (SELECT pg_catalog.lo_lseek64(pg_catalog.lo_open(m.oid, 262144), 0, 2) AS length) l, \
        LATERAL pg_catalog.generate_series(0, l.length - 1, 262144) p (start) \
        ORDER BY m.oid, p.start) TO STDOUT
        """
}
