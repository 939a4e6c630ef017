import CSQLite
import Database

/// Turns SQLite's result codes and messages into the vocabulary of `DatabaseError`.
///
/// Source: https://www.sqlite.org/rescode.html
enum SQLiteError {
    /// An error from an extended result code and SQLite's message for it; `offset` is its place in
    /// the statement's text in bytes, if SQLite gave one.
    static func make(
        extendedCode: Int32, message: String, offset: Int? = nil
    ) -> DatabaseError {
        DatabaseError(
            code(extendedCode, message), message, hint: hint(extendedCode),
            extendedCode: Int(extendedCode), offset: offset,
            objects: objects(extendedCode, message))
    }

    private static func code(_ extendedCode: Int32, _ message: String) -> DatabaseError.Code {
        switch extendedCode & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: .lockTimeout
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_NOTADB, SQLITE_CORRUPT: .corrupt
        case SQLITE_READONLY: .readOnly
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_NOLFS, SQLITE_CANTOPEN: .storage
        case SQLITE_INTERRUPT: .cancelled
        case SQLITE_AUTH, SQLITE_PERM: .insufficientPrivilege
        case SQLITE_ERROR: codeOfGenericError(message)
        default: .other
        }
    }

    /// SQLITE_ERROR stands for everything that is wrong with a statement's text; only the message
    /// tells the cases apart.
    private static func codeOfGenericError(_ message: String) -> DatabaseError.Code {
        if message.hasSuffix(": syntax error") || message == "incomplete input"
            || message.hasPrefix("unrecognized token: ")
        {
            return .syntax
        }
        if message.hasPrefix("no such ") || message.hasPrefix("unknown function: ")
            || message.hasPrefix("unknown database ")
            || message.hasSuffix("which does not exist")
            || message.contains("has no column named ")
        {
            return .undefinedObject
        }
        return .other
    }

    private static func hint(_ extendedCode: Int32) -> String? {
        switch (extendedCode, extendedCode & 0xff) {
        case (SQLITE_READONLY | (6 << 8), _):
            "SQLite writes its journal beside the database: the folder must be writable too."
        case (_, SQLITE_BUSY):
            "Another connection holds a lock on this database file; try again when it is done."
        case (_, SQLITE_NOTADB):
            "Check the path: the file is not an SQLite database, or it is encrypted."
        case (_, SQLITE_CORRUPT):
            "The database file is damaged; restore it from a copy, or try '.recover' in sqlite3."
        case (_, SQLITE_IOERR):
            // sqlite3_system_errno would tell more, were it not that of whatever call came last.
            "Check the disk that holds the database, and its free space; the system's log may say why."
        case (_, SQLITE_FULL):
            "Free some space on the file system that holds the database."
        default:
            nil
        }
    }

    /// The objects that the message of a violated constraint names, which SQLite does not report in
    /// any other way: `UNIQUE constraint failed: users.email`.
    private static func objects(_ extendedCode: Int32, _ message: String) -> [String: String] {
        guard extendedCode & 0xff == SQLITE_CONSTRAINT, let name = name(in: message) else {
            return [:]
        }
        if message.hasPrefix("CHECK ") || name.hasPrefix("index ") {
            return ["constraint": name]
        }
        let columns = name.split(separator: ",").map { $0.drop { $0 == " " } }
        guard let dot = columns.first?.firstIndex(of: "."), let table = columns.first?[..<dot]
        else {
            return [:]
        }
        let names = columns.map { $0.dropFirst($0.hasPrefix(table + ".") ? table.count + 1 : 0) }
        return ["table": String(table), "column": names.joined(separator: ", ")]
    }

    private static func name(in message: String) -> String? {
        let marker = " constraint failed: "
        guard let start = message.firstRange(of: marker)?.upperBound else { return nil }
        return String(message[start...])
    }
}
