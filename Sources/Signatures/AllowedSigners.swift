/// Who may sign, as git and ssh-keygen read it: a line a key, with the principals that it stands for.
///
/// ```
/// alice@example.com,bob@example.com ssh-ed25519 AAAA…
/// *@example.com namespaces="migrate-approval",valid-before="20270101Z" ssh-ed25519 AAAA… comment
/// ```
///
/// A line that cannot be read is an error, where ssh-keygen passes over it: a signer who is missing
/// for a typo should not be found out about at a release.
///
/// Source: ssh-keygen(1), ALLOWED SIGNERS.
package struct AllowedSigners: Sendable {
    /// How a signer stands in the file.
    package enum Verdict: Sendable, Hashable {
        /// The key may sign as this principal.
        case allowed
        /// The key stands in no line.
        case unknownKey
        /// The key is another principal's, whose patterns these are.
        case otherPrincipal(String)
        /// The key may not sign in this namespace.
        case otherNamespace
        /// The key is not valid yet.
        case notYetValid
        /// The key is not valid any more.
        case expired
    }

    /// A line of the file.
    struct Entry: Sendable, Hashable {
        var principals: PatternList
        var namespaces: PatternList?
        var isAuthority = false
        /// Seconds since 1970, inclusive.
        var validAfter: Int64?
        /// Seconds since 1970, inclusive.
        var validBefore: Int64?
        var key: SSHPublicKey
    }

    /// In the order of the file.
    let entries: [Entry]

    /// How many lines name a signer.
    package var count: Int { entries.count }

    /// Reads the text of a file.
    ///
    /// - Throws: `badSigners` with the file and the line.
    package init(_ text: String, file: String) throws(SignatureError) {
        var entries: [Entry] = []
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let line = line.trimmingBlanks()
            if line.isEmpty || line.hasPrefix("#") { continue }
            do throws(SignatureError) {
                var parser = SignersLine(line)
                entries.append(try parser.entry())
            } catch {
                var located = SignatureError(.badSigners, error.message, hint: error.hint)
                located.file = file
                located.line = index + 1
                throw located
            }
        }
        self.entries = entries
    }

    /// Says whether `key` may sign as `principal` at a time in seconds since 1970.
    ///
    /// A line that makes a key an authority for certificates gives the key itself no right.
    package func verdict(
        _ key: SSHPublicKey, as principal: String, namespace: String, at time: Int64
    ) -> Verdict {
        var nearest = Verdict.unknownKey
        for entry in entries where entry.key == key && !entry.isAuthority {
            guard entry.principals.matches(principal) else {
                if nearest == .unknownKey { nearest = .otherPrincipal(entry.principals.text) }
                continue
            }
            if let namespaces = entry.namespaces, !namespaces.matches(namespace) {
                nearest = .otherNamespace
            } else if let after = entry.validAfter, time < after {
                nearest = .notYetValid
            } else if let before = entry.validBefore, time > before {
                nearest = .expired
            } else {
                return .allowed
            }
        }
        return nearest
    }

    /// The one name that a key stands for; nil where there are several, or patterns.
    package func soleName(of key: SSHPublicKey) -> String? {
        let names = Set(entries.filter { $0.key == key && !$0.isAuthority }.map(\.principals.text))
        guard names.count == 1, let name = names.first,
            !name.unicodeScalars.contains(where: { ["*", "?", "!", ","].contains($0) })
        else { return nil }
        return name
    }
}
