import Dispatch
internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// One session that reads rows: the leader, which holds all locks, or one that imports its snapshot.
struct CopySession {
    /// After so many tables a worker begins a transaction anew, so that the locks of its tables do
    /// not add up in the server's table of them. So many are kept in the backend's own.
    private static let tablesInTransaction = 14
    /// A table whose storage is smaller cannot hold a row too long for COPY's text.
    private static let savepointBytes: Int64 = 2 * 1024 * 1024

    private let connection: any BulkConnection
    private let isLeader: Bool
    private let moment: MomentFacts
    private let work: CopyWork
    private var builder: PieceBuilder
    /// The tables that a worker's transaction has locked.
    private var locked: Set<Int> = []
    private var isInTransaction = false
    private var reported: Int64 = 0

    init(
        _ connection: any BulkConnection, isLeader: Bool, _ moment: MomentFacts, _ work: CopyWork,
        _ writer: any ChunkWriter
    ) {
        self.connection = connection
        self.isLeader = isLeader
        self.moment = moment
        self.work = work
        builder = PieceBuilder(writer, queue: DispatchQueue(label: "snapshot.store"))
    }

    /// Does units until none is left.
    mutating func run() throws {
        while let unit = work.next(isLeader: isLeader) {
            try perform(unit)
            // It is stored while the next unit is read.
            try builder.flush()
            report(always: true)
        }
        work.add(try builder.finish())
        if !isLeader, isInTransaction { try end("COMMIT") }
    }

    private mutating func perform(_ unit: CopyUnit) throws {
        switch unit.content {
        case .tables(let tables):
            for (position, table) in tables.enumerated() {
                guard try lock(table) else {
                    let rest = Array(tables[position...])
                    work.leaveToLeader(CopyUnit(content: .tables(rest), bytes: unit.bytes))
                    return
                }
                builder.begin(table: table)
                try copyText(statement(table).out(), table: table, bytes: unit.bytes)
            }
        case .pages(let table, let pages, let stream):
            guard try lock(table) else { return work.leaveToLeader(unit) }
            builder.begin(table: table, stream: stream)
            try copyText(statement(table).out(pages: pages), table: table, bytes: unit.bytes)
        case .binary(let table):
            guard try lock(table) else { return work.leaveToLeader(unit) }
            try copyBinary(table)
        case .largeObjects:
            if !isLeader, !isInTransaction { try begin([]) }
            builder.begin(table: nil)
            try copyLines(CopyStatement.largeObjects)
        }
    }

    private func statement(_ table: Int) -> CopyStatement {
        CopyStatement(table: moment.tables[table], encoding: moment.encoding)
    }

    // MARK: - Transactions and locks

    /// Makes sure of the table's lock; false where someone waits for a stronger one, behind which
    /// this session would wait too while the leader waits for it.
    private mutating func lock(_ table: Int) throws -> Bool {
        guard !isLeader, !locked.contains(table) else { return true }
        if locked.count >= Self.tablesInTransaction { try end("COMMIT") }
        let name = moment.tables[table].quotedName
        let step = Step("LOCK TABLE ONLY \(name) IN ACCESS SHARE MODE NOWAIT")
        do {
            if isInTransaction { try connection.run([step]) } else { try begin([step]) }
        } catch let failure as StepFailure where failure.error.code == .lockTimeout {
            try end("ROLLBACK")
            return false
        }
        locked.insert(table)
        return true
    }

