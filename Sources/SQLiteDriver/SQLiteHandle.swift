import CSQLite
import Database

/// An open `sqlite3*`: opened by `init`, closed by its end of life. The pointer never leaves this
/// file but for an `SQLiteBackup`, which its owner keeps within the handle's life.
///
/// Used by one thread at a time; only its `SQLiteInterrupter` may be used from another.
struct SQLiteHandle: ~Copyable {
    private let pointer: OpaquePointer
    let interrupter: SQLiteInterrupter
    let tableGuard = SQLiteTableGuard()

    /// Opens `filename`.
    ///
    /// - Throws: whatever SQLite says, with the operating system's error number if it gave one.
    init(filename: String, createsFile: Bool, busyTimeout: Duration) throws(SQLiteOpenFailure) {
        var opened: OpaquePointer?
        var flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
        if createsFile { flags |= SQLITE_OPEN_CREATE }
        if filename.hasPrefix("file:") { flags |= SQLITE_OPEN_URI }
        let code = sqlite3_open_v2(filename, &opened, flags, nil)
        guard let opened else {
            throw SQLiteOpenFailure(code: code, message: "out of memory", errno: 0)
        }
        guard code == SQLITE_OK else {
            let failure = SQLiteOpenFailure(
                code: sqlite3_extended_errcode(opened),
                message: String(cString: sqlite3_errmsg(opened)),
                errno: sqlite3_system_errno(opened))
            sqlite3_close_v2(opened)
            throw failure
        }
        sqlite3_extended_result_codes(opened, 1)
        pointer = opened
        // The interrupter keeps its own copy of the address, guarded by its lock.
        interrupter = SQLiteInterrupter(UInt(bitPattern: opened), busyTimeout: busyTimeout)
        let context = Unmanaged.passUnretained(interrupter).toOpaque()
        sqlite3_busy_handler(
            opened,
            { context, attempt in
                guard let context else { return 0 }
                let interrupter = Unmanaged<SQLiteInterrupter>.fromOpaque(context)
                    .takeUnretainedValue()
                return interrupter.waitsForLock(attempt: attempt) ? 1 : 0
            }, context)
    }

    deinit {
        interrupter.disconnect()
        sqlite3_close_v2(pointer)
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(pointer) == 0 }

    /// Whether the main database cannot be written: the file's permissions or its file system.
    var isReadOnly: Bool { sqlite3_db_readonly(pointer, "main") == 1 }

    /// Keeps statements of files from the tables that `tableGuard` names. Not before it is needed:
    /// each statement that SQLite compiles then asks.
    func guardTables(_ tables: Set<String>) {
        tableGuard.tables = Set(tables.map { $0.lowercased() })
        if tables.isEmpty {
            sqlite3_set_authorizer(pointer, nil, nil)
        } else {
            tableGuard.install(on: pointer)
        }
    }

    /// Lends itself to `body`.
    func lend(_ body: (borrowing SQLiteHandle) throws(DatabaseError) -> Void) throws(DatabaseError)
    {
        try body(self)
    }

    /// Begins to copy all of another database over this one.
    func backup(from source: borrowing SQLiteHandle) throws(DatabaseError) -> SQLiteBackup {
        try SQLiteBackup(to: pointer, from: source.pointer)
    }

    /// Bytes of the main database's file as it is on disk. Complete only in a rollback-journal mode,
    /// and while no one else may write.
    func readFile(_ count: Int, at offset: Int64) throws(DatabaseError) -> [UInt8] {
        var code = SQLITE_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            code = csqlite_file_read(pointer, buffer.baseAddress, Int32(count), offset)
            written = code == SQLITE_OK ? count : 0
        }
        guard code == SQLITE_OK else {
            throw SQLiteError.make(
                extendedCode: code, message: String(cString: sqlite3_errstr(code)))
        }
        return bytes
    }

    /// The length of the main database's file.
    func fileSize() throws(DatabaseError) -> Int64 {
        var size: sqlite3_int64 = 0
        let code = csqlite_file_size(pointer, &size)
        guard code == SQLITE_OK else {
            throw SQLiteError.make(
                extendedCode: code, message: String(cString: sqlite3_errstr(code)))
        }
        return size
    }

    /// Runs one statement to its end.
    func run(_ step: Step) throws(DatabaseError) -> StepResult {
        tableGuard.isActive = step.isFromFile
        tableGuard.didRefuse = false
        guard let statement = try SQLiteStatement.prepare(step.sql, on: pointer) else {
            guard step.parameters.isEmpty else {
                throw DatabaseError(.other, "there are parameters but no statement")
            }
            return StepResult()
        }
        try statement.bind(step.parameters)
        var result = StepResult()
        while try statement.step() {
            result.rowCount += 1
            if result.rows.count < step.rowLimit { result.rows.append(statement.row()) }
        }
        result.columns = statement.columns
        if !statement.isReadOnly, SQLiteText.isDataChange(step.sql) {
            result.affectedRows = Int(sqlite3_changes(pointer))
        }
        return result
    }
}

