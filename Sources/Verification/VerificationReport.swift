/// What a verification did and found: a value, which MigrateCLI prints.
package struct VerificationReport: Sendable {
    /// A check that ran.
    package struct Ran: Sendable, Hashable {
        /// The check's name.
        package var name: String
        /// How many findings it has.
        package var findings: Int
    }

    /// What was found, in the order of the checks.
    package private(set) var findings: [Finding] = []
    /// What was not looked at, and why: whole sentences.
    package var notes: [String] = []
    private var names: [String] = []

    /// A report of nothing.
    package init() {}

    /// The checks that ran, in their order.
    package var checks: [Ran] {
        names.map { name in Ran(name: name, findings: findings.count { $0.check == name }) }
    }

    /// The findings that make the verification fail.
    package var errors: [Finding] { findings.filter { $0.severity == .error } }
    /// The findings that do not.
    package var warnings: [Finding] { findings.filter { $0.severity == .warning } }

    /// Notes that a check ran, and what it found.
    mutating func add(_ check: Check, _ found: [Finding]) {
        if !names.contains(check.name) { names.append(check.name) }
        findings += found
    }
}
