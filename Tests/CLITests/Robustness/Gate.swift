import Database
import Foundation
import TestSupport
import Testing

/// Something that a run waits for in the middle of its work until the test lets it go on.
///
/// PostgreSQL: an advisory lock that `statement` asks for. SQLite: the database's write lock, for
/// which the run waits before its first transaction.
final class Gate {
    private let database: CrashDatabase
    private let connection: any Connection
    /// A statement for a file of migrations.
    let statement: String

    /// Closes it.
    init(_ database: CrashDatabase) throws {
        self.database = database
        connection = try database.open()
        if database.engine == .postgres {
            statement =
                "SELECT 1 FROM (SELECT pg_advisory_xact_lock(4711) OFFSET 0) g(l) WHERE l IS NULL"
            try connection.query("SELECT pg_advisory_lock(4711)")
        } else {
            statement = "SELECT 1 WHERE false"
            try connection.query("BEGIN IMMEDIATE")
        }
    }

    /// Returns once the run stands before it.
    func waitUntilReached(by run: RunningProgram) throws {
        guard database.engine != .postgres else {
            try database.waitForWaiter("locktype = 'advisory' AND objid = 4711")
            return
        }
        // It holds the run's lock then, and its next step is to write.
        #expect(
            poll(for: .seconds(30)) {
                let line = try? String(
                    contentsOfFile: database.file + "-migrate-lock", encoding: .utf8)
                return line?.hasPrefix("migrate \(run.pid)@") == true
            })
    }

    /// Lets the run go on.
    func open() throws {
        try connection.query(
            database.engine == .postgres ? "SELECT pg_advisory_unlock(4711)" : "ROLLBACK")
        connection.close()
    }
}
