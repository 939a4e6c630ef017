internal import Migrations
internal import Signatures

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Makes signatures through ssh-keygen, so that agents, passphrases and keys in hardware work as
/// they do elsewhere.
struct SSHSigner {
    /// Path of a private key, or of a public one whose private half an agent holds.
    let key: String

    /// The public half, where its file is beside the private one, or is the one named.
    var publicKey: SSHPublicKey? {
        let path = key.hasSuffix(".pub") ? key : key + ".pub"
        guard let bytes = try? Files.read(path) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count >= 2 else { return nil }
        return try? SSHPublicKey(type: String(words[0]), base64: String(words[1]))
    }

    /// Signs a text and looks at the signature.
    ///
    /// - Returns: the signature file's text, and what it holds.
    /// - Throws: `Failure`.
    func sign(
        _ text: String, namespace: String
    ) throws(Failure) -> (text: String, signature: SSHSignature) {
        guard Files.exists(key) else {
            throw Failure(
                .usage, "key_not_found", "there is no key '\(key)'",
                hint: "Name your SSH key: --key ~/.ssh/id_ed25519; for one that an agent holds, "
                    + "its public half.")
        }
        let folder = try Self.temporaryFolder()
        let file = folder + "/statement"
        defer {
            for name in [file, file + ".sig"] { Files.remove(name) }
            rmdir(folder)
        }
        do throws(Files.Failure) {
            try Files.create(file, text)
        } catch {
            throw Failure(
                .storageFailed, "cannot_sign", "'\(file)' cannot be written: \(error.reason)")
        }
        let arguments = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, file]
        let result: ChildProcess.Result
        do throws(ChildProcess.CannotRun) {
            result = try ChildProcess.run(arguments)
        } catch {
            throw Failure(
                .configuration, "cannot_sign", "ssh-keygen cannot be run: \(error.reason)",
                hint: "Install OpenSSH's client; it signs with your key.")
        }
        guard result.status == 0, let bytes = try? Files.read(file + ".sig") else {
            throw Failure(
                .refused, "cannot_sign",
                "ssh-keygen did not sign with '\(key)': its status is \(result.status)",
                hint: "Its own message is above.")
        }
        let armored = String(decoding: bytes, as: UTF8.self)
        do throws(SignatureError) {
            let signature = try SSHSignature(armored: armored)
            try signature.verify(Array(text.utf8), namespace: namespace)
            return (armored, signature)
        } catch {
            throw Failure(
                .refused, "cannot_sign",
                "the signature by '\(key)' is not accepted: "
                    + error.message, hint: error.hint)
        }
    }

    private static func temporaryFolder() throws(Failure) -> String {
        var template = Array(
            ((Terminal.variable("TMPDIR") ?? "/tmp") + "/migrate-sign-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(
                .storageFailed, "cannot_sign", "no temporary folder can be made: \(reason)",
                hint: "Check TMPDIR.")
        }
        return String(
            decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
