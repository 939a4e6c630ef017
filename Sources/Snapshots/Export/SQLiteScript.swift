package import Database
internal import SQLText
internal import SnapshotFormat

/// Writes a snapshot of an SQLite database as one script for the sqlite3 shell.
///
/// It is what the shell's `.dump` writes, and besides: rowids, values that decimals or strings do not
/// carry, the page size, the encoding and the numbers of the header.
package struct SQLiteScript {
    /// SQLite reads no longer statement by default.
    /// Source: https://www.sqlite.org/limits.html
    private static let maximumStatement = 1_000_000_000

    private let snapshot: SQLiteSnapshotFile
    private let files: any FileDatabases
    /// Ends it.
    package var cancellation = Cancellation()

    /// A script of a snapshot's database.
    package init(_ snapshot: SQLiteSnapshotFile, files: any FileDatabases) {
        self.snapshot = snapshot
        self.files = files
    }

    /// Writes it.
    ///
    /// - Parameter sink: takes the script's bytes, a piece at a time.
    /// - Returns: what was written.
    /// - Throws: `.damaged` where a definition is not one statement; `.refused` for a row that no
    ///   statement can carry; `.storage`, `.interrupted`, and what `sink` throws.
    package func write(
        to sink: @escaping (ArraySlice<UInt8>) throws(SnapshotError) -> Void
    ) throws(SnapshotError) -> ExportedScript {
        let output = ScriptOutput(sink)
        do {
            let connection = try files.open(snapshot.path, busyTimeout: .zero)
            defer { connection.close() }
            var work = try SQLiteScriptWork(
                connection, output, maximumStatement: Self.maximumStatement, cancellation)
            try work.run(journalMode: snapshot.journalMode)
            try output.flush()
            return ExportedScript(
                bytes: output.bytes, tables: work.tables, rows: work.rows, remarks: work.remarks)
        } catch {
            throw SnapshotError(postgres: error)
        }
    }
}

/// The writing of one script.
private struct SQLiteScriptWork {
    private struct Object {
        let type, name: String
        let table: String
        let sql: String
        let isVirtual: Bool
    }

    private let connection: any FileConnection
    private let output: ScriptOutput
    private let maximumStatement: Int
    private let cancellation: Cancellation
    private let isUTF8: Bool
    private let encoding: String
    private(set) var tables = 0
    private(set) var rows: Int64 = 0
    private(set) var remarks: [String] = []

    init(
        _ connection: any FileConnection, _ output: ScriptOutput, maximumStatement: Int,
        _ cancellation: Cancellation
    ) throws {
        self.connection = connection
        self.output = output
        self.maximumStatement = maximumStatement
        self.cancellation = cancellation
        // What the schema calls must be harmless: it may be somebody else's.
        try connection.query("PRAGMA trusted_schema=OFF")
        encoding = try connection.query("PRAGMA encoding").rows.first?[0].string ?? "UTF-8"
        isUTF8 = encoding == "UTF-8"
    }

    mutating func run(journalMode: String?) throws {
        let objects = try objects()
        try begin()
        for object in objects where object.type == "table" {
            if object.isVirtual { continue }
            try output.write(object.sql + ";\n")
            try rows(of: object.name)
            tables += 1
        }
        try systemTables()
        try virtualTables(objects.filter(\.isVirtual))
        for object in objects where object.type != "table" { try output.write(object.sql + ";\n") }
        for name in ["application_id", "user_version"] {
            try output.write("PRAGMA \(name)=\(number("PRAGMA \(name)"));\n")
        }
        try output.write("COMMIT;\n")
        if journalMode == "wal" { try output.write("PRAGMA journal_mode=WAL;\n") }
    }

    private func begin() throws {
        try output.write(
            """
            -- An SQLite database out of a snapshot of migrate. It is restored into a new file:
            --     sqlite3 -bail NEW-FILE <THIS-FILE

            PRAGMA foreign_keys=OFF;
            PRAGMA encoding='\(encoding)';
            PRAGMA page_size=\(number("PRAGMA page_size"));
            PRAGMA auto_vacuum=\(number("PRAGMA auto_vacuum"));
            BEGIN TRANSACTION;

            """)
    }

