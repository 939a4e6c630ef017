import Releases
import Signatures
import Testing

/// Evidence as a document.
struct PromotionEvidenceTests {
    private let evidence = PromotionEvidence(
        environment: "staging", at: UTCTime(seconds: 1_795_680_000), principal: "ci@example.com",
        by: "deploy@build-7", toolVersion: "1.0.0",
        migrations: [
            .init(
                version: "001", name: "users", contentDigest: "aa",
                appliedAt: "2026-11-26T07:00:00.000Z", isWhole: true),
            .init(version: "R__v", name: nil, contentDigest: nil, appliedAt: nil, isWhole: false),
        ], failure: .init(.bake, "the probe said no"), verified: true)

    @Test func `what is written is read again`() throws {
        #expect(PromotionEvidence(evidence.text) == evidence)
        var well = evidence
        well.failure = nil
        well.verified = nil
        #expect(PromotionEvidence(well.text) == well)
        #expect(!well.saysTheSame(as: evidence))
    }

    @Test(arguments: [
        ("migrate evidence 1", "migrate evidence 2"), ("\"bake\"", "\"taste\""),
        ("2026-11-26T08:00:00Z", "today"),
        ("\"environment\"", "\"environs\""),
    ])
    func `another form is no evidence`(_ change: (String, String)) {
        #expect(evidence.text.contains(change.0))
        #expect(PromotionEvidence(evidence.text.replacing(change.0, with: change.1)) == nil)
    }

    @Test func `a verification that failed is none that passed`() {
        var failed = evidence
        failed.failure = .init(.verification, "1 error")
        failed.verified = false
        #expect(PromotionEvidence(failed.text) == failed)
        for verified in [true, nil] {
            failed.verified = verified
            #expect(PromotionEvidence(failed.text) == nil)
        }
        failed.failure = nil
        failed.verified = false
        #expect(PromotionEvidence(failed.text) == nil)
    }

    @Test func `what is dated in the future does not count`() throws {
        let signers = try AllowedSigners("", file: "signers")
        let text = SignedText(text: evidence.text, signature: "", source: "a")
        let now = UTCTime(seconds: 1_795_680_000)
        #expect(
            PromotionEvidence.proof([text], of: "staging", signers: signers, now: now)
                == .unknown("the evidence 'a' is not signed"))
        #expect(
            PromotionEvidence.proof([text], of: "Staging", signers: signers, now: now)
                == .unknown("there is no evidence of it"))
    }
}
