import ProjectConfig
import Releases
import Testing

/// The rules of a release, and each mistake in them with its place.
struct ReleaseRulesTests {
    private func rules(_ lines: String, _ variables: [String: String] = [:]) throws -> ReleaseRules
    {
        try parse(
            """
            environments:
              staging: {}
              production:
            \(lines)
            """
        ).environment("production") { variables[$0] }.rules
    }

    @Test func `no rule is the default`() throws {
        let rules = try rules("    protected: true")
        #expect(rules.isEmpty)
        #expect(rules == ReleaseRules())
    }

    @Test func `all of them`() throws {
        let rules = try rules(
            """
                promote_from: { environment: staging, soak: 24h }
                windows:
                  timezone: Europe/Berlin
                  deny: ["Fri 12:00-24:00", Sat, Sun]
                  freezes:
                    - { from: 2026-12-20, to: 2027-01-02, reason: holidays }
                snapshot: { before: up, strategy: schema, keep: { last: 10, daily: 14, weekly: 8 } }
            """)
        #expect(rules.promotion == PromotionPolicy(environment: "staging", soak: .seconds(86_400)))
        let windows = try #require(rules.windows)
        #expect(windows.zone == "Europe/Berlin")
        #expect(windows.denials.map(\.text) == ["Fri 12:00-24:00", "Sat", "Sun"])
        #expect(windows.freezes.map(\.reason) == ["holidays"])
        #expect(windows.freezes[0].from.text == "Sun 2026-12-20 00:00")
        #expect(windows.freezes[0].to.text == "Sun 2027-01-03 00:00")
        #expect((rules.zonePlace.line, rules.zonePlace.column) == (6, 17))
        #expect(rules.snapshot?.strategy == .schema)
        #expect(rules.snapshot?.keep?.last == 10)
        #expect(rules.snapshot?.keep?.daily == 14)
        #expect(rules.snapshot?.keep?.weekly == 8)
        #expect(rules.snapshot?.keep?.monthly == 0)
    }

    @Test func `evidence, written and read`() throws {
        let rules = try rules(
            """
                evidence: { directory: proof, key: "${KEY}", as: ci@example.com }
                promote_from: { environment: staging, evidence: /srv/proof, signers: signers }
            """, ["KEY": "/run/key"])
        #expect(rules.evidence?.directory == "conf/proof")
        #expect(rules.evidence?.key == "/run/key")
        #expect(rules.evidence?.principal == "ci@example.com")
        #expect(rules.promotionEvidence?.directory == "/srv/proof")
        #expect(rules.promotionEvidence?.signers == "conf/signers")
    }

    @Test func `short forms, and variables`() throws {
        let rules = try rules(
            """
                promote_from: ${SOURCE}
                windows: { deny: "${WHEN}", timezone: "CET-1CEST,M3.5.0,M10.5.0/3" }
                snapshot: { before: up, keep: { last: "${KEEP}" } }
            """, ["SOURCE": "staging", "WHEN": "Sat", "KEEP": "3"])
        #expect(rules.promotion == PromotionPolicy(environment: "staging"))
        #expect(rules.windows?.denials.map(\.text) == ["Sat"])
        #expect(rules.snapshot?.strategy == .full)
        #expect(rules.snapshot?.keep?.last == 3)
        let error = try #require(throws: ConfigError.self) {
            try self.rules("    promote_from: ${SOURCE}", ["SOURCE": "production"])
        }
        #expect(
            error.message == "'environments.production.promote_from' names the environment itself")
        #expect((error.line, error.column) == (4, 19))
    }

    @Test(arguments: [
        (
            "promote_from: production", "4:19",
            "'environments.production.promote_from' names the environment itself"
        ),
        (
            "promote_from: stagin", "4:19",
            "'environments.production.promote_from' names no environment of the file: 'stagin'"
        ),
        (
            "promote_from: { soak: 1h }", "4:19",
            "'environments.production.promote_from' names no environment"
        ),
        (
            "promote_from: [staging]", "4:19",
            "'environments.production.promote_from' must be a text, not a list"
        ),
        (
            "promote_from: { environment: staging, soak: 24 }", "4:49",
            "'environments.production.promote_from.soak' must be a duration with a unit, not '24'"
        ),
        (
            "promote_from: { environment: staging, evidence: x }", "4:19",
            "'environments.production.promote_from' has no 'signers'"
        ),
        (
            "windows: { deny: [Frx] }", "4:23",
            "'environments.production.windows.deny' must be days, hours, or both, not 'Frx'"
        ),
        (
            "windows: { deny: [[Sat]] }", "4:23",
            "'environments.production.windows.deny' must be a list of days and hours, not a list"
        ),
        (
            "windows: { timezone: Europe/Berlin }", "4:14",
            "'environments.production.windows' denies nothing"
        ),
        (
            "windows: { deny: Sat, timezone: ../etc/passwd }", "4:37",
            "'environments.production.windows.timezone' must be the name of a time zone, not "
                + "'../etc/passwd'"
        ),
        (
            "windows: { freezes: [{ from: 2026-12-20, to: 2026-12-19, reason: x }] }", "4:50",
            "'environments.production.windows.freezes.to' must be after 'from', not '2026-12-19'"
        ),
        (
            "windows: { freezes: [{ from: 2026-12-20, to: 2026-12-21 }] }", "4:26",
            "'environments.production.windows.freezes' has no 'reason'"
        ),
        (
            "windows: { freezes: [{ from: soon, to: 2026-12-21, reason: x }] }", "4:34",
            "'environments.production.windows.freezes.from' must be a day, or a minute of one, not "
                + "'soon'"
        ),
        (
            "windows: { denny: Sat }", "4:16",
            "unknown key 'denny' in 'environments.production.windows'"
        ),
        (
            "snapshot: {}", "4:15",
            "'environments.production.snapshot' does not say before what it is taken"
        ),
        (
            "snapshot: { before: down }", "4:25",
            "'environments.production.snapshot.before' must be 'up', not 'down'"
        ),
        (
            "snapshot: { before: up, strategy: fully }", "4:39",
            "'environments.production.snapshot.strategy' must be 'full', 'schema' or 'none', not "
                + "'fully'"
        ),
        (
            "snapshot: { before: up, keep: { last: 0 } }", "4:35",
            "'environments.production.snapshot.keep' would keep no snapshot"
        ),
        (
            "snapshot: { before: up, keep: { last: -1 } }", "4:43",
            "'environments.production.snapshot.keep.last' must be a whole number from 0 to 10000, "
                + "not '-1'"
        ),
    ])
    func `a mistake is named with its place`(_ line: String, _ place: String, _ message: String)
        throws
    {
        let error = try parseFailure(
            "environments:\n  staging: {}\n  production:\n    \(line)\n")
        #expect(error.message == message)
        #expect("\(error.line ?? 0):\(error.column ?? 0)" == place)
        #expect(error.hint != nil)
    }

    @Test func `no circle`() throws {
        let error = try parseFailure(
            """
            environments:
              a: { promote_from: b }
              b: { promote_from: c }
              c: { promote_from: a }
            """)
        #expect(error.message == "'a' and 'c' promote from each other")
        #expect((error.line, error.column) == (2, 22))
        // One that leads into a circle is not part of it; the circle is named where it is.
        let other = try parseFailure(
            """
            environments:
              z: { promote_from: a }
              a: { promote_from: b }
              b: { promote_from: a }
            """)
        #expect((other.line, other.column) == (3, 22))
    }
}