extension SQLiteHandle {
    /// Runs one query, row by row, until `body` returns false.
    func forEachRow(of sql: String, _ body: (Row) -> Bool) throws(DatabaseError) {
        guard let statement = try SQLiteStatement.prepare(sql, on: pointer) else { return }
        while try statement.step() {
            guard body(statement.row()) else { return }
        }
    }
}

/// Why a database could not be opened.
struct SQLiteOpenFailure: Error {
    var code: Int32
    var message: String
    var errno: Int32
}

/// A prepared `sqlite3_stmt*`, finalized by its end of life.
private struct SQLiteStatement: ~Copyable {
    private let pointer: OpaquePointer
    private let database: OpaquePointer

    private init(_ pointer: OpaquePointer, on database: OpaquePointer) {
        self.pointer = pointer
        self.database = database
    }

    /// Prepares the one statement in `sql`; nil when there is none, only space and comments.
    static func prepare(
        _ sql: String, on database: OpaquePointer
    ) throws(DatabaseError) -> SQLiteStatement? {
        var prepared: OpaquePointer?
        var consumed = 0
        var text = sql
        let length = text.utf8.count
        guard length < Int(Int32.max) else {
            throw DatabaseError(.other, "the statement is longer than SQLite reads")
        }
        let code = text.withUTF8 { bytes -> Int32 in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty Swift string may have no address at all.
                guard let start = characters.baseAddress, length > 0 else { return SQLITE_OK }
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v3(database, start, Int32(length), 0, &prepared, &tail)
                if let tail { consumed = tail - start }
                return code
            }
        }
        guard code == SQLITE_OK else {
            var error = error(database, code)
            // SQLite gives no place for a text that stops too early; it is the text's end.
            if error.message == "incomplete input" { error.offset = length }
            throw error
        }
        if let rest = SQLiteText.firstToken(in: sql, after: consumed) {
            sqlite3_finalize(prepared)
            throw DatabaseError(
                .syntax, "there is more than one statement in the text", offset: rest)
        }
        guard let prepared else { return nil }
        return SQLiteStatement(prepared, on: database)
    }

    deinit { sqlite3_finalize(pointer) }

    var isReadOnly: Bool { sqlite3_stmt_readonly(pointer) != 0 }

    var columns: [String] {
        (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
        }
    }

    func bind(_ values: [DatabaseValue]) throws(DatabaseError) {
        let expected = Int(sqlite3_bind_parameter_count(pointer))
        guard expected == values.count else {
            throw DatabaseError(
                .other,
                "the statement has \(expected) parameters, and \(values.count) values were given")
        }
        for (index, value) in values.enumerated() {
            let code = bind(value, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw Self.error(database, code) }
        }
    }

    private func bind(_ value: DatabaseValue, at index: Int32) -> Int32 {
        switch value {
        case .null:
            return sqlite3_bind_null(pointer, index)
        case .integer(let integer):
            return sqlite3_bind_int64(pointer, index, integer)
        case .real(let real):
            return sqlite3_bind_double(pointer, index, real)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    // A null address would bind NULL in the place of an empty text.
                    guard let start = characters.baseAddress, !characters.isEmpty else {
                        return sqlite3_bind_text(pointer, index, "", 0, csqlite_transient())
                    }
                    return sqlite3_bind_text64(
                        pointer, index, start, UInt64(characters.count), csqlite_transient(),
                        UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress, !buffer.isEmpty else {
                    return sqlite3_bind_zeroblob(pointer, index, 0)
                }
                return sqlite3_bind_blob64(
                    pointer, index, start, UInt64(buffer.count), csqlite_transient())
            }
        }
    }

    /// Goes to the next row; false when the statement is done.
    func step() throws(DatabaseError) -> Bool {
        let code = sqlite3_step(pointer)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw Self.error(database, code)
        }
    }

    func row() -> Row {
        Row((0..<sqlite3_column_count(pointer)).map { value($0) })
    }

    private func value(_ index: Int32) -> DatabaseValue {
        switch sqlite3_column_type(pointer, index) {
        case SQLITE_INTEGER:
            return .integer(sqlite3_column_int64(pointer, index))
        case SQLITE_FLOAT:
            return .real(sqlite3_column_double(pointer, index))
        case SQLITE_TEXT:
            // The order matters: sqlite3_column_bytes counts what sqlite3_column_text returned.
            let start = sqlite3_column_text(pointer, index)
            let count = Int(sqlite3_column_bytes(pointer, index))
            return .text(
                String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(pointer, index)
            let count = Int(sqlite3_column_bytes(pointer, index))
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default:
            return .null
        }
    }

    private static func error(_ database: OpaquePointer, _ code: Int32) -> DatabaseError {
        // The message and the offset are those of the handle's last call, which is the one that
        // returned `code`.
        let offset = csqlite_error_offset(database)
        return SQLiteError.make(
            extendedCode: code, message: String(cString: sqlite3_errmsg(database)),
            offset: offset >= 0 ? Int(offset) : nil)
    }
}
