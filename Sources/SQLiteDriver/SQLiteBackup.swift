import CSQLite
import Database

/// A `sqlite3_backup*`: one database on its way over another. Finished by its end of life: what was
/// copied is rolled back unless all of it was.
///
/// Source: https://www.sqlite.org/c3ref/backup_finish.html
struct SQLiteBackup: ~Copyable {
    private let pointer: OpaquePointer
    private let target: OpaquePointer

    /// Begins it; neither database is locked yet.
    init(to target: OpaquePointer, from source: OpaquePointer) throws(DatabaseError) {
        guard let pointer = sqlite3_backup_init(target, "main", source, "main") else {
            throw SQLiteError.make(
                extendedCode: sqlite3_extended_errcode(target),
                message: String(cString: sqlite3_errmsg(target)))
        }
        self.pointer = pointer
        self.target = target
    }

    deinit { sqlite3_backup_finish(pointer) }

    /// Locks both databases where they are not locked yet, the target exclusively, and copies up to
    /// `pages` pages; none where that is 0.
    ///
    /// - Returns: true once everything is copied and committed.
    func step(_ pages: Int32) throws(DatabaseError) -> Bool {
        let code = sqlite3_backup_step(pointer, pages)
        switch code {
        case SQLITE_DONE: return true
        case SQLITE_OK: return false
        default:
            throw SQLiteError.make(
                extendedCode: code, message: String(cString: sqlite3_errstr(code)))
        }
    }

    /// Pages that were copied, and how many there are, as of the last step.
    var pages: (done: Int, total: Int) {
        let total = Int(sqlite3_backup_pagecount(pointer))
        return (total - Int(sqlite3_backup_remaining(pointer)), total)
    }
}
