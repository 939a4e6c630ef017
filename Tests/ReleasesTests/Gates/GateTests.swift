import Releases
import Testing

/// Every rule's answer to every case, as tables.
@Suite struct GateTests {
    private func plan(_ steps: [(String, String, String)]) -> ReleasePlan {
        ReleasePlan(
            environment: "production", digest: "d",
            steps: steps.map { .init(version: $0.0, name: $0.1, contentDigest: $0.2) })
    }

    private var two: ReleasePlan { plan([("001", "a", "aa"), ("002", "b", "bb")]) }
    private let now = UTCTime(seconds: 1_795_680_000)

    private func ago(_ seconds: Int64) -> UTCTime { UTCTime(seconds: now.seconds - seconds) }

    // MARK: Promotion

    struct Promotion: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var soak: Duration = .zero
        var applied: [String: PromotionProof.Applied] = [:]
        var failed: String?
        var kind = PromotionProof.Failure.Kind.verification
        var unknown: String?
        var verdict: GateAnswer.Verdict = .no
        var reason: String
        var hint: String?
    }

    private static let base = UTCTime(seconds: 1_795_680_000)

    private static func there(
        _ digest: String?, _ seconds: Int64? = 100_000, isWhole: Bool = true
    ) -> PromotionProof.Applied {
        .init(
            contentDigest: digest, at: seconds.map { UTCTime(seconds: base.seconds - $0) },
            isWhole: isWhole)
    }

    @Test(arguments: [
        Promotion(
            testDescription: "all applied", applied: ["001": there("aa"), "002": there("bb", 0)],
            verdict: .yes, reason: "all 2 are applied in 'staging'"),
        Promotion(
            testDescription: "soaked", soak: .seconds(86_400),
            applied: ["001": there("aa"), "002": there("bb", 86_400)], verdict: .yes,
            reason: "all 2 are applied in 'staging' for 24h at least"),
        Promotion(
            testDescription: "a second too early", soak: .seconds(86_400),
            applied: ["001": there("aa"), "002": there("bb", 86_399)],
            reason: "002 b is in 'staging' for 23h 59m, and must be for 24h",
            hint: "It may run from 2026-11-26T08:00:01Z on."),
        Promotion(
            testDescription: "the later of two decides", soak: .seconds(3600),
            applied: ["001": there("aa", 60), "002": there("bb", 0)],
            reason: "001 a is in 'staging' for 1m, and must be for 1h; "
                + "002 b is in 'staging' for 0s, and must be for 1h",
            hint: "It may run from 2026-11-26T09:00:00Z on."),
        Promotion(
            testDescription: "nothing there",
            reason: "001 a is not applied in 'staging'; 002 b is not applied in 'staging'",
            hint: "Run it there first: migrate up --env staging"),
        Promotion(
            testDescription: "another file", applied: ["001": there("aa"), "002": there("cc")],
            reason: "002 b is another file than the one that ran in 'staging'",
            hint: "Run it there first: migrate up --env staging"),
        Promotion(
            testDescription: "another tool's row",
            applied: ["001": there(nil), "002": there("bb")],
            reason: "001 a is another file than the one that ran in 'staging'"),
        Promotion(
            testDescription: "part-way",
            applied: ["001": there("aa"), "002": there("bb", isWhole: false)],
            reason: "002 b is part-way in 'staging'"),
        Promotion(
            testDescription: "no time recorded", soak: .seconds(1),
            applied: ["001": there("aa", nil), "002": there("bb")],
            reason: "since when 001 a is applied in 'staging' is not recorded"),
        Promotion(
            testDescription: "no time recorded, none needed",
            applied: ["001": there("aa", nil), "002": there("bb")], verdict: .yes,
            reason: "all 2 are applied in 'staging'"),
        Promotion(
            testDescription: "a verification failed there",
            applied: ["001": there("aa"), "002": there("bb")], failed: "2 errors",
            reason: "the last verification of 'staging' failed: 2 errors"),
        Promotion(
            testDescription: "a watch failed there",
            applied: ["001": there("aa"), "002": there("bb")], failed: "it answered 500",
            kind: .bake,
            reason: "the last release in 'staging' did not pass its watch: it answered 500"),
        Promotion(
            testDescription: "not to be reached", unknown: "cannot connect",
            reason: "what ran in 'staging' is not known: cannot connect",
            hint: "This plan runs once 'staging' can be read."),
    ])
    func `promotion`(_ row: Promotion) {
        let policy = PromotionPolicy(environment: "staging", soak: row.soak)
        let proof =
            row.unknown.map(PromotionProof.unknown)
            ?? .applied(row.applied, failure: row.failed.map { .init(row.kind, $0) })
        let answer = PromotionGate(policy, proof: proof, now: now).answer(two)
        #expect(answer.gate == .promotion)
        #expect(answer.verdict == row.verdict)
        #expect(answer.reason == row.reason)
        if let hint = row.hint { #expect(answer.hint == hint) }
    }

    @Test func `promotion without a rule, without a step, and of many`() {
        let none = PromotionProof.applied([:], failure: .init(.verification, "1 error"))
        #expect(PromotionGate(nil, proof: none, now: now).answer(two).verdict == .yes)
        let policy = PromotionPolicy(environment: "staging")
        // Nothing would run: what ails staging does not matter.
        #expect(PromotionGate(policy, proof: none, now: now).answer(plan([])).verdict == .yes)
        let many = plan((1...5).map { ("00\($0)", "m", "x") })
        let answer = PromotionGate(
            policy, proof: .applied([:], failure: nil), now: now
        ).answer(many)
        #expect(answer.reason.hasSuffix("003 m is not applied in 'staging'; and 2 more"))
        let view = plan([("R__v", "v", "x")])
        #expect(
            PromotionGate(policy, proof: .applied([:], failure: nil), now: now)
                .answer(view).reason == "R__v is not applied in 'staging'")
    }

    // MARK: The others

    @Test func `identity`() {
        let cases: [(IdentityGate.Fact, GateAnswer.Verdict, String)] = [
            (.own, .yes, "this database belongs to 'production'"),
            (
                .unstamped, .yes,
                "this database belongs to no environment yet; 'up' makes it that of 'production'"
            ),
            (.unnamed, .yes, "the address was given by hand, and no environment was named"),
            (.other(problem: "it is another's", hint: "Look."), .no, "it is another's"),
        ]
        for (fact, verdict, reason) in cases {
            let answer = IdentityGate(fact).answer(two)
            #expect(answer.gate == .identity)
            #expect(answer.verdict == verdict)
            #expect(answer.reason == reason)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `protection wants a reason for an address by hand`(isProtected: Bool, isGiven: Bool) {
        for isConfirmed in [false, true] {
            let answer = ProtectionGate(
                isProtected: isProtected, isAddressGiven: isGiven, isConfirmed: isConfirmed
            ).answer(two)
            #expect(
                answer.verdict == (isProtected && isGiven && !isConfirmed ? .no : .yes),
                "\(isProtected) \(isGiven) \(isConfirmed)")
        }
    }

    @Test func `snapshot`() {
        let cases: [(SnapshotPolicy?, Bool, String?, GateAnswer.Verdict, String)] = [
            (nil, false, "gone", .yes, "no rule: no snapshot is taken before"),
            (.init(strategy: .none), false, "gone", .yes, "none is taken (strategy: none)"),
            (.init(), false, nil, .yes, "one is taken into 's' first, and read again"),
            (.init(), true, nil, .yes, "one is taken into 's' first, and read again"),
            (
                .init(strategy: .schema), false, nil, .yes,
                "one of the schema, without its rows, is taken into 's' first, and read again"
            ),
            (
                .init(strategy: .schema), true, nil, .no,
                "an SQLite file has no snapshot of its schema alone"
            ),
            (.init(), false, "it is full", .no, "no snapshot can be taken into 's': it is full"),
        ]
        for (policy, isFile, problem, verdict, reason) in cases {
            let answer = SnapshotGate(policy, isFile: isFile, repository: "s", problem: problem)
                .answer(two)
            #expect(answer.verdict == verdict)
            #expect(answer.reason == reason)
        }
    }

    @Test func `window`() throws {
        // Thursday, 08:00 UTC; 09:00 in Berlin.
        let berlin = try #require(TimeZoneRules(rule: "CET-1CEST,M3.5.0,M10.5.0/3"))
        func answer(_ denials: [String], _ override: String? = nil) throws -> GateAnswer {
            let policy = WindowPolicy(
                zone: "Europe/Berlin",
                denials: try denials.map { try #require(WindowPolicy.Denial($0)) })
            return WindowGate(policy, rules: berlin, now: now, override: override).answer(two)
        }
        #expect(WindowGate(nil, rules: .utc, now: now).answer(two).verdict == .yes)
        let open = try answer(["Fri 12:00-24:00", "Sat", "Sun", "Thu 08:00-09:00"])
        #expect(open.verdict == .yes)
        #expect(open.reason == "it may run now, Thu 2026-11-26 09:00 Europe/Berlin")
        let closed = try answer(["Thu-Sun"])
        #expect(closed.verdict == .no)
        #expect(
            closed.reason == "it is Thu 2026-11-26 09:00 Europe/Berlin, and 'Thu-Sun' is denied")
        #expect(
            closed.hint?.hasPrefix("It may run from Mon 2026-11-30 00:00 Europe/Berlin on. ")
                == true)
        let forced = try answer(["Thu-Sun"], "ticket 12")
        #expect(forced.verdict == .overridden)
        #expect(forced.reason.hasSuffix("'Thu-Sun' is denied; overridden: ticket 12"))
        #expect(try answer(["Fri"], "ticket 12").verdict == .yes)
        let never = try answer(["Mon-Sun"])
        #expect(never.hint?.hasPrefix("--override-window") == true)
    }

    @Test func `all answers together`() {
        let answers = GateAnswers(
            two,
            [
                SnapshotGate(nil, isFile: false, repository: "s"),
                PromotionGate(
                    PromotionPolicy(environment: "staging"), proof: .unknown("x"), now: now),
                IdentityGate(.own),
            ])
        #expect(answers.answers.map(\.gate) == [.identity, .promotion, .snapshot])
        #expect(!answers.allow)
        #expect(answers.refusals.map(\.gate) == [.promotion])
    }
}
