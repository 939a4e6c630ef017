package import SQLiteDriver

/// An SQLite database file of a test's own, removed with its folder.
package struct SQLiteTestDatabase: Sendable {
    /// The folder that holds nothing but the database.
    package let folder: TemporaryFolder

    /// Prepares a place for a database; there is no file yet.
    package init() throws { folder = try TemporaryFolder() }

    /// The database file's path.
    package var path: String { folder.file("test.db") }

    /// Its address.
    package var url: String { "sqlite:\(path)" }

    /// Opens it; creates it where it is not there yet, unless another mode is asked for.
    package func open(
        _ mode: SQLiteOpenMode = .create, busyTimeout: Duration = .seconds(5)
    ) throws -> SQLiteConnection {
        let connection = try Self.open(path: path, mode, busyTimeout: busyTimeout)
        // The folder must outlive the connection, and SQLite never calls this.
        connection.onNotice = { [folder] _ in _ = folder }
        return connection
    }

    /// Opens a database that is elsewhere.
    package static func open(
        path: String, _ mode: SQLiteOpenMode = .create, busyTimeout: Duration = .seconds(5)
    ) throws -> SQLiteConnection {
        try SQLiteConnection(
            try SQLiteURL("sqlite:\(path)"), mode: mode, busyTimeout: busyTimeout)
    }
}