    /// Everything that has a definition, in the order in which it was made.
    ///
    /// - Throws: `.damaged` for a definition that is not one statement: the shell would run the rest
    ///   of it, and SQLite itself reads no further than the first.
    private mutating func objects() throws -> [Object] {
        let rows = try connection.query(
            """
            SELECT type, name, tbl_name, sql, rootpage FROM sqlite_master \
            WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid
            """
        ).rows
        var objects: [Object] = []
        for row in rows {
            let name = row[1].string ?? ""
            let script = try? SQLScript(Array((row[3].string ?? "").utf8), dialect: .sqlite)
            guard let script, script.statements.count == 1, let statement = script.statements.first,
                statement.words.first == "CREATE"
            else {
                throw SnapshotError(
                    .damaged, "the definition of '\(name)' in the snapshot is not one statement")
            }
            let text = statement.text
            if text.utf8.contains(UInt8(ascii: "\r")) {
                remarks.append("line ends in the definition of '\(name)' lose their CR")
            }
            objects.append(
                Object(
                    type: row[0].string ?? "", name: name, table: row[2].string ?? "", sql: text,
                    isVirtual: row[0].string == "table" && (row[4].integer ?? 0) == 0))
        }
        return objects
    }

    // MARK: - Rows

    private mutating func rows(of name: String) throws {
        guard let table = try SQLiteTable(name, in: "main", connection) else { return }
        let columns = table.carriedColumns
        guard !columns.isEmpty else { return }
        let order =
            table.hasRowID && columns[0] != SQLiteTable.quoted(table.columns[0])
            ? " ORDER BY \(columns[0])" : ""
        rows += try insert(
            into: SQLiteTable.quoted(name), columns, from: table.quoted + " NOT INDEXED" + order)
    }

    /// Writes an INSERT for each row.
    private func insert(
        into table: String, _ columns: [String], from source: String
    ) throws -> Int64 {
        let values = columns.map {
            "typeof(\($0)) = 'text', CASE typeof(\($0)) WHEN 'text' "
                + "THEN CAST(\($0) AS BLOB) ELSE \($0) END"
        }
        let head = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES ("
        var count: Int64 = 0
        var failure: SnapshotError?
        try cancellation.interruptible(connection.interrupter) { () throws(DatabaseError) in
            try connection.forEachRow(
                of: "SELECT \(values.joined(separator: ", ")) FROM \(source)"
            ) { row in
                do throws(SnapshotError) {
                    try write(row, head)
                    count += 1
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        }
        if let failure { throw failure }
        if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
        return count
    }

    private func write(_ row: Row, _ head: String) throws(SnapshotError) {
        var length = head.utf8.count
        var literals: [String] = []
        for index in stride(from: 0, to: row.values.count, by: 2) {
            let literal = SQLiteLiteral.of(
                row[index + 1], isText: row[index].integer == 1, isUTF8: isUTF8)
            length += literal.utf8.count + 2
            literals.append(literal)
        }
        guard length < maximumStatement else {
            throw SnapshotError(
                .refused,
                "a row is too long for a statement, the one with \(literals[0].prefix(60)): "
                    + "\(head.prefix(200))…",
                hint: "'migrate restore --into sqlite:other.db' restores it.")
        }
        try output.write(head + literals.joined(separator: ", ") + ");\n")
    }

    // MARK: - What SQLite keeps for itself

    private mutating func systemTables() throws {
        let names = try connection.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).rows.compactMap { $0[0].string }
        if names.contains("sqlite_sequence"), try number("SELECT count(*) FROM sqlite_sequence") > 0
        {
            try output.write("DELETE FROM sqlite_sequence;\n")
            _ = try insert(
                into: "sqlite_sequence", ["name", "seq"], from: "sqlite_sequence ORDER BY rowid")
        }
        if names.contains("sqlite_stat1") {
            // Makes the table; no index has an entry of its own yet.
            try output.write("ANALYZE sqlite_master;\nDELETE FROM sqlite_stat1;\n")
            _ = try insert(
                into: "sqlite_stat1", ["tbl", "idx", "stat"], from: "sqlite_stat1 ORDER BY rowid")
        }
        if names.contains("sqlite_stat4") {
            remarks.append("the samples of 'sqlite_stat4' are left out; ANALYZE takes new ones")
        }
    }

    /// The tables behind a virtual one are written as they are, so that it must be made without
    /// making them: only its line in the schema is.
    private func virtualTables(_ tables: [Object]) throws {
        guard !tables.isEmpty else { return }
        try output.write("PRAGMA writable_schema=ON;\n")
        for table in tables {
            let texts = ["table", table.name, table.table].map(SQLiteLiteral.quoted)
                .joined(separator: ", ")
            try output.write(
                "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (\(texts), 0, "
                    + "\(SQLiteLiteral.quoted(table.sql)));\n")
        }
        try output.write("PRAGMA writable_schema=OFF;\n")
    }

    private func number(_ sql: String) throws(DatabaseError) -> Int64 {
        try SQLiteFacts.number(connection, sql)
    }
}
