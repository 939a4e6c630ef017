import Crypto
import Foundation
import Signatures
import TestSupport
import Testing

/// Signatures that ssh-keygen made, verified here.
struct SSHSignatureTests {
    let folder: TemporaryFolder
    let message = Array("what is signed\n".utf8)

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(message, to: "message")
    }

    @Test(arguments: [
        ("ed25519", "sha512"), ("ed25519", "sha256"), ("ecdsa:256", "sha512"),
        ("ecdsa:384", "sha512"), ("ecdsa:521", "sha256"), ("rsa:2048", "sha512"),
        ("rsa:3072", "sha256"),
    ]) func `every kind of key that ssh-keygen signs with is verified`(type: String, hash: String)
        throws
    {
        let key = try SSHKey("key", type, in: folder)
        // ECDSA's numbers lose their leading zeros: several signatures, so that some are short.
        for round in 0..<(type.hasPrefix("ecdsa") ? 20 : 1) {
            let message = self.message + [UInt8(round)]
            try folder.write(message, to: "message")
            let signature = try SSHSignature(
                armored: key.sign(folder.file("message"), namespace: "test", hash: hash))
            try signature.verify(message, namespace: "test")
            #expect(throws: SignatureError.self) {
                try signature.verify(message + [0], namespace: "test")
            }
            #expect(throws: SignatureError.self) {
                try signature.verify(message, namespace: "other")
            }
        }
        let listed = try SSHKey.keygen(["-l", "-f", key.path + ".pub"])
        let signature = try SSHSignature(
            armored: key.sign(folder.file("message"), namespace: "test", hash: hash))
        #expect(listed.contains(" \(signature.key.fingerprint) "))
    }

    @Test func `no signature with a flipped bit is accepted`() throws {
        let key = try SSHKey("key", in: folder)
        let text = try key.sign(folder.file("message"), namespace: "test")
        let lines = text.split(separator: "\n")
        let bytes = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        try Self.verify(bytes, message)
        var accepted: [Int] = []
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            if (try? Self.verify(changed, message)) != nil { accepted.append(bit) }
        }
        #expect(accepted == [])
    }

    @Test func `no signature that is cut or longer is accepted`() throws {
        let key = try SSHKey("key", "ecdsa:256", in: folder)
        let text = try key.sign(folder.file("message"), namespace: "test")
        let lines = text.split(separator: "\n")
        let bytes = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        for count in 0..<bytes.count {
            #expect(throws: SignatureError.self) {
                try Self.verify(bytes.prefix(count), message)
            }
        }
        #expect(throws: SignatureError.self) { try Self.verify(bytes + [0], message) }
        #expect(throws: SignatureError.self) { try SSHSignature(armored: "") }
        #expect(throws: SignatureError.self) { try SSHSignature(armored: "hello") }
        #expect(throws: SignatureError.self) {
            try SSHSignature(armored: text.replacingOccurrences(of: "BEGIN", with: "BEGUN"))
        }
    }

    private static func verify(_ bytes: Data, _ message: [UInt8]) throws {
        let signature = try SSHSignature(
            armored: "-----BEGIN SSH SIGNATURE-----\n\(bytes.base64EncodedString())\n"
                + "-----END SSH SIGNATURE-----\n")
        try signature.verify(message, namespace: "test")
    }

    @Test func `an RSA key of 1024 bits is refused`() throws {
        let key = try SSHKey("key", "rsa:1024", in: folder)
        let signature = try SSHSignature(
            armored: key.sign(folder.file("message"), namespace: "test"))
        let error = try #require(throws: SignatureError.self) {
            try signature.verify(message, namespace: "test")
        }
        #expect(error.code == .unsupported)
        #expect(error.message == "the RSA key has fewer than 2048 bits")
    }

    /// No test has a hardware key; its signature is made of its parts, as PROTOCOL.u2f has them.
    @Test func `signatures of keys in hardware are verified`() throws {
        let ed25519 = Curve25519.Signing.PrivateKey()
        let p256 = P256.Signing.PrivateKey()
        let application = Array("ssh:".utf8)
        let types = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]
        let keys = [
            string(types[0]) + string(ed25519.publicKey.rawRepresentation) + string(application),
            string(types[1]) + string("nistp256") + string(p256.publicKey.x963Representation)
                + string(application),
        ]
        let flagsAndCounter: [UInt8] = [0x01, 0, 0, 0, 7]
        let outer =
            Array("SSHSIG".utf8) + string("test") + string("") + string("sha512")
            + string(SHA512.hash(data: message))
        let signed =
            SHA256.hash(data: application) + flagsAndCounter + SHA256.hash(data: outer)
        let raw = try p256.signature(for: SHA256.hash(data: signed)).rawRepresentation
        let numbers = string([0] + raw.prefix(32)) + string([0] + raw.suffix(32))
        let signatures = [
            string(types[0]) + string(try ed25519.signature(for: signed)) + flagsAndCounter,
            string(types[1]) + string(numbers) + flagsAndCounter,
        ]
        for (key, signature) in zip(keys, signatures) {
            let file =
                Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(key) + string("test") + string("")
                + string("sha512") + string(signature)
            try Self.verify(Data(file), message)
            var untouched = signature
            untouched[untouched.count - 5] ^= 1
            let changed =
                Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(key) + string("test") + string("")
                + string("sha512") + string(untouched)
            #expect(throws: SignatureError.self) { try Self.verify(Data(changed), message) }
        }
    }

    private func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    private func string(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        return [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }
}
