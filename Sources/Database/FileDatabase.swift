/// A database that is one file, and can be copied as a whole while others use it: SQLite.
package protocol FileConnection: Connection {
    /// Copies the database into a new file, as one moment has it.
    ///
    /// A read transaction is held throughout, so that a writer that commits meanwhile neither shows
    /// in the copy nor begins it anew. In WAL mode writers go on; with a rollback journal their
    /// commits wait. The copy is not flushed to disk, and is in rollback-journal form.
    ///
    /// - Parameters:
    ///   - path: where no file is.
    ///   - onProgress: told of the bytes that are done, and of how many there are.
    /// - Throws: `.cancelled` after an interrupt, `.lockTimeout`, `.storage`, `.corrupt`. What was
    ///   written of the copy stays.
    func copy(
        to path: String, onProgress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(DatabaseError)

    /// Replaces the whole content with that of another file, in one transaction under the exclusive
    /// lock: others see what was there, or all of the new content. The journal mode stays.
    ///
    /// - Parameters:
    ///   - path: a database in rollback-journal form that nobody writes.
    ///   - kept: where no file is; once the lock is held and before anything changes, what is there
    ///     is copied to it, on disk.
    ///   - whenKept: called after that.
    ///   - onProgress: told of the bytes that are done, and of how many there are.
    /// - Throws: `.cancelled` after an interrupt, `.lockTimeout`, `.storage`, `.corrupt`; the
    ///   content is as it was.
    func replaceContent(
        from path: String, keeping kept: String, whenKept: () throws(DatabaseError) -> Void,
        onProgress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(DatabaseError)

    /// Runs a query and hands on its rows one by one, so that no more than one is in memory.
    ///
    /// - Parameters:
    ///   - sql: one statement.
    ///   - body: returns false to stop.
    /// - Throws: as `run`.
    func forEachRow(
        of sql: String, _ body: (Row) -> Bool
    ) throws(DatabaseError)
}

/// Opens database files by their paths. Thread-safe.
package protocol FileDatabases: Sendable {
    /// Opens the file at `path`, which must be there.
    ///
    /// - Parameters:
    ///   - path: the file's path.
    ///   - busyTimeout: how long a statement waits for others.
    /// - Returns: the connection.
    /// - Throws: `.databaseMissing`, `.cannotConnect`, `.corrupt`, `.readOnly`.
    func open(_ path: String, busyTimeout: Duration) throws(DatabaseError) -> any FileConnection
}
