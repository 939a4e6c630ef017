import Foundation
import Testing

@testable import Verification

/// The manual and the program agree on the checks.
@Suite struct VerificationManualTests {
    @Test(arguments: Check.all)
    func `each check stands in the manual`(check: Check) throws {
        let manual = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/verification.md").standardized
        let text = try String(contentsOf: manual, encoding: .utf8)
        #expect(text.contains("`\(check.name)`"))
        #expect(!check.summary.isEmpty)
        #expect(Check.all.filter { $0.name == check.name }.count == 1)
    }

}
