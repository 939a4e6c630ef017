import ProjectConfig
import Testing

/// Approvals, bake, failure policy and notifications, and each mistake in them with its place.
struct ReleaseSettingsTests {
    private func rules(_ line: String, _ variables: [String: String] = [:]) throws -> ReleaseRules {
        try parse("environments:\n  production:\n    \(line)\n").environment("production") {
            variables[$0]
        }.rules
    }

    @Test func `all of them`() throws {
        let approvals = try #require(
            rules(
                "approvals: { required: 2, signers: ops/signers, directory: ok, expire: 72h, "
                    + "forbid_author: true }"
            ).approvals)
        #expect(approvals.required == 2 && approvals.signers.hasSuffix("/ops/signers"))
        #expect(approvals.directory.hasSuffix("/ok") && approvals.expire == .seconds(259_200))
        #expect(approvals.forbidsAuthor)
        let bake = try #require(
            rules(
                "bake: { for: 15m, probes: [{ sql: SELECT 1, expect: 1 }, "
                    + "{ http: \"http://a/\", expect_status: 204 }, "
                    + "{ prometheus: \"http://p\", query: up, above: 0.5 }] }"
            ).bake)
        #expect(bake.duration == .seconds(900) && bake.every == .seconds(15))
        #expect(
            bake.probes == [
                .sql("SELECT 1", expect: "1"), .http("http://a/", status: 204),
                .prometheus(server: "http://p", query: "up", bound: ProbeBound(above: 0.5)),
            ])
        #expect(try rules("protected: true").onFailure == .stop)
        #expect(try rules("on_failure: down").onFailure == .down)
        #expect(
            try rules("on_failure: { do: restore, allow_data_loss: true }").onFailure == .restore)
        #expect(
            try rules("on_failure: { do: restore, allow_data_loss: \"${LOSS}\" }", ["LOSS": "true"])
                .onFailure == .restore)
        let told = try rules(
            "notify: [{ webhook: \"${HOOK}\", format: slack, on: [failure] }, "
                + "{ command: ./page, timeout: 3s }]", ["HOOK": "https://h/secret"]
        ).notifications
        #expect(
            told.map(\.way) == [
                .webhook("https://h/secret", isSlack: true), .command(.shell("./page")),
            ])
        #expect(told.map(\.events) == [[.failure], NotificationEvent.allCases])
        #expect(told[1].timeout == .seconds(3))
    }

    @Test(arguments: [
        ("approvals: { required: 1 }", 16, "'environments.production.approvals' has no 'signers'"),
        ("approvals: { signers: s, required: 0 }", 40, "must be a whole number from 1 to 100"),
        ("approvals: { signers: s, expire: 0s }", 38, "must be longer than nothing"),
        ("approvals: { signers: s, author: true }", 30, "unknown key 'author'"),
        ("bake: { every: 5s, probes: [{ sql: a, expect: 1 }] }", 11, "has no 'for'"),
        ("bake: { for: 5m }", 11, "has no 'probes'"),
        ("bake: { for: 5m, probes: [] }", 30, "must be a list of probes"),
        ("bake: { for: 5m, probes: [{ sql: a }] }", 31, "a probe with 'sql' has no 'expect'"),
        ("bake: { for: 5m, probes: [{ expect: 1 }] }", 31, "a probe has one of"),
        ("bake: { for: 5m, probes: [{ sql: a, http: b }] }", 31, "a probe has one of"),
        (
            "bake: { for: 5m, probes: [{ http: b, expect: 1 }] }", 42,
            "a probe with 'http' has no 'expect'"
        ),
        (
            "bake: { for: 5m, probes: [{ prometheus: b, query: q }] }", 31,
            "has neither 'below' nor 'above'"
        ),
        (
            "bake: { for: 5m, probes: [{ prometheus: b, query: q, below: low }] }", 65,
            "must be a number"
        ),
        ("on_failure: restore", 17, "restores a snapshot without leave to lose data"),
        (
            "on_failure: { do: restore, allow_data_loss: false }", 23,
            "restores a snapshot without leave to lose data"
        ),
        ("on_failure: undo", 17, "must be 'stop', 'down' or 'restore'"),
        ("notify: [{ on: [failure] }]", 14, "has either 'webhook' or 'command'"),
        ("notify: [{ webhook: a, on: [fail] }]", 33, "'fail' is no event of 'notify'"),
        ("notify: [{ webhook: a, format: teams }]", 36, "must be 'json' or 'slack'"),
        ("notify: slack", 13, "must be a list of who is told"),
    ]) func `a mistake has its place`(line: String, column: Int, message: String) throws {
        let error = try #require(throws: ConfigError.self) { try rules(line) }
        #expect(error.message.contains(message), "\(error.message)")
        #expect((error.line, error.column) == (3, column))
    }
}
