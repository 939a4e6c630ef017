internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials

/// A public key of SSH, and what it verifies.
///
/// Ed25519, ECDSA on the three NIST curves, RSA of 2048 bits and more with SHA-2, and the two kinds
/// that hardware keys make. No certificate and no DSA key is accepted.
///
/// Source: RFC 4253 section 6.6 (RSA), RFC 5656 section 3.1 (ECDSA), RFC 8332 (RSA with SHA-2),
/// RFC 8709 (Ed25519), OpenSSH PROTOCOL.u2f (keys in hardware).
package struct SSHPublicKey: Sendable, Hashable {
    /// The name of its kind, `ssh-ed25519`.
    package let type: String
    /// The key in SSH's encoding, as it stands in base64 in `.pub` files: its identity.
    package let blob: [UInt8]
    private let material: Material

    private enum Material: Sendable, Hashable {
        case ed25519([UInt8])
        case ecdsa(Curve, point: [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
        case hardwareEd25519([UInt8], application: [UInt8])
        case hardwareECDSA(point: [UInt8], application: [UInt8])
    }

    private enum Curve: String, Sendable {
        case p256 = "nistp256"
        case p384 = "nistp384"
        case p521 = "nistp521"

        /// Bytes in a coordinate.
        var size: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }
    }

    /// Reads a key from its encoding.
    ///
    /// - Throws: `malformed` or `unsupported`.
    package init(blob: [UInt8]) throws(SignatureError) {
        var reader = SSHReader(blob)
        type = try reader.name()
        switch type {
        case "ssh-ed25519": material = .ed25519(try reader.string())
        case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
            material = try Self.ecdsa(&reader, type)
        case "ssh-rsa":
            let exponent = try reader.positiveNumber()
            material = .rsa(modulus: try reader.positiveNumber(), exponent: exponent)
        case "sk-ssh-ed25519@openssh.com":
            let key = try reader.string()
            material = .hardwareEd25519(key, application: try reader.string())
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            guard case .ecdsa(_, let point) = try Self.ecdsa(&reader, "ecdsa-sha2-nistp256") else {
                throw SignatureError(.malformed, "the key is not on its curve")
            }
            material = .hardwareECDSA(point: point, application: try reader.string())
        default:
            throw SignatureError(
                .unsupported, "keys of the type '\(type)' are not accepted",
                hint: "Use an Ed25519, ECDSA or RSA key, which no certificate is.")
        }
        try reader.expectEnd()
        self.blob = blob
    }

    /// Reads a key as it stands in a `.pub` file or an allowed signers file: type, base64.
    ///
    /// - Throws: `malformed` where the two do not belong together, `unsupported`.
    package init(type: String, base64: String) throws(SignatureError) {
        guard let data = Data(base64Encoded: base64) else {
            throw SignatureError(.malformed, "the key is not base64")
        }
        try self.init(blob: [UInt8](data))
        guard self.type == type else {
            throw SignatureError(.malformed, "the key is of the type '\(self.type)', not '\(type)'")
        }
    }

    /// True where a word is the name of a key type, accepted or not.
    static func isType(_ word: some StringProtocol) -> Bool {
        ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].contains { word.hasPrefix($0) }
    }

    /// What `ssh-keygen -l` shows of it: `SHA256:` and base64 without padding.
    package var fingerprint: String {
        let digest = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + digest.prefix { $0 != "=" }
    }

    /// Looks whether `signature`, the name of an algorithm and its own bytes, is this key's over
    /// `message`.
    ///
    /// - Throws: `invalid` where it is not, `malformed`, `unsupported` (RSA with SHA-1).
    func verify(_ signature: [UInt8], over message: [UInt8]) throws(SignatureError) {
        var reader = SSHReader(signature)
        let algorithm = try reader.name()
        let bytes = try reader.string()
        let isValid: Bool
        switch material {
        case .ed25519(let key):
            try Self.expect(algorithm, type)
            isValid = Self.isEd25519(bytes, key, message)
        case .ecdsa(let curve, let point):
            try Self.expect(algorithm, type)
            isValid = try Self.isECDSA(bytes, curve, point, message)
        case .rsa(let modulus, let exponent):
            isValid = try Self.isRSA(bytes, algorithm, modulus, exponent, message)
        case .hardwareEd25519(let key, let application):
            try Self.expect(algorithm, type)
            let signed = try Self.hardware(&reader, application, message)
            isValid = Self.isEd25519(bytes, key, signed)
        case .hardwareECDSA(let point, let application):
            try Self.expect(algorithm, type)
            let signed = try Self.hardware(&reader, application, message)
            isValid = try Self.isECDSA(bytes, .p256, point, signed)
        }
        try reader.expectEnd()
        guard isValid else {
            throw SignatureError(.invalid, "the signature does not belong to what it should sign")
        }
    }

    // MARK: - Algorithms

    private static func ecdsa(
        _ reader: inout SSHReader, _ type: String
    ) throws(SignatureError) -> Material {
        let name = try reader.name()
        guard let curve = Curve(rawValue: name), type.hasSuffix(name) else {
            throw SignatureError(.malformed, "the key is not on its curve")
        }
        return .ecdsa(curve, point: try reader.string())
    }

    private static func expect(_ algorithm: String, _ type: String) throws(SignatureError) {
        guard algorithm == type else {
            throw SignatureError(
                .malformed, "the signature is of the kind '\(algorithm)', its key of '\(type)'")
        }
    }

    private static func isEd25519(
        _ signature: [UInt8], _ key: [UInt8], _ message: [UInt8]
    ) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else {
            return false
        }
        return key.isValidSignature(signature, for: message)
    }

    private static func isECDSA(
        _ signature: [UInt8], _ curve: Curve, _ point: [UInt8], _ message: [UInt8]
    ) throws(SignatureError) -> Bool {
        var reader = SSHReader(signature)
        let r = try padded(reader.positiveNumber(), curve.size)
        let s = try padded(reader.positiveNumber(), curve.size)
        try reader.expectEnd()
        // The initialisers fail for a point that is not on the curve: nothing that it verifies.
        switch curve {
        case .p256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .p384:
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return false }
            return key.isValidSignature(signature, for: SHA384.hash(data: message))
        case .p521:
            guard let key = try? P521.Signing.PublicKey(x963Representation: point),
                let signature = try? P521.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return false }
            return key.isValidSignature(signature, for: SHA512.hash(data: message))
        }
    }

    private static func isRSA(
        _ signature: [UInt8], _ algorithm: String, _ modulus: [UInt8], _ exponent: [UInt8],
        _ message: [UInt8]
    ) throws(SignatureError) -> Bool {
        guard ["rsa-sha2-256", "rsa-sha2-512"].contains(algorithm) else {
            throw SignatureError(
                .unsupported, "signatures of the kind '\(algorithm)' are not accepted",
                hint: "An RSA key must sign with SHA-256 or SHA-512, as ssh-keygen -Y sign does.")
        }
        guard let first = modulus.first,
            modulus.count * 8 - first.leadingZeroBitCount >= 2048,
            let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent)
        else {
            throw SignatureError(
                .unsupported, "the RSA key has fewer than 2048 bits",
                hint: "Use an Ed25519 key: 'ssh-keygen -t ed25519'.")
        }
        let value = _RSA.Signing.RSASignature(
            rawRepresentation: try padded(signature, modulus.count))
        return algorithm == "rsa-sha2-256"
            ? key.isValidSignature(
                value, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
            : key.isValidSignature(
                value, for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
    }

    /// What a key in hardware signs: the digest of its application, flags, a counter, and the digest
    /// of the message.
    private static func hardware(
        _ reader: inout SSHReader, _ application: [UInt8], _ message: [UInt8]
    ) throws(SignatureError) -> [UInt8] {
        let flagsAndCounter = try reader.bytes(5)
        return Array(SHA256.hash(data: application)) + flagsAndCounter
            + Array(SHA256.hash(data: message))
    }

    private static func padded(_ number: [UInt8], _ size: Int) throws(SignatureError) -> [UInt8] {
        guard number.count <= size else {
            throw SignatureError(.malformed, "a number in it is too large for its key")
        }
        return [UInt8](repeating: 0, count: size - number.count) + number
    }
}
