import Database
import Foundation
import PostgresDriver
import TestSupport
import Testing

/// A database whose tables `t` and `u` say 'new', and a repository with a snapshot in which they say
/// 'old' and one in which they say 'new'. Either is whole or it is none of the two.
struct PostgresScene {
    let database: TestDatabase
    /// Holds the repository as it is before each command.
    private let template: TemporaryFolder
    /// The snapshot in which both tables say 'old'.
    let old: String

    init() throws {
        database = try TestDatabase()
        template = try TemporaryFolder()
        let connection = try database.connect()
        try connection.run([
            Step("CREATE TABLE t (i serial PRIMARY KEY, v text)"),
            Step("INSERT INTO t (v) SELECT 'old' FROM generate_series(1, 2000)"),
            Step("CREATE INDEX t_v ON t (v)"),
            Step("CREATE TABLE u (i int REFERENCES t, v text)"),
            Step("INSERT INTO u SELECT i, 'old' FROM t"),
            Step("CREATE VIEW pairs AS SELECT t.v AS one, u.v AS other FROM t JOIN u USING (i)"),
        ])
        let taken = try MigrateProgram.run(
            ["snapshot", "create", "--json", "--url", database.url.text], in: template.path)
        let snapshot = try #require(try taken.json()["snapshot"] as? [String: Any])
        old = try #require(snapshot["id"] as? String)
        try reset()
        let second = try MigrateProgram.run(
            ["snapshot", "create", "--url", database.url.text], in: template.path)
        #expect(second.status == 0)
    }

    /// What `t` and `u` say: 'old/old', or all that is wrong with them.
    func content() throws -> String {
        do {
            let connection = try database.connect()
            defer { connection.close() }
            let row = try connection.query(
                """
                SELECT count(*), min(one), max(one), min(other), max(other),
                (SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = 't'::regclass),
                (SELECT count(*) FROM pg_constraint WHERE conrelid = 'u'::regclass)
                FROM pairs
                """
            ).rows[0].values.map { $0.string ?? "null" }
            let isWhole =
                row[0] == "2000" && row[1] == row[2] && row[3] == row[4] && row[5] == "2"
                && row[6] == "1"
            return isWhole ? "\(row[1])/\(row[3])" : "partial: \(row)"
        } catch let error as DatabaseError {
            return "broken: \(error.message)"
        }
    }

    /// Both tables say 'new'.
    func reset() throws {
        let connection = try database.connect()
        defer { connection.close() }
        try connection.run([Step("UPDATE t SET v = 'new'"), Step("UPDATE u SET v = 'new'")])
    }

    /// A folder with the repository.
    func makeFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            atPath: template.file("snapshots"), toPath: folder.file("snapshots"))
        return folder
    }

    /// The databases whose names begin with that of this one, without it.
    func others() throws -> [String] {
        try PostgresServer.connect().query(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1 || '_') ORDER BY 1",
            [.text(database.name)]
        ).rows.compactMap { $0[0].string }
    }

    /// Drops what restores have kept.
    func dropOthers() throws {
        for name in try others() {
            try PostgresServer.connect().query("DROP DATABASE \"\(name)\" WITH (FORCE)")
        }
    }

    /// Waits until the server has noticed that a program has ended.
    func waitForSessions(of pid: Int32) throws {
        let admin = try PostgresServer.connect()
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let rows = try admin.query(
                "SELECT FROM pg_stat_activity WHERE starts_with(application_name, $1)",
                [.text("migrate \(pid)@")]
            ).rows
            if rows.isEmpty { return }
        }
        Issue.record("sessions of the program \(pid) are still there")
    }
}
