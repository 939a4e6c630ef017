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
    /// The query of the sequences of the user's schemas with the columns that they feed.
    ///
    /// A partition's or child table's column is not told beside its parent's, whose greatest value
    /// is looked for in all of them.
    static func step(_ scope: PostgresScope) -> Step { Step(query(scope)) }

    /// What a row of it says.
    static func use(_ row: Row) -> SequenceUse {
        var use = SequenceUse(
            oid: row[0].integer ?? 0, sequence: row[1].string ?? "",
            increment: row[2].integer ?? 1, minimum: row[3].integer ?? .min,
            maximum: row[4].integer ?? .max, cycles: row[5].boolean ?? false)
        if let table = row[7].string, let name = row[8].string {
            use.column = SequenceUse.Column(
                tableOID: row[6].integer ?? 0, table: table, name: name,
                range: range(row[9].string), isCheap: row[10].boolean ?? false)
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
        let answers = try reader.answers(uses.map { Step(position(of: $0)) })
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

    private static func query(_ scope: PostgresScope) -> String {
        """
        SELECT s.seqrelid, \(CatalogSQL.name("n", "sc")), s.seqincrement, s.seqmin, s.seqmax, \
        s.seqcycle, u.relid, u.relation, u.attribute, u.type, u.is_cheap \
        FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class sc ON sc.oid = s.seqrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = sc.relnamespace \
        LEFT JOIN (\(fed)) u ON u.sequence = s.seqrelid \
        WHERE \(CatalogSQL.canBeRead("sc")) AND \(CatalogSQL.isUserSchema("n")) AND \(CatalogSQL.isNotOfExtension("sc.oid")) \
        AND (\(scope.contains("sc.oid")) OR \(scope.contains("u.relid"))) \
        ORDER BY u.relation, u.attribute, 2
        """
    }

    /// The columns that a sequence feeds: of an integer type or a domain over one, and of no parent
    /// that the same sequence feeds.
    private static let fed = """
        SELECT f.sequence, c.oid AS relid, \(CatalogSQL.name("cn", "c")) AS relation, \
        pg_catalog.quote_ident(a.attname) AS attribute, b.typname AS type, \
        \(isCheap) AS is_cheap \
        FROM (\(links)) f JOIN pg_catalog.pg_class c ON c.oid = f.relation \
        JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.attribute \
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
        JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype \
        ELSE t.oid END \
        WHERE c.relkind IN ('r', 'p') AND \(CatalogSQL.isUserSchema("cn")) \
        AND b.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) \
        AND NOT EXISTS (SELECT FROM (\(links)) pf \
        JOIN pg_catalog.pg_inherits h ON h.inhparent = pf.relation \
        WHERE h.inhrelid = c.oid AND pf.sequence = f.sequence)
        """

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
