import Foundation
import TestSupport
import Testing

/// Who is told of a run.
@Suite struct NotifyTests {
    private func events(_ server: TestHTTPServer) throws -> [String] {
        try server.requests.map { request in
            let object = try JSONSerialization.jsonObject(with: Data(request.body.utf8))
            return (object as? [String: Any])?["event"] as? String ?? ""
        }
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `start, success, failure and refusal are told, each once`(
        _ database: SurfaceDatabase
    ) throws {
        let server = try TestHTTPServer { _ in .reply(200) }
        let notify = "notify: [{ webhook: \"\(server.url)/hook\" }]"
        let project = try ReleaseProject(database, production: notify)
        try project.migrate("production", "up").expect(0)
        #expect(try events(server) == ["start", "success"])
        let first = try #require(
            JSONSerialization.jsonObject(with: Data(server.requests[1].body.utf8)) as? [String: Any]
        )
        #expect(first["environment"] as? String == "production")
        #expect((first["migrations"] as? [[String: String]])?.first?["name"] == "a")
        // Nothing to do is nothing to tell.
        try project.migrate("production", "up").expect(0)
        #expect(server.requests.count == 2)
        try project.write("SELECT nothing;", to: "002_b.up.sql")
        try project.migrate("production", "up").expect(6)
        #expect(try events(server).suffix(2) == ["start", "failure"])
        #expect(server.requests.last?.body.contains("nothing") == true)
        try project.configure(production: notify + "\npromote_from: staging")
        try project.migrate("production", "up").expect(9)
        #expect(try events(server).last == "refusal")
        try project.migrate("production", "up", "--dry-run")
        try project.migrate("production", "plan").expect(0)
        #expect(server.requests.count == 5)
    }

    @Test func `only what is asked for is told, in Slack's form`() throws {
        let server = try TestHTTPServer { _ in .reply(200) }
        let project = try ReleaseProject(
            .sqlite,
            production:
                "notify: [{ webhook: \"\(server.url)\", format: slack, on: [success] }]")
        try project.migrate("production", "up").expect(0)
        #expect(server.requests.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(server.requests[0].body.utf8))
        let text = try #require((object as? [String: String])?["text"])
        #expect(text.hasPrefix("production: up succeeded, 1 migration: 001 a\n"))
    }

    @Test func `a command reads the document on its standard input`() throws {
        let project = try ReleaseProject(
            .sqlite, production: "notify: [{ command: \"cat >> told\", on: [success] }]")
        let result = try project.migrate("production", "up", "--json")
        result.expect(0)
        _ = try result.json()
        let told = try String(contentsOfFile: project.folder.file("told"), encoding: .utf8)
        let object = try JSONSerialization.jsonObject(with: Data(told.utf8))
        #expect((object as? [String: Any])?["event"] as? String == "success")
    }

    @Test func `what goes wrong is reported without a secret, and changes nothing`() throws {
        let broken = try TestHTTPServer { _ in .reply(500) }
        let silent = try TestHTTPServer { _ in .silence }
        let project = try ReleaseProject(
            .sqlite,
            production: """
                notify:
                  - { webhook: "\(broken.url)/services/T0/SECRETTOKEN", on: [success] }
                  - { webhook: "\(silent.url)/SECRETTOKEN", on: [success], timeout: 200ms }
                  - { webhook: "http://127.0.0.1:1/SECRETTOKEN", on: [success] }
                  - { command: "exit 3", on: [success] }
                  - { command: [no-such-program], on: [success] }
                  - { command: "sleep 600 & sleep 600", on: [success], timeout: 200ms }
                """)
        let result = try project.migrate("production", "up")
        result.expect(0)
        #expect(result.errors.split(separator: "\n").count { $0.contains("was not told") } == 6)
        #expect(result.errors.contains("the webhook at \(broken.url)/…"))
        #expect(result.errors.contains("it answered with status 500"))
        #expect(result.errors.contains("it ended with status 3"))
        #expect(result.errors.contains("it took longer than 200 ms, and was ended"))
        #expect(!result.errors.contains("SECRETTOKEN"))
        #expect(try project.rows("production", "SELECT count(*) FROM a") == ["0"])
    }
}
