/// What a person signs of a plan.
///
/// The bytes that are signed are a text that a person can read, so that `ssh-keygen -Y verify`
/// checks it without this program:
///
/// ```
/// migrate approval 1
/// environment: production
/// plan: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
/// decision: approve
/// principal: alice@example.com
/// at: 2026-11-26T08:00:00Z
/// reason: the lock on orders is too long     (of a rejection, or a withdrawal)
/// ```
///
/// Each line ends with a line feed; a value is one line, without control characters.
package struct ApprovalStatement: Sendable, Hashable {
    /// What the person says.
    package enum Decision: String, Sendable, CaseIterable {
        /// The plan may run.
        case approve
        /// The plan must not run.
        case reject
        /// The person takes back what they said before.
        case withdraw
    }

    /// What signatures of statements are made for, so that they are good for nothing else.
    package static let namespace = "migrate-approval"

    /// The environment in which the plan would run.
    package let environment: String
    /// The plan's digest.
    package let plan: String
    /// What is said.
    package let decision: Decision
    /// Who says it, as the allowed signers file names them.
    package let principal: String
    /// When it was said.
    package let at: UTCTime
    /// Why; only of a rejection or a withdrawal.
    package let reason: String?

    /// Creates a statement; nil where a value is empty, has a control character, or blanks at its
    /// ends.
    package init?(
        environment: String, plan: String, decision: Decision, principal: String, at: UTCTime,
        reason: String? = nil
    ) {
        let values = [environment, plan, principal] + (reason.map { [$0] } ?? [])
        guard values.allSatisfy(Self.isValue) else { return nil }
        self.environment = environment
        self.plan = plan
        self.decision = decision
        self.principal = principal
        self.at = at
        self.reason = reason
    }

    /// Reads the text of a statement; nil for any text that is not exactly one.
    package init?(_ text: String) {
        var values: [String: String] = [:]
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count >= 7 else { return nil }
        for line in lines.dropFirst().dropLast() {
            guard let line = String(line), let colon = line.utf8.firstIndex(of: 0x3A) else {
                return nil
            }
            let value = line.utf8[colon...].dropFirst(2)
            values[String(line[..<colon])] = String(value)
        }
        guard let environment = values["environment"], let plan = values["plan"],
            let decision = values["decision"].flatMap(Decision.init(rawValue:)),
            let principal = values["principal"], let at = values["at"].flatMap({ UTCTime($0) })
        else { return nil }
        self.init(
            environment: environment, plan: plan, decision: decision, principal: principal, at: at,
            reason: values["reason"])
        // Any other order, key or blank is another text.
        guard Array(self.text.utf8) == Array(text.utf8) else { return nil }
    }

    /// The text that is signed.
    package var text: String {
        var lines = [
            Self.firstLine, "environment: \(environment)", "plan: \(plan)",
            "decision: \(decision.rawValue)", "principal: \(principal)", "at: \(at.text)",
        ]
        if let reason { lines.append("reason: \(reason)") }
        return lines.map { $0 + "\n" }.joined()
    }

    private static let firstLine = "migrate approval 1"

    private static func isValue(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.first != 0x20 && text.utf8.last != 0x20
            && text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control
                    && $0.properties.generalCategory != .lineSeparator
                    && $0.properties.generalCategory != .paragraphSeparator
                    && $0.properties.generalCategory != .format
            }
    }
}
