internal import Database

/// A sequence, and one column that it feeds if it feeds one: an identity column, or a column whose
/// default is `nextval` of it and nothing more.
struct SequenceUse {
    var oid: Int64
    /// Qualified and quoted.
    var sequence: String
    var increment: Int64
    var minimum: Int64
    var maximum: Int64
    var cycles: Bool
    var column: Column?

    struct Column {
        var tableOID: Int64
        /// Qualified and quoted.
        var table: String
        /// Quoted.
        var name: String
        /// The least and the greatest number that the column's type holds.
        var range: ClosedRange<Int64>
        /// True where its greatest value is found without reading the table.
        var isCheap: Bool
    }

    /// What tells this pair from others.
    var identity: String { "\(oid)/\(column?.tableOID ?? 0).\(column?.name ?? "")" }

    /// The name that a finding is about.
    var object: String { column.map { "\($0.table).\($0.name)" } ?? sequence }
}

/// Where a sequence stands, and what its column holds.
struct SequencePosition {
    var use: SequenceUse
    /// The number that was given last; nil where none was.
    var last: Int64?
    /// The number that is given next, which may be beyond the sequence's end.
    var next: String
    /// The value of the column that is farthest in the sequence's direction; nil where the table
    /// has no rows, or nothing feeds on the sequence.
    var farthest: String?
    /// True where the column already has the next number, or one behind it.
    var isBehind: Bool
}

/// Reads sequences, and compares them with the columns that they feed.
enum Sequences {
    /// The queries of the sequences of the user's schemas, and of the columns that they feed. The
    /// two are put together here: the server has no statistics to do it well.
    static func steps(_ scope: PostgresScope) -> [Step] {
        [Step(sequences(scope)), Step(columns(scope))]
    }

    /// What their rows say: each sequence with each column that it feeds, or by itself.
    ///
    /// A partition's or child table's column is not told beside its parent's, whose greatest value
    /// is looked for in all of them.
    static func uses(_ sequences: [Row], _ columns: [Row]) -> [SequenceUse] {
        struct Link: Hashable {
            var sequence: Substring
            var table: Substring
        }
        let links = Set(
            columns.map {
                Link(sequence: Substring($0[0].string ?? ""), table: Substring($0[1].string ?? ""))
            })
        var fed: [String: [Row]] = [:]
        for row in columns {
            let sequence = row[0].string ?? ""
            let parents = (row[6].string ?? "").split(separator: ",")
            let isCounted = parents.contains {
                links.contains(Link(sequence: Substring(sequence), table: $0))
            }
            if !isCounted { fed[sequence, default: []].append(row) }
        }
        var uses: [SequenceUse] = []
        for row in sequences {
            let isTouched = row[6].boolean ?? false
            let columns = fed[row[0].string ?? ""] ?? []
            if columns.isEmpty && isTouched { uses.append(use(row, nil)) }
            for column in columns where isTouched || column[7].boolean == true {
                uses.append(use(row, column))
            }
        }
        return uses.sorted { $0.object < $1.object }
    }

    private static func use(_ row: Row, _ column: Row?) -> SequenceUse {
        var use = SequenceUse(
            oid: row[0].integer ?? 0, sequence: row[1].string ?? "",
            increment: row[2].integer ?? 1, minimum: row[3].integer ?? .min,
            maximum: row[4].integer ?? .max, cycles: row[5].boolean ?? false)
        use.column = column.map { column in
            SequenceUse.Column(
                tableOID: column[1].integer ?? 0, table: column[2].string ?? "",
                name: column[3].string ?? "", range: range(column[4].string),
                isCheap: column[5].boolean ?? false)
        }
        return use
    }

    private static func range(_ type: String?) -> ClosedRange<Int64> {
        switch type {
        case "int2": Int64(Int16.min)...Int64(Int16.max)
        case "int4": Int64(Int32.min)...Int64(Int32.max)
        default: Int64.min...Int64.max
        }
    }