    private mutating func begin(_ steps: [Step]) throws {
        isInTransaction = true
        locked = []
        let snapshot = PostgresName.literal(moment.snapshot)
        try connection.run(
            [
                Step("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Step("SET TRANSACTION SNAPSHOT \(snapshot)"),
            ] + steps)
    }

    private mutating func end(_ statement: String) throws {
        isInTransaction = false
        locked = []
        try connection.query(statement)
    }

    // MARK: - Rows

    private mutating func copyText(_ sql: String, table: Int, bytes: Int64) throws {
        let isSaved = isLeader && bytes >= Self.savepointBytes
        if isSaved { try connection.query("SAVEPOINT rows") }
        do {
            try copyLines(sql)
            if isSaved { try connection.query("RELEASE SAVEPOINT rows") }
        } catch let error as DatabaseError where isTooLong(error) && (isSaved || !isLeader) {
            if isLeader {
                try connection.query("ROLLBACK TO SAVEPOINT rows")
            } else {
                try end("ROLLBACK")
            }
            guard moment.tables[table].types.allSatisfy(BinaryRows.carries) else {
                throw tooLong(table, error)
            }
            work.readInBinary(table, bytes: bytes)
        }
    }

    private mutating func copyLines(_ sql: String) throws {
        _ = try connection.copyOut(sql) { line in
            guard line.last == UInt8(ascii: "\n") else {
                throw SnapshotError(.refused, "the server sent a row that has no end")
            }
            try builder.add(line: line)
            report()
        }
    }

    private mutating func copyBinary(_ table: Int) throws {
        builder.begin(table: table, isBinary: true)
        var rows = BinaryRows()
        do {
            _ = try connection.copyOut(statement(table).out(isBinary: true)) { message in
                try builder.add(binary: message, sum: try rows.sum(message))
                report()
            }
        } catch let error as DatabaseError where isTooLong(error) {
            throw tooLong(table, error)
        }
    }

    private mutating func report(always: Bool = false) {
        let new = builder.bytes - reported
        guard new > 0, always || new >= 1 << 20 else { return }
        reported = builder.bytes
        work.advance(new)
    }

    // MARK: - Rows that are too long

    /// Whether the server could not put a row together: no text of a row has more than 1 GB.
    private func isTooLong(_ error: DatabaseError) -> Bool {
        error.sqlState == "54000"
            || error.sqlState == "XX000" && error.message.contains("invalid memory alloc request")
    }

    private func tooLong(_ table: Int, _ error: DatabaseError) -> SnapshotError {
        let contents = moment.tables[table]
        var place = ""
        if let row = try? longestRow(contents) { place = ": " + row }
        return SnapshotError(
            .refused,
            "a row of '\(contents.plainName)' is too long for PostgreSQL to send\(place)",
            hint: "No row can be sent whose text is longer than 1 GB.", database: error)
    }

    /// Names the longest row by its place, its key and its length.
    private func longestRow(_ table: TableContents) throws -> String {
        let lengths = zip(table.columns, table.types).map { column, type in
            let name = PostgresName.quoted(column)
            let isPlain = ["text", "bytea", "json", "character varying"].contains(type)
            return "coalesce(pg_catalog.\(isPlain ? "octet_length" : "pg_column_size")(\(name)), 0)"
        }
        let key = try connection.query(
            """
            SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a \
            ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
            WHERE i.indrelid = $1::pg_catalog.oid AND i.indisprimary ORDER BY a.attnum
            """, [.text(String(table.oid))]
        ).rows.compactMap { $0[0].string }
        let columns = key.map {
            "pg_catalog.left(\(PostgresName.quoted($0))::pg_catalog.text, 100)"
        }
        let row = try connection.query(
            """
            SELECT ctid, \(lengths.map { $0 + "::pg_catalog.int8" }.joined(separator: " + ")) AS bytes\
            \(columns.map { ", " + $0 }.joined()) FROM ONLY \(table.quotedName) \
            ORDER BY 2 DESC LIMIT 1
            """
        ).rows.first
        guard let row else { return "" }
        let values = zip(key, row.values[2...]).map { "\($0) = \($1.string ?? "null")" }
        let place = values.isEmpty ? "ctid \(row[0].string ?? "")" : values.joined(separator: ", ")
        return "that with \(place), about \(row[1].string ?? "") bytes"
    }
}

/// What all sessions of a snapshot know.
struct MomentFacts: Sendable {
    let snapshot: String
    let tables: [TableContents]
    let encoding: String
    /// Tables that are read in binary from the beginning.
    var binary: Set<QualifiedName> = []
}
