import CSQLite

/// Refuses, while a statement is compiled, what would write, alter or drop one of some tables.
///
/// Source: https://www.sqlite.org/c3ref/set_authorizer.html. Used by the connection's own thread.
final class SQLiteTableGuard {
    /// Names in lower case, of tables of the main database.
    var tables: Set<String> = []
    /// True while the statement that is being compiled comes from a user's file.
    var isActive = false
    /// True once something was refused; reset by the connection before each statement.
    var didRefuse = false

    /// Registers with a connection; the guard must outlive it.
    func install(on database: OpaquePointer) {
        sqlite3_set_authorizer(
            database,
            { context, action, first, second, schema, _ in
                guard let context else { return SQLITE_OK }
                return Unmanaged<SQLiteTableGuard>.fromOpaque(context).takeUnretainedValue()
                    .answer(action, first, second, schema)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func answer(
        _ action: Int32, _ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?,
        _ schema: UnsafePointer<CChar>?
    ) -> Int32 {
        guard isActive, !tables.isEmpty, !isElsewhere(schema) else { return SQLITE_OK }
        let name: UnsafePointer<CChar>?
        switch action {
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE, SQLITE_DROP_TABLE: name = first
        case SQLITE_ALTER_TABLE, SQLITE_CREATE_INDEX, SQLITE_CREATE_TRIGGER,
            SQLITE_CREATE_TEMP_TRIGGER, SQLITE_DROP_INDEX, SQLITE_DROP_TRIGGER:
            name = second
        default: return SQLITE_OK
        }
        guard let name, tables.contains(String(cString: name).lowercased()) else {
            return SQLITE_OK
        }
        didRefuse = true
        return SQLITE_DENY
    }

    /// True for another database than the main one, such as that which VACUUM copies all tables to.
    /// A temporary trigger is in `temp`, and its table may be in the main database.
    private func isElsewhere(_ schema: UnsafePointer<CChar>?) -> Bool {
        guard let schema else { return false }
        return !["main", "temp"].contains(String(cString: schema))
    }
}
