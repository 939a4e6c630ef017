internal import Crypto
internal import FoundationEssentials

/// A detached signature as `ssh-keygen -Y sign` writes it.
///
/// | field | encoding | meaning |
/// |---|---|---|
/// | magic | 6 bytes | `SSHSIG` |
/// | version | uint32 | 1 |
/// | public key | string | the key that signed |
/// | namespace | string | what it signs for, so that it is good for nothing else |
/// | reserved | string | ignored, but signed |
/// | hash | string | `sha256` or `sha512` |
/// | signature | string | over magic, namespace, reserved, hash, and the hash of the message |
///
/// In a file it is base64 between two lines, `-----BEGIN SSH SIGNATURE-----` and its end.
///
/// Source: OpenSSH PROTOCOL.sshsig.
package struct SSHSignature: Sendable, Hashable {
    /// The key that made it.
    package let key: SSHPublicKey
    /// What it was made for.
    package let namespace: String
    private let reserved: [UInt8]
    private let hash: String
    private let signature: [UInt8]

    private static let magic = Array("SSHSIG".utf8)
    private static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"
    /// The largest file that is looked at, in bytes; a signature of RSA-16384 has 6,000.
    package static let largestFile = 65_536

    /// Reads the text of a signature file.
    ///
    /// - Throws: `malformed` or `unsupported`.
    package init(armored text: String) throws(SignatureError) {
        guard text.utf8.count <= Self.largestFile else {
            throw SignatureError(.malformed, "it is too long for a signature")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingBlanks() }
        guard lines.count >= 3, lines[0] == Self.begin, lines[lines.count - 1] == Self.end,
            let data = Data(base64Encoded: lines.dropFirst().dropLast().joined())
        else {
            throw SignatureError(
                .malformed, "it is not a signature of SSH",
                hint: "Its first line must be '\(Self.begin)'.")
        }
        var reader = SSHReader(data)
        guard try reader.bytes(Self.magic.count) == Self.magic else {
            throw SignatureError(.malformed, "it is not a signature of SSH")
        }
        let version = try reader.uint32()
        guard version == 1 else {
            throw SignatureError(.unsupported, "its version is \(version); only 1 is known")
        }
        key = try SSHPublicKey(blob: reader.string())
        namespace = String(decoding: try reader.string(), as: UTF8.self)
        reserved = try reader.string()
        hash = try reader.name()
        signature = try reader.string()
        try reader.expectEnd()
        guard ["sha256", "sha512"].contains(hash) else {
            throw SignatureError(.unsupported, "its hash '\(hash)' is not accepted")
        }
    }

    /// Looks whether it signs `message` for `namespace`.
    ///
    /// It says nothing of who may sign: `AllowedSigners` does.
    ///
    /// - Throws: `invalid` where it does not, with what is wrong.
    package func verify(_ message: [UInt8], namespace: String) throws(SignatureError) {
        guard Array(self.namespace.utf8) == Array(namespace.utf8) else {
            throw SignatureError(
                .invalid, "the signature was made for '\(self.namespace)', not '\(namespace)'")
        }
        let digest: [UInt8] =
            hash == "sha256"
            ? Array(SHA256.hash(data: message)) : Array(SHA512.hash(data: message))
        var signed = Self.magic
        for field in [Array(namespace.utf8), reserved, Array(hash.utf8), digest] {
            signed += sshString(field)
        }
        try key.verify(signature, over: signed)
    }
}

extension Substring {
    func trimmingBlanks() -> Substring {
        var rest = self
        while let last = rest.last, last == " " || last == "\t" || last == "\r" {
            rest.removeLast()
        }
        return rest.drop { $0 == " " || $0 == "\t" }
    }
}
