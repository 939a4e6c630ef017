import CSQLite
package import Database

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens SQLite files.
package struct SQLiteFiles: FileDatabases {
    /// Creates one.
    package init() {}

    /// Opens the file at `path`.
    package func open(
        _ path: String, busyTimeout: Duration
    ) throws(DatabaseError) -> any FileConnection {
        try SQLiteConnection(
            SQLiteURL(path: path), mode: .existing, busyTimeout: busyTimeout)
    }
}

extension SQLiteConnection: FileConnection {
    /// Pages between two looks at whether to go on: some milliseconds.
    private static let pagesPerStep: Int32 = 1024

    /// Copies the database into a new file.
    package func copy(
        to path: String, onProgress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(DatabaseError) {
        // Opens the read transaction; BEGIN alone would not.
        try query("BEGIN")
        defer { _ = try? query("ROLLBACK") }
        let pageSize = try number("PRAGMA page_size")
        try query("SELECT 1 FROM sqlite_master LIMIT 1")
        try whileInterruptible { () throws(DatabaseError) in
            try withHandle { (source) throws(DatabaseError) in
                let target = try Self.openNew(path)
                // The file is thrown away where this fails.
                for sql in ["PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF"] {
                    _ = try target.run(Step(sql))
                }
                let backup = try target.backup(from: source)
                try self.run(backup, pageSize, onProgress)
            }
        }
        try whileInterruptible { () throws(DatabaseError) in
            let target = try Self.openNew(path)
            // The copy has the journal mode of the original in its header.
            let mode = try target.run(Step("PRAGMA journal_mode=DELETE")).rows.first?[0].string
            guard mode == "delete" else {
                throw DatabaseError(.other, "the copy stays in journal mode '\(mode ?? "")'")
            }
        }
    }

    /// Replaces the content.
    package func replaceContent(
        from path: String, keeping kept: String, whenKept: () throws(DatabaseError) -> Void,
        onProgress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(DatabaseError) {
        let source = try SQLiteConnection(SQLiteURL(path: path), mode: .readOnlyWork)
        let pageSize = try source.number("PRAGMA page_size")
        try whileInterruptible { () throws(DatabaseError) in
            try source.withHandle { (source) throws(DatabaseError) in
                try self.withHandle { (target) throws(DatabaseError) in
                    let backup = try target.backup(from: source)
                    // Takes the lock, and copies nothing.
                    _ = try backup.step(0)
                    try self.keep(target, at: kept)
                    try whenKept()
                    try self.run(backup, pageSize, onProgress)
                }
            }
        }
    }

    /// Runs a query and hands on its rows one by one.
    package func forEachRow(of sql: String, _ body: (Row) -> Bool) throws(DatabaseError) {
        try whileInterruptible { () throws(DatabaseError) in
            try withHandle { (handle) throws(DatabaseError) in
                try handle.forEachRow(of: sql, body)
            }
        }
    }

    private func run(
        _ backup: borrowing SQLiteBackup, _ pageSize: Int64,
        _ onProgress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(DatabaseError) {
        while try !backup.step(Self.pagesPerStep) {
            guard !isInterrupted else { throw Self.interrupted }
            let (done, total) = backup.pages
            onProgress(Int64(done) * pageSize, Int64(total) * pageSize)
        }
    }

    /// Copies what the locked target holds to a file of its own.
    ///
    /// With a rollback journal nobody else may read now, and the file is all there is: no page of it
    /// has changed yet. In WAL mode another connection still reads, and sees the last commit.
    private func keep(_ target: borrowing SQLiteHandle, at kept: String) throws(DatabaseError) {
        let size = try target.fileSize()
        // A file without a byte is an empty database.
        let header = size >= 100 ? try target.readFile(100, at: 0) : []
        let isWAL = header.count == 100 && header[18] == 2
        if isWAL, let databasePath {
            let reader = try SQLiteConnection(SQLiteURL(path: databasePath), mode: .readOnlyWork)
            try reader.copy(to: kept) { _, _ in }
            reader.close()
        } else {
            try copyFile(target, size, to: kept)
        }
        try NewFile.settle(kept, like: databasePath)
    }

    private func copyFile(
        _ target: borrowing SQLiteHandle, _ size: Int64, to kept: String
    ) throws(DatabaseError) {
        let file = try NewFile(kept)
        var offset: Int64 = 0
        while offset < size {
            guard !isInterrupted else { throw Self.interrupted }
            let bytes = try target.readFile(Int(min(1 << 20, size - offset)), at: offset)
            try file.write(bytes)
            offset += Int64(bytes.count)
        }
    }

    /// Opens a file of our own, which nobody else knows.
    private static func openNew(_ path: String) throws(DatabaseError) -> SQLiteHandle {
        let url = SQLiteURL(path: path)
        do {
            return try SQLiteHandle(
                filename: url.filename, createsFile: true, busyTimeout: .seconds(5))
        } catch {
            throw SQLiteFile.openError(error, url)
        }
    }

    private func number(_ sql: String) throws(DatabaseError) -> Int64 {
        guard case .integer(let value)? = try query(sql).rows.first?[0] else {
            throw DatabaseError(.other, "'\(sql)' gave no number")
        }
        return value
    }
}
