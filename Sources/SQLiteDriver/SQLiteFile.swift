import CSQLite
import Database

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Says what is wrong with a path before and after SQLite, which has one message for all of it.
///
/// Looks with `stat` only: opening and closing the file would drop the locks that other connections
/// of this process hold on it. Source: https://www.sqlite.org/howtocorrupt.html section 2.2
enum SQLiteFile {
    /// Refuses a path that cannot be a database.
    ///
    /// - Throws: `.databaseMissing`, `.cannotConnect`.
    static func check(_ path: String, mayCreate: Bool) throws(DatabaseError) {
        var status = stat()
        if stat(path, &status) == 0 {
            try checkKind(path, status.st_mode)
            return
        }
        let error = errno
        guard error == ENOENT else { throw cannotOpen(path, error) }
        let folder = parent(of: path)
        guard stat(folder, &status) == 0 else {
            throw DatabaseError(
                mayCreate ? .cannotConnect : .databaseMissing,
                "the folder '\(folder)' of the database does not exist",
                hint: "Create the folder, or check the path in the database URL.")
        }
        guard mayCreate else {
            throw DatabaseError(
                .databaseMissing, "there is no database file '\(path)'",
                hint: "Check the path; 'migrate up' creates a database that is not there.")
        }
    }

    /// An error of `sqlite3_open_v2` in words.
    static func openError(_ failure: SQLiteOpenFailure, _ url: SQLiteURL) -> DatabaseError {
        if failure.message.hasPrefix("no such vfs") {
            return DatabaseError(.invalidURL, failure.message, extendedCode: Int(failure.code))
        }
        guard let path = url.path, failure.code & 0xff == SQLITE_CANTOPEN else {
            var error = SQLiteError.make(extendedCode: failure.code, message: failure.message)
            error.code = .cannotConnect
            return error
        }
        // Refused the creation, SQLite tries to open the file as it is, and tells of that attempt.
        let isRefused = failure.errno == ENOENT && access(parent(of: path), W_OK | X_OK) != 0
        var error = cannotOpen(path, isRefused ? errno : failure.errno)
        error.extendedCode = Int(failure.code)
        return error
    }

    /// The folder that holds `path`.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What the system says of an error number.
    static func reason(_ number: Int32) -> String {
        String(cString: strerror(number)).lowercased()
    }

    private static func checkKind(_ path: String, _ mode: mode_t) throws(DatabaseError) {
        switch mode & S_IFMT {
        case S_IFREG:
            return
        case S_IFDIR:
            throw DatabaseError(
                .cannotConnect, "'\(path)' is a folder, not a database file",
                hint: "Add the file's name to the path in the database URL.")
        default:
            throw DatabaseError(
                .cannotConnect, "'\(path)' is not a regular file",
                hint: "Check the path in the database URL.")
        }
    }

    private static func cannotOpen(_ path: String, _ number: Int32) -> DatabaseError {
        let isForbidden = number == EACCES || number == EPERM
        return DatabaseError(
            .cannotConnect,
            "cannot open the database '\(path)'" + (number == 0 ? "" : ": \(reason(number))"),
            hint: isForbidden
                ? "Give this user permission to read and write the file, and to enter its folder."
                : nil)
    }
}
