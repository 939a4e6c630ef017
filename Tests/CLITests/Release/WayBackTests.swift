import Foundation
import Synchronization
import TestSupport
import Testing

/// What is done about a release that failed after it had committed.
@Suite struct WayBackTests {
    /// Two migrations are applied; the probe finds the row that the second one wrote.
    private func project(
        _ database: SurfaceDatabase, _ policy: String, _ more: String = ""
    ) throws -> ReleaseProject {
        let project = try ReleaseProject(database, production: "snapshot: { before: up }")
        try project.migrate("production", "up").expect(0)
        try project.rows("production", "INSERT INTO a VALUES (1), (2)")
        try project.write("CREATE TABLE b (x integer); DELETE FROM a;", to: "002_b.up.sql")
        try project.write("DROP TABLE b;", to: "002_b.down.sql")
        try project.write("INSERT INTO b VALUES (7);", to: "003_c.up.sql")
        try project.write("DELETE FROM b;", to: "003_c.down.sql")
        try project.configure(
            production: """
                snapshot: { before: up }
                on_failure: \(policy)
                \(more.isEmpty ? Self.bake : more)
                """)
        return project
    }

    private static let bake =
        "bake: { for: 50ms, every: 50ms, probes: [{ sql: \"SELECT count(*) FROM b\", expect: 0 }] }"

