internal import FoundationEssentials
package import Signatures

/// What an environment says of itself, for runners that cannot reach its database: which migrations
/// are applied there, and whether the last look at them was good.
///
/// It travels as a file of JSON with a signature of an SSH key beside it, over exactly the bytes of
/// the file, in the namespace `namespace`: `ssh-keygen -Y verify` checks it too. Each file holds the
/// whole state, so that the newest one says it all.
package struct PromotionEvidence: Sendable, Hashable {
    /// A migration that the history has.
    package struct Migration: Sendable, Hashable, Codable {
        /// The version as it was written, or `R__name`.
        package var version: String
        /// The rest of the file's name; nil where another tool wrote the row.
        package var name: String?
        /// SHA-256 of the tokens that ran; nil where another tool has run it.
        package var contentDigest: String?
        /// Since when, RFC 3339 in UTC; nil where that is not recorded.
        package var appliedAt: String?
        /// False for one that stopped part-way.
        package var isWhole: Bool

        /// Creates one.
        package init(
            version: String, name: String?, contentDigest: String?, appliedAt: String?,
            isWhole: Bool
        ) {
            self.version = version
            self.name = name
            self.contentDigest = contentDigest
            self.appliedAt = appliedAt
            self.isWhole = isWhole
        }

        private enum CodingKeys: String, CodingKey {
            case version, name
            case contentDigest = "content_digest"
            case appliedAt = "applied_at"
            case isWhole = "whole"
        }
    }

    /// What signatures of evidence are made for, so that they are good for nothing else.
    package static let namespace = "migrate-evidence"
    /// What the member `format` says.
    package static let format = "migrate evidence 1"

    /// The environment.
    package var environment: String
    /// When the file was written.
    package var at: UTCTime
    /// Whose signature it bears, as the allowed signers file names them.
    package var principal: String
    /// `user@host` of the run.
    package var by: String
    /// Version of the tool that wrote it.
    package var toolVersion: String
    /// Every row of the history.
    package var migrations: [Migration]
    /// What the newest verification or watch has found; nil where that was nothing.
    package var failure: PromotionProof.Failure?
    /// Whether the newest run was verified, and how that ended; nil where it was not.
    package var verified: Bool?

    /// Creates evidence.
    package init(
        environment: String, at: UTCTime, principal: String, by: String, toolVersion: String,
        migrations: [Migration], failure: PromotionProof.Failure?, verified: Bool? = nil
    ) {
        self.verified = verified
        self.environment = environment
        self.at = at
        self.principal = principal
        self.by = by
        self.toolVersion = toolVersion
        self.migrations = migrations
        self.failure = failure
    }

    /// True where the other says the same of the environment, whoever wrote it and when.
    package func saysTheSame(as other: PromotionEvidence) -> Bool {
        environment == other.environment && principal == other.principal
            && migrations == other.migrations && failure == other.failure
            && verified == other.verified
    }

    // MARK: The document

    private struct Document: Codable {
        struct Failure: Codable {
            var kind: String
            var message: String
        }
        var format: String
        var environment: String
        var at: String
        var principal: String
        var by: String
        var tool_version: String
        var verified: Bool?
        var failure: Failure?
        var migrations: [Migration]
    }

    /// The text of the file: JSON, indented, its keys in alphabetical order, a line feed at its end.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let document = Document(
            format: Self.format, environment: environment, at: at.text, principal: principal,
            by: by, tool_version: toolVersion, verified: verified,
            failure: failure.map { .init(kind: $0.kind.rawValue, message: $0.message) },
            migrations: migrations)
        guard let bytes = try? encoder.encode(document) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    /// Reads the text of a file; nil for any that is not evidence of this form.
    package init?(_ text: String) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(text.utf8)),
            document.format == Self.format, let at = UTCTime(document.at)
        else { return nil }
        var failure: PromotionProof.Failure?
        if let found = document.failure {
            guard let kind = PromotionProof.Failure.Kind(rawValue: found.kind) else { return nil }
            failure = .init(kind, found.message)
        }
        guard failure?.kind != .verification || document.verified == false,
            document.verified != false || failure != nil
        else { return nil }
        self.init(
            environment: document.environment, at: at, principal: document.principal,
            by: document.by, toolVersion: document.tool_version,
            migrations: document.migrations, failure: failure, verified: document.verified)
    }

    // MARK: The proof

    /// What the files in a folder prove of an environment. Only the newest one that is about it
    /// counts: where that is not good, an older one does not stand in for it.
    ///
    /// - Parameters:
    ///   - texts: all that was found, in any order.
    ///   - environment: the environment that is promoted from.
    ///   - signers: who may sign.
    ///   - now: the time.
    /// - Returns: what is applied there; unknown where the newest document cannot be trusted.
    package static func proof(
        _ texts: [SignedText], of environment: String, signers: AllowedSigners, now: UTCTime
    ) -> PromotionProof {
        var found: [(evidence: PromotionEvidence, text: SignedText)] = []
        for text in texts {
            guard let evidence = PromotionEvidence(text.text) else {
                return .unknown("'\(text.source)' is no evidence that this program wrote")
            }
            guard Array(evidence.environment.utf8) == Array(environment.utf8) else { continue }
            found.append((evidence, text))
        }
        guard
            let (evidence, text) = found.max(by: {
                ($0.evidence.at, $0.text.source) < ($1.evidence.at, $1.text.source)
            })
        else { return .unknown("there is no evidence of it") }
        let key: SSHPublicKey
        do throws(SignatureError) {
            guard !text.signature.isEmpty else {
                return .unknown("the evidence '\(text.source)' is not signed")
            }
            let signature = try SSHSignature(armored: text.signature)
            try signature.verify(Array(text.text.utf8), namespace: namespace)
            key = signature.key
        } catch {
            return .unknown("the signature of the evidence '\(text.source)': \(error.message)")
        }
        if let objection = objection(evidence, key, signers, now) {
            return .unknown("the evidence '\(text.source)' does not count: \(objection)")
        }
        return proof(evidence.migrations, failure: evidence.failure)
    }

    /// Why evidence that `key` signed does not count; nil where it does.
    package static func objection(
        _ evidence: PromotionEvidence, _ key: SSHPublicKey, _ signers: AllowedSigners,
        _ now: UTCTime
    ) -> String? {
        guard evidence.at <= now.advanced(by: .seconds(300)) else {
            return "it is dated in the future, \(evidence.at.text)"
        }
        let verdict = signers.verdict(
            key, as: evidence.principal, namespace: namespace, at: now.seconds)
        return verdict.objection(key, namespace: namespace)
    }

    /// What migrations that are applied prove, with what was found of them.
    package static func proof(
        _ migrations: [Migration], failure: PromotionProof.Failure?
    ) -> PromotionProof {
        var applied: [String: PromotionProof.Applied] = [:]
        for migration in migrations {
            applied[migration.version] = .init(
                contentDigest: migration.contentDigest,
                at: migration.appliedAt.flatMap { UTCTime(String($0.prefix(19)) + "Z") },
                isWhole: migration.isWhole)
        }
        return .applied(applied, failure: failure)
    }
}

extension AllowedSigners.Verdict {
    /// The same in words, of what `key` has signed; nil where it may.
    func objection(_ key: SSHPublicKey, namespace: String) -> String? {
        switch self {
        case .allowed: nil
        case .unknownKey: "its key \(key.fingerprint) is not among the allowed signers"
        case .otherPrincipal(let patterns): "its key belongs to '\(patterns)'"
        case .otherNamespace: "its key may not sign in the namespace '\(namespace)'"
        case .notYetValid: "its key is not valid yet"
        case .expired: "its key is not valid any more"
        }
    }
}
