import Database
import Dispatch
import Foundation
import PostgresDriver
import Snapshots
import Synchronization
import TestSupport

/// Sessions that move money between the rows of `account (id, amount)` and write to `log`, so that
/// the sum stays the same in every committed state.
final class Writers: Sendable {
    private let group = DispatchGroup()
    private let state = Mutex<(isStopped: Bool, failure: (any Error)?)>((false, nil))

    init(_ database: TestDatabase, count: Int) throws {
        let url = database.url
        for _ in 0..<count {
            DispatchQueue(label: "writer").async(group: group) {
                do {
                    let connection = try PostgresConnection(PostgresOptions(url: url))
                    while !self.isStopped { try Self.move(connection) }
                } catch {
                    self.state.withLock { $0.failure = error }
                }
            }
        }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    private static func move(_ connection: PostgresConnection) throws {
        let (from, to) = (Int.random(in: 1...50), Int.random(in: 1...50))
        do {
            try connection.run([
                Step("BEGIN"), Step("SET LOCAL lock_timeout = '2s'"),
                Step("UPDATE account SET amount = amount - 1 WHERE id = \(from)"),
                Step("UPDATE account SET amount = amount + 1 WHERE id = \(to)"),
                Step("INSERT INTO log (at) VALUES (1)"), Step("COMMIT"),
            ])
        } catch {
            // Deadlocks of two writers, and tables that are rebuilt under them.
            try connection.query("ROLLBACK")
        }
    }

    /// Ends them; throws what one of them failed of.
    func stop() throws {
        state.withLock { $0.isStopped = true }
        group.wait()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}

/// Ends every session of a name in a database as soon as it shows.
final class Killer: Sendable {
    private let isStopped = Mutex(false)
    private let group = DispatchGroup()

    init(_ database: TestDatabase, applicationName: String) {
        let name = database.name
        DispatchQueue(label: "killer").async(group: group) {
            let admin = try? PostgresServer.connect()
            while !self.isStopped.withLock({ $0 }) {
                _ = try? admin?.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = '\(name)' AND application_name = '\(applicationName)'
                    """)
            }
        }
    }

    func stop() {
        isStopped.withLock { $0 = true }
        group.wait()
    }
}

/// The JSON of a catalog part, as any reader sees it.
struct CatalogReading {
    private let document: [String: Any]

    init(_ bytes: [UInt8]) throws {
        document =
            try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
    }

    func lastValue(_ sequence: String) -> Int64? {
        let sequences = document["sequences"] as? [[String: Any]] ?? []
        let found = sequences.first { $0["name"] as? String == sequence }
        return (found?["last_value"] as? NSNumber)?.int64Value
    }
}

/// Runs statements one after the other, over and over, as a migration or a maintenance job would.
final class Storm: Sendable {
    private let state = Mutex<(isStopped: Bool, rounds: Int)>((false, 0))
    private let group = DispatchGroup()

    init(_ database: TestDatabase, _ statements: [String]) {
        let url = database.url
        DispatchQueue(label: "storm").async(group: group) {
            let connection = try? PostgresConnection(PostgresOptions(url: url))
            while !self.state.withLock({ $0.isStopped }) {
                for sql in statements {
                    let steps = sql.split(separator: ";").map { Step(String($0), runsAlone: true) }
                    do {
                        try connection?.run(steps)
                    } catch {
                        _ = try? connection?.query("ROLLBACK")
                    }
                }
                self.state.withLock { $0.rounds += 1 }
            }
        }
    }

    var rounds: Int { state.withLock { $0.rounds } }

    func stop() {
        state.withLock { $0.isStopped = true }
        group.wait()
    }
}

/// What another thread came to. Thread-safe.
final class Outcome: Sendable {
    private let result = Mutex<Result<PostgresContent, any Error>?>(nil)

    func set(_ value: Result<PostgresContent, any Error>) { result.withLock { $0 = value } }

    var value: Result<PostgresContent, any Error>? { result.withLock { $0 } }
}
