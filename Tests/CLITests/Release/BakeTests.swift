import Foundation
import Synchronization
import TestSupport
import Testing

/// A release that is watched after its last commit.
@Suite struct BakeTests {
    /// A query, a page and a server of metrics; the second value breaks what it names.
    private static func prometheus(_ value: String) -> String {
        #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,""#
            + value + #""]}]}}"#
    }

    private static func server(
        health: Int = 200, errors: String = "0.001"
    ) throws -> TestHTTPServer {
        try TestHTTPServer { request in
            request.path == "/health" ? .reply(health) : .reply(200, prometheus(errors))
        }
    }

    private static func rule(_ server: TestHTTPServer, sql: String = "SELECT count(*) FROM a")
        -> String
    {
        """
        bake:
          for: 300ms
          every: 100ms
          probes:
            - { sql: "\(sql)", expect: 0 }
            - { http: "\(server.url)/health" }
            - { prometheus: "\(server.url)/", query: "rate(errors{job=\\"a b\\"}[5m])", below: 0.01 }
        """
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `all probes are asked until the time is over`(_ database: SurfaceDatabase) throws {
        let server = try Self.server()
        let project = try ReleaseProject(database, production: Self.rule(server))
        let result = try project.migrate("production", "up")
        result.expect(0)
        #expect(result.output.contains("watched for 300 ms: 3 probes good"))
        let pages = server.requests.filter { $0.path == "/health" }
        #expect(pages.count >= 3)
        #expect(
            server.requests.filter {
                $0.path == "/api/v1/query?query=rate%28errors%7Bjob%3D%22a%20b%22%7D%5B5m%5D%29"
            }.count == pages.count)
        #expect(try project.log("production").suffix(2) == ["up success", "bake success"])
        // It is over: nothing is asked again.
        let count = server.requests.count
        try project.migrate("production", "up").expect(0)
        #expect(server.requests.count == count)
    }

    @Test(arguments: [
        (503, "0.001", "SELECT count(*) FROM a", "the status is 503, not 200"),
        (200, "0.5", "SELECT count(*) FROM a", "the value is 0.5, not below 0.01"),
        (200, "0.001", "SELECT 1", "the query returned 1, not 0"),
        (200, "0.001", "SELECT 1 FROM missing", "missing"),
        (200, "0.001", "DELETE FROM a", "read"),
    ]) func `a probe that fails is a failed release, and the ways back are named`(
        health: Int, errors: String, sql: String, message: String
    ) throws {
        let server = try Self.server(health: health, errors: errors)
        for database in SurfaceDatabase.allCases {
            let project = try ReleaseProject(
                database, production: Self.rule(server, sql: sql) + "\nsnapshot: { before: up }")
            let result = try project.migrate("production", "up")
            result.expect(10)
            #expect(result.errors.contains("error: the release fails its probe '"))
            #expect(result.errors.contains(message))
            #expect(
                result.errors.contains(
                    "to revert what this run applied: migrate down --run --env production"))
            let snapshot = try #require(project.snapshots().last)
            #expect(
                result.errors.contains(
                    "to bring back the database of before: migrate restore \(snapshot) --env production"
                ))
            #expect(try project.log("production").last == "bake failure")
            #expect(try project.rows("production", "SELECT count(*) FROM a") == ["0"])
        }
    }

    @Test func `a failed release is looked at again by the next up, until it is good`() throws {
        let isWell = Mutex(false)
        let server = try TestHTTPServer { _ in .reply(isWell.withLock { $0 } ? 200 : 500) }
        let project = try ReleaseProject(
            .sqlite,
            production: "bake: { for: 100ms, every: 50ms, probes: [{ http: \"\(server.url)\" }] }")
        try project.migrate("production", "up").expect(10)
        let again = try project.migrate("production", "up")
        again.expect(10)
        #expect(again.errors.contains("the last run was not watched to its end"))
        isWell.withLock { $0 = true }
        try project.migrate("production", "up").expect(0)
        isWell.withLock { $0 = false }
        try project.migrate("production", "up").expect(0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `killed while it watches, it goes on with the next up`(
        _ database: SurfaceDatabase
    ) throws {
        let server = try TestHTTPServer { _ in .reply(200) }
        let project = try ReleaseProject(
            database,
            production: "bake: { for: 24h, every: 1h, probes: [{ http: \"\(server.url)\" }] }")
        let running = try project.start("production", "up")
        while server.requests.isEmpty { poll(nil, 0, 5) }
        running.send(SIGKILL)
        _ = running.wait()
        let interrupted = try project.start("production", "up")
        while server.requests.count < 2 { poll(nil, 0, 5) }
        interrupted.send(SIGTERM)
        let result = interrupted.wait()
        result.expect(130)
        #expect(result.errors.contains("Run 'migrate up' again to go on watching it."))
        try project.configure(
            production: "bake: { for: 50ms, every: 50ms, probes: [{ http: \"\(server.url)\" }] }")
        let last = try project.migrate("production", "up")
        last.expect(0)
        #expect(last.output.contains("watched for 50 ms"))
        #expect(try project.log("production").last == "bake success")
    }

    @Test func `a release that is confirmed is watched no more`() throws {
        let server = try TestHTTPServer { _ in .reply(500) }
        let project = try ReleaseProject(
            .sqlite,
            production: "bake: { for: 50ms, every: 50ms, probes: [{ http: \"\(server.url)\" }] }\n"
                + "snapshot: { before: up }")
        try project.migrate("production", "up").expect(10)
        try project.migrate("production", "confirm").expect(0)
        try project.migrate("production", "up").expect(0)
    }
}
