package import Signatures

/// How many persons must approve a plan, and who may not.
package struct ApprovalPolicy: Sendable, Hashable {
    /// So many persons, each with a key of their own.
    package var required: Int
    /// How long an approval is good; nil is without end.
    package var expire: Duration?
    /// True where who wrote a migration of the plan cannot approve it.
    package var forbidsAuthor: Bool

    /// Creates a policy.
    package init(required: Int = 1, expire: Duration? = nil, forbidsAuthor: Bool = false) {
        self.required = required
        self.expire = expire
        self.forbidsAuthor = forbidsAuthor
    }
}

/// Who wrote the migrations of a plan.
package enum PlanAuthors: Sendable, Hashable {
    /// The e-mail addresses of their authors.
    case known([String])
    /// Nobody can tell, for this reason; then nobody can be told apart from an author either.
    case unknown(String)
}

/// What the statements about one plan come to: a pure value.
///
/// Of each principal the newest statement counts. A key counts once, whatever principals it signs as.
package struct ApprovalTally: Sendable, Hashable {
    /// A statement that counts.
    package struct Voice: Sendable, Hashable {
        /// What was signed.
        package var statement: ApprovalStatement
        /// The fingerprint of the key.
        package var fingerprint: String
        /// Where it stands.
        package var source: String
    }

    /// A statement that does not count.
    package struct Ignored: Sendable, Hashable {
        /// Who it says that it is from; nil where it cannot be read.
        package var principal: String?
        /// Where it stands.
        package var source: String
        /// Why not.
        package var reason: String
    }

    /// Approvals that count.
    package private(set) var approvals: [Voice] = []
    /// Rejections that stand; each blocks.
    package private(set) var rejections: [Voice] = []
    /// What does not count, and why.
    package private(set) var ignored: [Ignored] = []
    /// How many are required.
    package let required: Int

    /// How many are missing still.
    package var missing: Int { max(0, required - approvals.count) }
    /// True where the plan may run.
    package var isSatisfied: Bool { rejections.isEmpty && missing == 0 }

    /// Counts statements.
    ///
    /// - Parameters:
    ///   - texts: all that was found, in any order.
    ///   - plan: the digest of the plan that would run.
    ///   - environment: the environment in which it would run.
    ///   - signers: who may sign.
    ///   - policy: how many are needed.
    ///   - authors: who wrote the plan's migrations; looked at only where the policy forbids them.
    ///   - now: the time.
    package init(
        _ texts: [SignedText], plan: String, environment: String, signers: AllowedSigners,
        policy: ApprovalPolicy, authors: PlanAuthors, now: UTCTime
    ) {
        required = policy.required
        var newest: [[UInt8]: (voice: Voice, key: SSHPublicKey)] = [:]
        for text in texts {
            guard let statement = ApprovalStatement(text.text) else {
                ignore(text, nil, "it is no statement of this program")
                continue
            }
            // Statements about other plans lie in the same folder: nothing to tell.
            guard Array(statement.environment.utf8) == Array(environment.utf8),
                statement.plan == plan
            else { continue }
            let key: SSHPublicKey
            do throws(SignatureError) {
                let signature = try SSHSignature(armored: text.signature)
                try signature.verify(
                    Array(text.text.utf8), namespace: ApprovalStatement.namespace)
                key = signature.key
            } catch {
                ignore(text, statement, error.message)
                continue
            }
            if let reason = Self.objection(statement, key, signers, now) {
                ignore(text, statement, reason)
                continue
            }
            let voice = Voice(
                statement: statement, fingerprint: key.fingerprint, source: text.source)
            let person = Array(statement.principal.utf8)
            if let other = newest[person]?.voice, !Self.supersedes(voice, other) { continue }
            newest[person] = (voice, key)
        }
        let voices = newest.values.sorted { $0.voice.statement.at < $1.voice.statement.at }
        rejections = voices.map(\.voice).filter { $0.statement.decision == .reject }
        count(
            voices.filter { $0.voice.statement.decision == .approve }, signers, policy, authors, now
        )
    }

    private mutating func ignore(
        _ text: SignedText, _ statement: ApprovalStatement?, _ reason: String
    ) {
        ignored.append(
            Ignored(principal: statement?.principal, source: text.source, reason: reason))
    }

    /// Adds the approvals that the policy lets count.
    private mutating func count(
        _ voices: [(voice: Voice, key: SSHPublicKey)], _ signers: AllowedSigners,
        _ policy: ApprovalPolicy, _ authors: PlanAuthors, _ now: UTCTime
    ) {
        var keys: Set<SSHPublicKey> = []
        for (voice, key) in voices {
            let reason: String?
            if let expire = policy.expire, voice.statement.at.advanced(by: expire) < now {
                reason = "it expired at \(voice.statement.at.advanced(by: expire).text)"
            } else if policy.forbidsAuthor,
                let words = Self.authorship(voice, key, signers, authors, now)
            {
                reason = words
            } else if !keys.insert(key).inserted {
                reason = "its key signed for another principal already"
            } else {
                reason = nil
            }
            guard let reason else {
                approvals.append(voice)
                continue
            }
            ignored.append(
                Ignored(
                    principal: voice.statement.principal, source: voice.source, reason: reason))
        }
    }

    /// Of two statements of a person the later one; of the same second, the one that is no approval.
    private static func supersedes(_ new: Voice, _ old: Voice) -> Bool {
        if new.statement.at != old.statement.at { return old.statement.at < new.statement.at }
        return old.statement.decision == .approve
    }

    /// Why a statement that `key` signed does not count; nil where it does.
    package static func objection(
        _ statement: ApprovalStatement, _ key: SSHPublicKey, _ signers: AllowedSigners,
        _ now: UTCTime
    ) -> String? {
        // Clocks differ, by minutes at most.
        guard statement.at <= now.advanced(by: .seconds(300)) else {
            return "it is dated in the future, \(statement.at.text)"
        }
        let verdict = signers.verdict(
            key, as: statement.principal, namespace: ApprovalStatement.namespace, at: now.seconds)
        return verdict.objection(key, namespace: ApprovalStatement.namespace)
    }

    /// Why an approval is an author's own; nil where it is not. A key that may sign as an author is
    /// the author's, whatever principal it signed as.
    private static func authorship(
        _ voice: Voice, _ key: SSHPublicKey, _ signers: AllowedSigners, _ authors: PlanAuthors,
        _ now: UTCTime
    ) -> String? {
        switch authors {
        case .unknown(let why):
            return "whether its signer wrote the migrations is not known: \(why)"
        case .known(let addresses):
            let principal = voice.statement.principal.lowercased()
            for address in addresses {
                let isAllowed =
                    signers.verdict(
                        key, as: address, namespace: ApprovalStatement.namespace, at: now.seconds)
                    == .allowed
                if address.lowercased() == principal || isAllowed {
                    return "'\(address)' wrote a migration of this plan"
                }
            }
            return nil
        }
    }
}