    /// Where each sequence stands. One statement reads the sequence and its column: its view of the
    /// rows is older than its look at the sequence, so that a row that is inserted meanwhile does
    /// not make the sequence seem to be behind.
    static func positions(
        _ uses: [SequenceUse], _ reader: PostgresReader
    ) throws(DatabaseError) -> [Result<SequencePosition, DatabaseError>] {
        let answers = try reader.answers(uses.map { Step(position(of: $0)) }, .keys)
        return zip(uses, answers).map { use, answer in
            answer.map { result in
                let row = result.rows.first ?? Row([.null, .null, .null, .null])
                return SequencePosition(
                    use: use, last: row[0].integer, next: row[1].string ?? "",
                    farthest: row[2].string, isBehind: row[3].boolean ?? false)
            }
        }
    }

    private static func position(of use: SequenceUse) -> String {
        let next =
            "s.last_value::numeric + CASE WHEN s.is_called THEN \(use.increment) ELSE 0 END"
        let last = "CASE WHEN s.is_called THEN s.last_value END"
        guard let column = use.column else {
            return "SELECT \(last), (\(next))::text, NULL, false FROM \(use.sequence) s"
        }
        let farthest = use.increment > 0 ? "max" : "min"
        return """
            SELECT \(last), (\(next))::text, c.farthest::text, \
            c.farthest \(use.increment > 0 ? ">=" : "<=") \(next) FROM \(use.sequence) s, \
            (SELECT pg_catalog.\(farthest)(\(column.name)) AS farthest FROM \(column.table)) c
            """
    }

    private static func sequences(_ scope: PostgresScope) -> String {
        """
        SELECT s.seqrelid, \(CatalogSQL.name("n", "c")), s.seqincrement, s.seqmin, s.seqmax, \
        s.seqcycle, \(scope.contains("c.oid")) \
        FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE \(CatalogSQL.canBeRead("c")) AND \(CatalogSQL.isUserSchema("n")) \
        AND \(CatalogSQL.isNotOfExtension("c.oid"))
        """
    }

    /// The columns of an integer type, or a domain over one, that a sequence feeds.
    private static func columns(_ scope: PostgresScope) -> String {
        """
        SELECT f.sequence, c.oid, \(CatalogSQL.name("n", "c")), \
        pg_catalog.quote_ident(a.attname), b.typname, \(isCheap), \
        (SELECT pg_catalog.string_agg(h.inhparent::oid::text, ',') FROM pg_catalog.pg_inherits h \
        WHERE h.inhrelid = c.oid), \(scope.containsTree("c.oid")) \
        FROM (\(links)) f JOIN pg_catalog.pg_class c ON c.oid = f.relation \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.attribute \
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
        JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype \
        ELSE t.oid END \
        WHERE c.relkind IN ('r', 'p') AND \(CatalogSQL.isUserSchema("n")) \
        AND b.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
        """
    }

    /// A btree index gives the greatest value at once; a small table is read as well.
    private static let isCheap = """
        (EXISTS (SELECT FROM pg_catalog.pg_index i \
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL \
        AND i.indkey[0] = a.attnum \
        AND x.relam = (SELECT m.oid FROM pg_catalog.pg_am m WHERE m.amname = 'btree')) \
        OR \(TableSize.isSmall("c")))
        """

    private static let links = """
        SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attribute \
        FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass \
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i' \
        AND d.refobjsubid > 0 \
        UNION SELECT d.refobjid, e.adrelid, e.adnum FROM pg_catalog.pg_depend d \
        JOIN pg_catalog.pg_attrdef e ON d.classid = 'pg_catalog.pg_attrdef'::regclass \
        AND d.objid = e.oid WHERE d.refclassid = 'pg_catalog.pg_class'::regclass \
        AND pg_catalog.pg_get_expr(e.adbin, e.adrelid) ~ \
        '^\\(*nextval\\(''([^'']|'''')*''::regclass\\)+(::(smallint|integer|bigint|numeric))?$'
        """
}
