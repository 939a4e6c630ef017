import Foundation
import TestSupport
import Testing

/// Production is promoted by what staging's runs wrote, where it cannot reach staging's database.
struct EvidenceTests {
    let project: ReleaseProject
    let ci: SSHKey

    init() throws {
        project = try ReleaseProject(.sqlite, production: "")
        ci = try SSHKey("ci", in: project.folder)
        try project.folder.folder("ops")
        try project.folder.write(
            "ci@example.com namespaces=\"migrate-evidence\" \(ci.publicKey)\n",
            to: "ops/allowed_signers")
        try configure()
    }

    private func configure(staging: String = "verify: { after: true }", soak: String = "") throws {
        try project.configure(
            staging: "evidence: { directory: evidence, key: ci, as: ci@example.com }\n" + staging,
            production:
                "promote_from: { environment: staging, evidence: evidence, "
                + "signers: ops/allowed_signers\(soak) }")
    }

    private func documents() throws -> [String] {
        guard project.folder.has("evidence") else { return [] }
        return try FileManager.default.contentsOfDirectory(
            atPath: project.folder.file("evidence")
        ).filter { $0.hasSuffix(".evidence.json") }.sorted().map { "evidence/" + $0 }
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: project.folder.file(name), encoding: .utf8)
    }

    private func expectRefusal(_ words: String) throws {
        let refused = try project.migrate("production", "up")
        refused.expect(9)
        refused.expectError("error: what ran in 'staging' is not known: \(words)")
        #expect(!project.folder.has("production.db"))
    }

    /// Nothing of staging is left but its evidence.
    private func hideStaging() throws {
        try FileManager.default.removeItem(atPath: project.folder.file("staging.db"))
    }

    @Test func `what staging ran is known without its database`() throws {
        try expectRefusal("there is no evidence of it\n")
        try project.migrate("staging", "up").expect(0)
        let first = try #require(documents().first)
        let said = try SSHKey.keygen(
            [
                "-Y", "verify", "-f", project.folder.file("ops/allowed_signers"), "-I",
                "ci@example.com", "-n", "migrate-evidence", "-s",
                project.folder.file(first + ".sig"),
            ], input: project.folder.file(first))
        #expect(said.contains("Good \"migrate-evidence\" signature for ci@example.com"))
        #expect(try text(first).contains("\"verified\" : true"))
        // Nothing has changed: nothing more is written.
        try project.migrate("staging", "up").expect(0)
        try project.migrate("staging", "up", "--dry-run").expect(0)
        #expect(try documents() == [first])
        try hideStaging()
        try project.migrate("production", "up").expect(0)
        try project.write("CREATE TABLE b (x integer);", to: "002_b.up.sql")
        let other = try project.migrate("production", "up")
        other.expect(9)
        other.expectError("error: 002 b is not applied in 'staging'\n")
    }

    @Test func `the newest evidence counts: what was reverted, and what failed`() throws {
        try project.write("CREATE TABLE b (x integer);", to: "002_b.up.sql")
        try project.write("DROP TABLE b;", to: "002_b.down.sql")
        try project.migrate("staging", "up").expect(0)
        try project.migrate("staging", "down").expect(0)
        let reverted = try project.migrate("production", "up")
        reverted.expect(9)
        reverted.expectError("error: 002 b is not applied in 'staging'\n")
        try project.folder.folder("verify")
        try project.folder.write("SELECT x FROM b;", to: "verify/empty.sql")
        try project.write(
            "CREATE TABLE b (x integer); INSERT INTO b VALUES (1);", to: "002_b.up.sql")
        try project.migrate("staging", "up").expect(10)
        let failed = try project.migrate("production", "up")
        failed.expect(9)
        failed.expectError("error: the last verification of 'staging' failed: 1 error\n")
        try project.rows("staging", "DELETE FROM b")
        try project.migrate("staging", "verify").expect(0)
        try project.folder.write("SELECT 1 WHERE 1 = 0;", to: "verify/empty.sql")
        try project.migrate("production", "up").expect(0)
        #expect(try documents().count == 4)
    }

    @Test func `a watch that failed there stops a promotion until it is over`() throws {
        let server = try TestHTTPServer { _ in .reply(500) }
        try configure(
            staging: "bake: { for: 0s, every: 1s, probes: [{ http: \"\(server.url)\" }] }")
        try project.migrate("staging", "up").expect(10)
        let refused = try project.migrate("production", "up")
        refused.expect(9)
        refused.expectError(
            "error: the last release in 'staging' did not pass its watch: ")
        // What has failed is not there any more.
        try configure()
        try project.migrate("staging", "down").expect(0)
        try project.migrate("staging", "up").expect(0)
        try project.migrate("production", "up").expect(0)
    }

    @Test func `each fault of a file has its own reason`() throws {
        try project.migrate("staging", "up").expect(0)
        let name = try #require(documents().first)
        let document = try text(name)
        let signature = try text(name + ".sig")
        try project.folder.write(document.replacing("\"a\"", with: "\"b\""), to: name)
        try expectRefusal("the signature of the evidence '\(name)': ")
        try project.folder.write("{}", to: name)
        try expectRefusal("'\(name)' is no evidence that this program wrote\n")
        try project.folder.write(document, to: name)
        try FileManager.default.removeItem(atPath: project.folder.file(name + ".sig"))
        try expectRefusal("the evidence '\(name)' is not signed\n")
        try project.folder.write(signature, to: name + ".sig")
        let eve = try SSHKey("eve", in: project.folder)
        try project.folder.write(
            "ci@example.com \(eve.publicKey)\n", to: "ops/allowed_signers")
        try expectRefusal("the evidence '\(name)' does not count: its key SHA256:")
        try project.folder.write(
            "ci@example.com namespaces=\"migrate-approval\" \(ci.publicKey)\n",
            to: "ops/allowed_signers")
        try expectRefusal(
            "the evidence '\(name)' does not count: its key may not sign in the namespace "
                + "'migrate-evidence'\n")
        try project.folder.write(
            "cd@example.com \(ci.publicKey)\n", to: "ops/allowed_signers")
        try expectRefusal(
            "the evidence '\(name)' does not count: its key belongs to 'cd@example.com'\n")
    }

    @Test func `a signature for another environment's document is no proof of this one`() throws {
        try project.migrate("staging", "up").expect(0)
        let name = try #require(documents().first)
        let other = try text(name).replacing("\"staging\"", with: "\"dev\"")
        try project.folder.write(other, to: "evidence/staging-x.evidence.json")
        try FileManager.default.removeItem(atPath: project.folder.file(name))
        _ = try ci.sign(
            project.folder.file("evidence/staging-x.evidence.json"), namespace: "migrate-evidence")
        try expectRefusal("there is no evidence of it\n")
    }

    @Test func `another key of the runner signs anew, and so does one whose signature is gone`()
        throws
    {
        try project.migrate("staging", "up").expect(0)
        let first = try #require(documents().first)
        try FileManager.default.removeItem(atPath: project.folder.file(first + ".sig"))
        try expectRefusal("the evidence '\(first)' is not signed\n")
        try project.migrate("staging", "verify").expect(0)
        for name in ["ci", "ci.pub"] {
            try FileManager.default.removeItem(atPath: project.folder.file(name))
        }
        let next = try SSHKey("ci", in: project.folder)
        try project.folder.write(
            "ci@example.com \(next.publicKey)\n", to: "ops/allowed_signers")
        try project.migrate("staging", "verify").expect(0)
        #expect(try documents().count == 3)
        try project.migrate("production", "up").expect(0)
    }

    @Test func `soak counts from when staging applied it`() throws {
        try configure(staging: "", soak: ", soak: 1h")
        try project.migrate("staging", "up").expect(0)
        // Nobody has verified it there.
        #expect(try !text(#require(documents().first)).contains("\"verified\""))
        let early = try project.migrate("production", "up")
        early.expect(9)
        early.expectError("error: 001 a is in 'staging' for ")
        try project.rows(
            "staging", "UPDATE schema_migrations SET applied_at = '2026-01-01T00:00:00.000Z'")
        try project.migrate("staging", "up").expect(0)
        try project.migrate("production", "up").expect(0)
    }

    @Test func `without its key nothing runs, and a folder that cannot be written is told`() throws
    {
        try FileManager.default.moveItem(
            atPath: project.folder.file("ci"), toPath: project.folder.file("away"))
        let keyless = try project.migrate("staging", "up")
        keyless.expect(3)
        keyless.expectError("there is no key 'ci' to sign the evidence of 'staging' with\n")
        #expect(!project.folder.has("staging.db"))
        try FileManager.default.moveItem(
            atPath: project.folder.file("away"), toPath: project.folder.file("ci"))
        try project.folder.write("", to: "evidence")
        let result = try project.migrate("staging", "up")
        result.expect(0)
        #expect(
            result.errors.contains(
                "warning: no evidence of what is applied here could be written: "))
    }
}
