internal import Database

/// Runs queries that read, and makes sure that they do: while `reading` goes on the connection
/// refuses to write, and what it refused or not is rolled back in the end.
struct SQLiteReader {
    let connection: any Connection

    private static let savepoint = "migrate_verification"

    /// Runs `body` on a connection that does not write. A savepoint is a transaction of its own
    /// where none is open.
    func reading<Value>(
        _ body: () throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        let wasReadOnly = try connection.query("PRAGMA query_only").rows.first?[0].boolean ?? false
        try connection.query("PRAGMA query_only = ON")
        defer { if !wasReadOnly { _ = try? connection.query("PRAGMA query_only = OFF") } }
        try connection.query("SAVEPOINT \(Self.savepoint)")
        defer {
            _ = try? connection.query("ROLLBACK TO \(Self.savepoint)")
            _ = try? connection.query("RELEASE \(Self.savepoint)")
        }
        return try body()
    }

    /// Runs one step that may fail by itself.
    ///
    /// - Throws: what ends the whole verification: an interrupt, a lock that was not had.
    func answer(_ step: Step) throws(DatabaseError) -> Result<StepResult, DatabaseError> {
        do {
            return .success(try connection.run([step])[0])
        } catch {
            guard !Self.endsVerification(error.error) else { throw error.error }
            return .failure(error.error)
        }
    }

    /// Runs one query.
    func answer(
        _ sql: String, _ parameters: [DatabaseValue] = []
    ) throws(DatabaseError) -> Result<StepResult, DatabaseError> {
        try answer(Step(sql, parameters))
    }

    static func endsVerification(_ error: DatabaseError) -> Bool {
        [.cancelled, .connectionLost, .lockTimeout].contains(error.code)
    }
}

/// A name in double quotes.
func quotedIdentifier(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}
