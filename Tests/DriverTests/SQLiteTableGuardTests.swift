import Database
import SQLiteDriver
import TestSupport
import Testing

/// The tables of the runner, which a user's file may read and never change.
struct SQLiteTableGuardTests {
    private static func database() throws -> (SQLiteTestDatabase, SQLiteConnection) {
        let database = try SQLiteTestDatabase()
        let connection = try database.open()
        try connection.run([
            Step("CREATE TABLE kept (a)"), Step("INSERT INTO kept VALUES (1)"),
            Step("CREATE TABLE other (a)"),
        ])
        connection.protectedTables = ["kept"]
        return (database, connection)
    }

    @Test(arguments: [
        "INSERT INTO kept VALUES (2)", "UPDATE main.kept SET a = 2", "DELETE FROM Kept",
        "DROP TABLE kept", "ALTER TABLE kept RENAME TO gone", "ALTER TABLE kept ADD COLUMN b",
        "CREATE INDEX i ON kept (a)", "CREATE TRIGGER t AFTER INSERT ON kept BEGIN SELECT 1; END",
    ])
    func `a file's statement that changes a protected table is refused`(_ sql: String) throws {
        let (_, connection) = try Self.database()
        let failure = #expect(throws: StepFailure.self) {
            try connection.run([Step(sql, isFromFile: true)])
        }
        #expect(failure?.error.code == .protectedTable)
        #expect(try connection.query("SELECT a FROM kept").rows == [Row([1])])
    }

    /// VACUUM copies all tables into a database of its own, through the same authorizer.
    @Test(arguments: [
        "VACUUM", "SELECT a FROM kept", "INSERT INTO other SELECT a FROM kept", "REINDEX",
        "CREATE TEMP TABLE kept (a)", "ANALYZE",
    ])
    func `a file's statement that leaves a protected table alone runs`(_ sql: String) throws {
        let (_, connection) = try Self.database()
        try connection.run([Step(sql, isFromFile: true)])
    }

    @Test func `the runner's own statements are not refused`() throws {
        let (_, connection) = try Self.database()
        try connection.query("UPDATE kept SET a = 2")
        #expect(try connection.query("SELECT a FROM kept").rows == [Row([2])])
    }
}
