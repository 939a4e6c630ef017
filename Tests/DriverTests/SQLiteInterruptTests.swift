import Database
import Dispatch
import Foundation
import SQLiteDriver
import Synchronization
import TestSupport
import Testing

/// Interrupts again and again from a thread of its own until it is told to stop.
private final class Hammer: Sendable {
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ interrupter: any Interrupter) {
        DispatchQueue.global().async { [self] in
            while !isStopped.load(ordering: .relaxed) { interrupter.interrupt() }
            ended.signal()
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
    }
}

struct SQLiteInterruptTests {
    private static let endless = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n
        """

    @Test func `a running statement is cancelled from another thread`() throws {
        let connection = try SQLiteTestDatabase().open()
        try connection.query("BEGIN")
        let hammer = Hammer(connection.interrupter)
        let error = try #require(throws: DatabaseError.self) { try connection.query(Self.endless) }
        hammer.stop()
        #expect(error.code == .cancelled)
        #expect(error.extendedCode == 9)
        #expect(connection.transactionState == .open)
        #expect(try connection.query("SELECT 1").rows == [Row([1])])
    }

    @Test func `a wait for a lock is cancelled from another thread`() throws {
        let database = try SQLiteTestDatabase()
        let first = try database.open()
        try first.run([Step("CREATE TABLE t(a)"), Step("BEGIN EXCLUSIVE")])
        let second = try database.open(.existing, busyTimeout: .seconds(20))
        let hammer = Hammer(second.interrupter)
        let error = try #require(throws: DatabaseError.self) {
            try second.query("INSERT INTO t VALUES (1)")
        }
        hammer.stop()
        #expect(error.code == .cancelled)
    }

    @Test func `a request that comes while nothing runs is forgotten`() throws {
        let connection = try SQLiteTestDatabase().open()
        connection.interrupter.interrupt()
        #expect(try connection.query("SELECT 1").rows == [Row([1])])
    }

    @Test func `a request between two steps stops the batch`() throws {
        let connection = try SQLiteTestDatabase().open()
        let interrupter = connection.interrupter
        let failure = try #require(throws: StepFailure.self) {
            try connection.run(
                [Step("CREATE TABLE a(x)"), Step("CREATE TABLE b(x)")],
                onProgress: { _ in interrupter.interrupt() })
        }
        #expect(failure.stepIndex == 1)
        #expect(failure.error.code == .cancelled)
        #expect(try connection.query("SELECT name FROM sqlite_schema").rows == [Row(["a"])])
    }

    /// ALTER TABLE runs statements of its own over the schema, and reports that one of them was
    /// interrupted as an error in whatever table it had come to.
    @Test func `a request inside ALTER TABLE is told as one`() throws {
        let connection = try SQLiteTestDatabase().open()
        for number in 0..<40 {
            try connection.query("CREATE TABLE t\(number) (a PRIMARY KEY, b REFERENCES t0 (a))")
        }
        var codes: [DatabaseError.Code] = []
        for delay in 0..<150 {
            let code = Self.code(of: "ALTER TABLE t0 RENAME TO renamed", connection, delay * 20)
            if let code {
                codes.append(code)
            } else {
                try connection.query("ALTER TABLE renamed RENAME TO t0")
            }
        }
        #expect(!codes.isEmpty)
        #expect(codes.allSatisfy { $0 == .cancelled })
    }

    /// How a statement fails that is interrupted some time after its begin; nil where it was done
    /// before.
    private static func code(
        of sql: String, _ connection: SQLiteConnection, _ microseconds: Int
    ) -> DatabaseError.Code? {
        let interrupter = connection.interrupter
        let ended = DispatchSemaphore(value: 0)
        defer { ended.wait() }
        do {
            _ = try connection.run([Step("SELECT 1"), Step(sql)]) { index in
                guard index == 0 else { return }
                DispatchQueue.global().async {
                    usleep(UInt32(microseconds))
                    interrupter.interrupt()
                    ended.signal()
                }
            }
            return nil
        } catch {
            return error.error.code
        }
    }

    @Test func `interrupting and closing exclude each other`() throws {
        for _ in 0..<200 {
            let connection = try SQLiteConnection(try SQLiteURL(":memory:"), mode: .create)
            let hammer = Hammer(connection.interrupter)
            _ = try? connection.query("SELECT 1")
            connection.close()
            hammer.stop()
        }
    }
}
