import Foundation
import Releases
import Testing

/// What people and programs are told of a run.
struct NoticeTests {
    let notice = Notice(
        event: "failure", command: "up", environment: "production",
        database: "postgres://app@db/app", by: "deploy@build-7", at: "2026-11-26T08:00:00Z",
        runID: "20261126T080000Z-1", migrations: [.init(version: "001", name: "users")],
        message: "002_orders.up.sql:3: relation \"<orders>\" & more", hint: "Mend it.",
        snapshot: "20261126T075900Z-production-4c1e")

    @Test func `the document has every fact under its name`() throws {
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(notice.json.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "event", "command", "environment", "database", "by", "at", "run_id", "migrations",
                "message", "hint", "snapshot",
            ])
        #expect(object["message"] as? String == notice.message)
        #expect((object["migrations"] as? [[String: String]])?.first?["version"] == "001")
    }

    @Test func `Slack is sent one text, escaped`() throws {
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(notice.slack.utf8)) as? [String: String])
        #expect(Array(object.keys) == ["text"])
        let lines = try #require(object["text"]).split(separator: "\n").map(String.init)
        #expect(lines[0] == "production: up FAILED")
        #expect(lines[1] == "002_orders.up.sql:3: relation \"&lt;orders&gt;\" &amp; more")
        #expect(lines.contains("applied before that: 001 users"))
        #expect(lines.contains("snapshot 20261126T075900Z-production-4c1e"))
    }

    @Test(arguments: [
        ("start", "production: up begins, 1 migration: 001 users"),
        ("success", "production: up succeeded, 1 migration: 001 users"),
        ("refusal", "production: up was refused"),
    ]) func `the first line says what happened`(event: String, line: String) {
        var notice = notice
        notice.event = event
        #expect(notice.lines.first == line)
    }
}
