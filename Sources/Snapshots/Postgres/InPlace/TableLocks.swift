internal import Database

/// Locks tables against writers, so that what is kept of them is all there is to lose.
struct TableLocks {
    private let connection: any Connection

    init(_ connection: any Connection) { self.connection = connection }

    /// Locks every table of users: others read on and write no more.
    func lockAll() throws {
        let names = try connection.query(
            """
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1259 \
            AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1, 2
            """
        ).rows.map { PostgresName.quoted($0[0].string ?? "", $0[1].string ?? "") }
        try lock(names, mode: "EXCLUSIVE")
    }

    /// Locks some, in the order given.
    func lock(_ names: [String], mode: String) throws {
        try connection.run(
            stride(from: 0, to: names.count, by: 500).map { start in
                let some = names[start..<min(start + 500, names.count)].map { "ONLY " + $0 }
                return Step("LOCK TABLE \(some.joined(separator: ", ")) IN \(mode) MODE")
            })
    }
}

/// How many rows a database, or some of its tables, hold.
package struct ReplacedRows: Sendable {
    /// How many tables.
    package var tables = 0
    /// How many rows.
    package var rows: Int64 = 0
    /// Whether the rows of a large table were not counted one by one.
    package var isEstimate = false

    /// Tables of more bytes are not counted.
    private static let countedBytes = 64 * 1024 * 1024

    /// None.
    init() {}

    /// Counts; `oids` are those of the tables, nil for all.
    init(_ connection: any Connection, of oids: [Int64]? = nil) throws {
        let list = oids.map { "{\($0.map(String.init).joined(separator: ","))}" }
        let found = try connection.query(
            """
            SELECT n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid) > \(Self.countedBytes) \
            OR c.relforcerowsecurity OR pg_catalog.count(*) OVER () > 1000, \
            greatest(c.reltuples, 0)::pg_catalog.int8 FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 \
            AND ($1::pg_catalog.oid[] IS NULL OR c.oid = ANY ($1::pg_catalog.oid[])) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1259 \
            AND d.objid = c.oid AND d.deptype = 'e')
            """, [list.map { .text($0) } ?? .null]
        ).rows
        tables = found.count
        var counts: [Step] = []
        for row in found {
            if row[2].boolean == true {
                isEstimate = true
                rows += row[3].integer ?? 0
            } else {
                let name = PostgresName.quoted(row[0].string ?? "", row[1].string ?? "")
                counts.append(Step("SELECT pg_catalog.count(*) FROM ONLY \(name)"))
            }
        }
        rows += try connection.run(counts).reduce(0) { $0 + ($1.rows[0][0].integer ?? 0) }
    }
}