    @Test(arguments: SurfaceDatabase.allCases)
    func `stop leaves all as it is and names the ways`(_ database: SurfaceDatabase) throws {
        let project = try project(database, "stop")
        let result = try project.migrate("production", "up", "--json")
        result.expect(10)
        let back = try #require(result.json()["way_back"] as? [String: Any])
        #expect(back["policy"] as? String == "stop" && back["outcome"] as? String == "not_taken")
        #expect(try project.rows("production", "SELECT x FROM b") == ["7"])
        // The commands that are named do what they say.
        try project.migrate("production", "down", "--run").expect(0)
        #expect(try project.rows("production", "SELECT count(*) FROM a") == ["0"])
        let snapshot = try #require(project.snapshots().last)
        try project.migrate("production", "restore", snapshot, "--yes").expect(0)
        #expect(try project.rows("production", "SELECT x FROM a ORDER BY x") == ["1", "2"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `down reverts what the run applied, and nothing else`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try project(database, "down")
        let result = try project.migrate("production", "up", "--json")
        result.expect(10)
        let back = try #require(result.json()["way_back"] as? [String: Any])
        #expect(back["outcome"] as? String == "done")
        #expect(back["reverted"] as? [String] == ["003", "002"])
        #expect(
            try project.rows("production", "SELECT version FROM schema_migrations") == ["001"])
        #expect(
            try project.log("production").suffix(3) == [
                "bake failure", "down success", "down success",
            ])
        #expect(try project.migrate("production", "audit", "--verify").status == 0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `restore brings back every row of before`(_ database: SurfaceDatabase) throws {
        let project = try project(database, "{ do: restore, allow_data_loss: true }")
        let result = try project.migrate("production", "up", "--json")
        result.expect(10)
        let back = try #require(result.json()["way_back"] as? [String: Any])
        #expect(back["outcome"] as? String == "done")
        #expect(back["restored"] as? String == (try project.snapshots().last))
        #expect(try project.rows("production", "SELECT x FROM a ORDER BY x") == ["1", "2"])
        #expect(
            try project.rows("production", "SELECT version FROM schema_migrations") == ["001"])
        #expect(try project.log("production").last == "restore success")
    }

    @Test func `a migration that fails in its transaction takes the earlier ones of its run along`()
        throws
    {
        let project = try project(.postgres, "down")
        try project.write("SELECT nothing;", to: "004_d.up.sql")
        let result = try project.migrate("production", "up")
        result.expect(6)
        #expect(result.errors.contains("reverted: 003, 002; the schema is as it was"))
        #expect(
            try project.rows("production", "SELECT version FROM schema_migrations") == ["001"])
    }

    @Test(arguments: ["down", "{ do: restore, allow_data_loss: true }"])
    func `the way back is taken over another session where the run has lost its own`(
        _ policy: String
    ) throws {
        let project = try project(
            .postgres, policy,
            """
            bake:
              for: 0s
              probes: [{ sql: "SELECT pg_terminate_backend(pg_backend_pid())", expect: 1 }]
            """)
        let result = try project.migrate("production", "up", "--json")
        let back = try #require(result.json()["way_back"] as? [String: Any], "\(result)")
        #expect(back["outcome"] as? String == "done")
        #expect(
            try project.rows("production", "SELECT version FROM schema_migrations") == ["001"])
        #expect(try project.rows("production", "SELECT to_regclass('b')") == ["null"])
    }

    @Test func `where nothing was committed nothing is done`() throws {
        let project = try project(.postgres, "{ do: restore, allow_data_loss: true }")
        try project.write("SELECT nothing;", to: "002_b.up.sql")
        let result = try project.migrate("production", "up", "--json")
        result.expect(6)
        #expect(try result.json()["way_back"] == nil)
        #expect(try project.log("production").last == "run failure")
        #expect(try project.rows("production", "SELECT x FROM a ORDER BY x") == ["1", "2"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a way back that fails says where things stand`(_ database: SurfaceDatabase) throws {
        let project = try project(database, "down")
        try project.remove("002_b.down.sql")
        let result = try project.migrate("production", "up")
        result.expect(10)
        #expect(result.errors.contains("the way back failed as well: "))
        #expect(result.errors.contains("to bring back the database of before: migrate restore "))
        #expect(try project.rows("production", "SELECT x FROM b") == ["7"])
    }

    /// A release that is watched until the test says that it fails; what happens `meanwhile` comes
    /// after the last commit.
    private func watched(
        _ database: SurfaceDatabase, _ policy: String, meanwhile: (ReleaseProject) throws -> Void
    ) throws -> (project: ReleaseProject, result: ProgramResult) {
        let isBroken = Mutex(false)
        let server = try TestHTTPServer { _ in .reply(isBroken.withLock { $0 } ? 500 : 200) }
        let project = try project(
            database, policy,
            "bake: { for: 24h, every: 20ms, probes: [{ http: \"\(server.url)\" }] }")
        let running = try project.start("production", "up", "--json")
        while server.requests.isEmpty { poll(nil, 0, 5) }
        try meanwhile(project)
        isBroken.withLock { $0 = true }
        return (project, running.wait())
    }

    @Test(
        arguments: SurfaceDatabase.allCases,
        ["down", "{ do: restore, allow_data_loss: true }"])
    func `what another run has done since is never taken back`(
        _ database: SurfaceDatabase, _ policy: String
    ) throws {
        let (project, result) = try watched(database, policy) { project in
            try project.write("INSERT INTO b VALUES (8);", to: "004_d.up.sql")
            try project.configure(production: "snapshot: { before: up }")
            try project.migrate("production", "up").expect(0)
        }
        result.expect(10)
        let back = try #require(result.json()["way_back"] as? [String: Any])
        #expect(back["outcome"] as? String == "failed")
        #expect(
            (back["error"] as? [String: Any])?["message"] as? String
                == "another run has changed the database since")
        #expect(try project.rows("production", "SELECT x FROM b ORDER BY x") == ["7", "8"])
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a snapshot that was damaged since is not restored`(_ database: SurfaceDatabase) throws {
        let (project, result) = try watched(database, "{ do: restore, allow_data_loss: true }") {
            project in
            let chunks = project.folder.file("snapshots/chunks")
            for name in try FileManager.default.subpathsOfDirectory(atPath: chunks)
            where name.hasSuffix(".zst") {
                try FileManager.default.removeItem(atPath: chunks + "/" + name)
            }
        }
        result.expect(10)
        let back = try #require(result.json()["way_back"] as? [String: Any])
        #expect(back["outcome"] as? String == "failed")
        #expect((back["error"] as? [String: Any])?["exit_status"] as? Int == 11)
        #expect(try project.rows("production", "SELECT x FROM b") == ["7"])
        // The other way is still open.
        try project.migrate("production", "down", "--run").expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `an interrupted release is left to whoever interrupted it`(
        _ database: SurfaceDatabase
    ) throws {
        let server = try TestHTTPServer { _ in .reply(200) }
        let project = try project(
            database, "down",
            "bake: { for: 24h, every: 1h, probes: [{ http: \"\(server.url)\" }] }")
        let running = try project.start("production", "up")
        while server.requests.isEmpty { poll(nil, 0, 5) }
        running.send(SIGINT)
        let result = running.wait()
        result.expect(130)
        #expect(result.errors.contains("migrate down --run --env production"))
        #expect(try project.rows("production", "SELECT x FROM b") == ["7"])
    }
}
