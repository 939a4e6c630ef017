import Releases
import Signatures
import TestSupport
import Testing

/// What signed statements about a plan come to.
struct ApprovalTallyTests {
    let folder: TemporaryFolder
    let alice: SSHKey
    let bob: SSHKey
    let plan = String(repeating: "ab", count: 32)
    let now = UTCTime(seconds: 1_795_700_000)

    init() throws {
        folder = try TemporaryFolder()
        alice = try SSHKey("alice", in: folder)
        bob = try SSHKey("bob", "ecdsa:256", in: folder)
    }

    func signers(_ lines: [String]? = nil) throws -> AllowedSigners {
        let text =
            try lines?.joined(separator: "\n")
            ?? "alice@example.com \(alice.publicKey)\nbob@example.com \(bob.publicKey)"
        return try AllowedSigners(text, file: "signers")
    }

    /// A statement of `seconds` ago, signed.
    func signed(
        _ key: SSHKey, _ principal: String, _ decision: ApprovalStatement.Decision = .approve,
        ago seconds: Int64 = 60, plan: String? = nil, environment: String = "production",
        namespace: String = ApprovalStatement.namespace
    ) throws -> SignedText {
        let statement = try #require(
            ApprovalStatement(
                environment: environment, plan: plan ?? self.plan, decision: decision,
                principal: principal, at: UTCTime(seconds: now.seconds - seconds),
                reason: decision == .approve ? nil : "too early"))
        try folder.write(statement.text, to: "statement")
        return SignedText(
            text: statement.text,
            signature: try key.sign(folder.file("statement"), namespace: namespace),
            source: "approvals/\(principal)-\(decision)")
    }

    func tally(
        _ texts: [SignedText], _ policy: ApprovalPolicy = ApprovalPolicy(),
        signers: AllowedSigners? = nil, authors: PlanAuthors = .known([])
    ) throws -> ApprovalTally {
        ApprovalTally(
            texts, plan: plan, environment: "production", signers: try signers ?? self.signers(),
            policy: policy, authors: authors, now: now)
    }

    @Test func `an approval of the plan by an allowed signer counts`() throws {
        let none = try tally([])
        #expect(none.missing == 1 && !none.isSatisfied)
        let one = try tally([signed(alice, "alice@example.com")])
        #expect(one.isSatisfied)
        #expect(one.approvals.map(\.statement.principal) == ["alice@example.com"])
        let listed = try SSHKey.keygen(["-l", "-f", alice.path + ".pub"])
        #expect(listed.contains(one.approvals[0].fingerprint))
    }

    @Test func `two approvals need two persons with two keys`() throws {
        let two = ApprovalPolicy(required: 2)
        let first = try signed(alice, "alice@example.com")
        #expect(try tally([first], two).missing == 1)
        #expect(try tally([first, first], two).missing == 1)
        #expect(try tally([first, signed(bob, "bob@example.com")], two).isSatisfied)
        // A pattern would let one key sign as two persons.
        let wide = try signers(["*@example.com \(alice.publicKey)"])
        let both = try tally([first, signed(alice, "carol@example.com")], two, signers: wide)
        #expect(both.missing == 1)
        #expect(both.ignored.map(\.reason) == ["its key signed for another principal already"])
    }

    @Test func `a statement that was not signed as it stands does not count`() throws {
        let valid = try signed(alice, "alice@example.com")
        let other = try signed(bob, "bob@example.com")
        let forged = SignedText(
            text: valid.text.replacing("alice@", with: "bob@"), signature: valid.signature,
            source: "forged")
        let swapped = SignedText(
            text: valid.text, signature: other.signature, source: "swapped")
        for text in [forged, swapped] {
            let result = try tally([text])
            #expect(!result.isSatisfied)
            #expect(
                result.ignored.map(\.reason) == [
                    "the signature does not belong to what it should sign"
                ])
        }
    }

    @Test func `who may not sign does not count, with the reason`() throws {
        func reason(_ text: SignedText, _ lines: [String]? = nil) throws -> String? {
            let result = try tally([text], signers: signers(lines))
            #expect(!result.isSatisfied)
            return result.ignored.first?.reason
        }
        let byAlice = try signed(alice, "alice@example.com")
        #expect(
            try reason(byAlice, ["bob@example.com \(bob.publicKey)"])?
                .hasSuffix("is not among the allowed signers") == true)
        #expect(
            try reason(signed(alice, "bob@example.com")) == "its key belongs to 'alice@example.com'"
        )
        #expect(
            try reason(
                byAlice, ["alice@example.com valid-before=\"20200101Z\" \(alice.publicKey)"])
                == "its key is not valid any more")
        #expect(
            try reason(byAlice, ["alice@example.com namespaces=\"git\" \(alice.publicKey)"])
                == "its key may not sign in the namespace 'migrate-approval'")
        #expect(
            try reason(signed(alice, "alice@example.com", namespace: "git"))
                == "the signature was made for 'git', not 'migrate-approval'")
        #expect(
            try reason(signed(alice, "alice@example.com", ago: -301))
                == "it is dated in the future, 2026-11-26T13:38:21Z")
    }

    @Test func `approvals of another plan or environment are passed over`() throws {
        let other = String(repeating: "cd", count: 32)
        let result = try tally([
            signed(alice, "alice@example.com", plan: other),
            signed(bob, "bob@example.com", environment: "staging"),
        ])
        #expect(!result.isSatisfied)
        #expect(result.ignored == [])
    }

    @Test func `a rejection blocks until its person says otherwise`() throws {
        let approval = try signed(alice, "alice@example.com")
        let rejection = try signed(bob, "bob@example.com", .reject)
        let blocked = try tally([approval, rejection])
        #expect(!blocked.isSatisfied && blocked.missing == 0)
        #expect(blocked.rejections.map(\.statement.reason) == ["too early"])
        #expect(
            try tally([approval, rejection, signed(bob, "bob@example.com", .withdraw, ago: 10)])
                .isSatisfied)
        #expect(
            try tally([approval, rejection, signed(bob, "bob@example.com", ago: 10)]).isSatisfied)
        // An old approval that is brought again takes nothing back.
        #expect(
            try !tally([approval, rejection, signed(bob, "bob@example.com", ago: 500)]).isSatisfied)
        // In the same second the rejection stands, whichever is read first.
        let same = try signed(bob, "bob@example.com")
        #expect(try !tally([approval, rejection, same]).isSatisfied)
        #expect(try !tally([same, rejection, approval]).isSatisfied)
    }

    @Test func `a withdrawn approval does not count`() throws {
        #expect(
            try tally([
                signed(alice, "alice@example.com"),
                signed(alice, "alice@example.com", .withdraw, ago: 10),
            ]).missing == 1)
    }

    @Test func `an approval expires, a rejection does not`() throws {
        let policy = ApprovalPolicy(expire: .seconds(3600))
        #expect(try tally([signed(alice, "alice@example.com", ago: 3600)], policy).isSatisfied)
        let old = try tally([signed(alice, "alice@example.com", ago: 3601)], policy)
        #expect(old.ignored.map(\.reason) == ["it expired at 2026-11-26T13:33:19Z"])
        #expect(!old.isSatisfied)
        #expect(
            try !tally(
                [
                    signed(bob, "bob@example.com", .reject, ago: 99_999),
                    signed(alice, "alice@example.com"),
                ],
                policy
            ).isSatisfied)
    }

    @Test func `an author cannot approve, under whatever name`() throws {
        let policy = ApprovalPolicy(forbidsAuthor: true)
        let approval = try signed(alice, "alice@example.com")
        #expect(try tally([approval], policy, authors: .known(["bob@example.com"])).isSatisfied)
        let own = try tally([approval], policy, authors: .known(["Alice@Example.com"]))
        #expect(own.ignored.map(\.reason) == ["'Alice@Example.com' wrote a migration of this plan"])
        let wide = try signers(["*@example.com \(alice.publicKey)"])
        #expect(
            try !tally(
                [signed(alice, "carol@example.com")], policy, signers: wide,
                authors: .known(["alice@example.com"])
            ).isSatisfied)
        #expect(
            try tally([approval], policy, authors: .unknown("no git")).ignored.map(\.reason)
                == ["whether its signer wrote the migrations is not known: no git"])
        #expect(try tally([approval], authors: .unknown("no git")).isSatisfied)
    }

    @Test func `a statement is read only exactly as it was written`() throws {
        let text = try signed(bob, "bob@example.com", .reject).text
        let statement = try #require(ApprovalStatement(text))
        #expect(statement.reason == "too early" && statement.decision == .reject)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var variants = [
            text + "\n", text.replacing("\n", with: "\r\n"), text.replacing("at: ", with: "at:"),
            text.replacing("reject", with: "Reject"), text.replacing("T", with: " "),
            text + "reason: again\n", String(text.dropLast()), "",
        ]
        for index in 0..<6 {
            var swapped = lines
            swapped.swapAt(index, index + 1)
            variants.append(swapped.joined(separator: "\n"))
        }
        for variant in variants { #expect(ApprovalStatement(variant) == nil, "\(variant)") }
        for principal in ["", " a", "a\nb", "a\u{202E}b", "a\0"] {
            #expect(
                ApprovalStatement(
                    environment: "e", plan: plan, decision: .approve, principal: principal, at: now)
                    == nil)
        }
    }
}
