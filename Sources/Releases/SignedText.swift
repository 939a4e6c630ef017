/// A text and a signature that came with it, not looked at yet.
package struct SignedText: Sendable, Hashable {
    /// The bytes that should be signed.
    package let text: String
    /// The text of the signature file.
    package let signature: String
    /// Where it stands, for messages: a path, or `log row 12`.
    package let source: String

    /// Creates one.
    package init(text: String, signature: String, source: String) {
        self.text = text
        self.signature = signature
        self.source = source
    }
}
