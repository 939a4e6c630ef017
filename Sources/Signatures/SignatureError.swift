/// Why a signature, a key or a file of allowed signers cannot be used.
package struct SignatureError: Error, Sendable, Hashable {
    /// What kind of failure it is.
    package enum Code: String, Sendable {
        /// The bytes are no signature or key of the format.
        case malformed
        /// A key type, hash or version that this program does not verify.
        case unsupported
        /// The signature does not belong to these bytes.
        case invalid
        /// A line of an allowed signers file that cannot be read.
        case badSigners = "bad_signers"
    }

    /// The kind.
    package let code: Code
    /// What is wrong, in lower case, without a full stop.
    package let message: String
    /// What to do about it.
    package var hint: String?
    /// The file; nil where there is none.
    package var file: String?
    /// The line in it, from 1.
    package var line: Int?

    init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
