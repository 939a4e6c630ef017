import Foundation
import Signatures
import TestSupport
import Testing

/// Who may sign, by the file that git and ssh-keygen read.
struct AllowedSignersTests {
    /// What a line says, and what ssh-keygen 9.2 says of a signature by its key.
    struct Row: Sendable, CustomTestStringConvertible {
        var line: String
        var principal = "alice@example.com"
        var verdict: AllowedSigners.Verdict
        var testDescription: String { "\(line) as \(principal)" }
    }

    static let rows = [
        Row(line: "alice@example.com KEY", verdict: .allowed),
        Row(line: "alice@example.com KEY a comment of words", verdict: .allowed),
        Row(line: "  alice@example.com\tKEY", verdict: .allowed),
        Row(line: "bob@example.com,alice@example.com KEY", verdict: .allowed),
        Row(line: "\"alice@example.com\" KEY", verdict: .allowed),
        Row(line: "*@example.com KEY", verdict: .allowed),
        Row(line: "a?ice@*.com KEY", verdict: .allowed),
        Row(
            line: "*@example.com,!alice@example.com KEY",
            verdict: .otherPrincipal("*@example.com,!alice@example.com")),
        Row(line: "Alice@example.com KEY", verdict: .otherPrincipal("Alice@example.com")),
        Row(line: "bob@example.com KEY", verdict: .otherPrincipal("bob@example.com")),
        Row(line: "alice@example.com OTHER", verdict: .unknownKey),
        Row(line: "alice@example.com namespaces=\"test\" KEY", verdict: .allowed),
        Row(line: "alice@example.com namespaces=\"git,te*\" KEY", verdict: .allowed),
        Row(line: "alice@example.com namespaces=\"git\" KEY", verdict: .otherNamespace),
        Row(line: "alice@example.com NAMESPACES=\"git\" KEY", verdict: .otherNamespace),
        Row(line: "alice@example.com valid-after=\"20200101\" KEY", verdict: .allowed),
        Row(line: "alice@example.com valid-after=\"209901010000\" KEY", verdict: .notYetValid),
        Row(line: "alice@example.com valid-before=\"20990101\" KEY", verdict: .allowed),
        Row(line: "alice@example.com valid-before=\"20200101\" KEY", verdict: .expired),
        Row(line: "alice@example.com cert-authority KEY", verdict: .unknownKey),
        Row(
            line: "alice@example.com valid-after=\"20200101\",namespaces=\"git\" KEY",
            verdict: .otherNamespace),
    ]

    @Test(arguments: rows) func `a line allows what ssh-keygen allows by it`(row: Row) throws {
        let folder = try TemporaryFolder()
        let key = try SSHKey("key", in: folder)
        let other = try SSHKey("other", in: folder)
        try folder.write("signed", to: "message")
        let text = try key.sign(folder.file("message"), namespace: "test")
        let line = row.line.replacingOccurrences(of: "KEY", with: try key.publicKey)
            .replacingOccurrences(of: "OTHER", with: try other.publicKey)
        let file = try folder.write("# signers\n\n\(line)\n", to: "signers")
        let signers = try AllowedSigners("# signers\n\n\(line)\n", file: file)
        #expect(signers.count == 1)
        let verdict = signers.verdict(
            try SSHSignature(armored: text).key, as: row.principal, namespace: "test",
            at: Int64(Date().timeIntervalSince1970))
        #expect(verdict == row.verdict)
        let peer = try? SSHKey.keygen(
            [
                "-Y", "verify", "-f", file, "-I", row.principal, "-n", "test", "-s",
                folder.file("message.sig"),
            ], input: folder.file("message"))
        #expect((peer != nil) == (row.verdict == .allowed))
    }

    @Test func `of several lines one that allows is enough`() throws {
        let folder = try TemporaryFolder()
        let key = try SSHKey("key", in: folder)
        let publicKey = try key.publicKey
        let signers = try AllowedSigners(
            """
            alice@example.com valid-before="20200101Z" \(publicKey)
            bob@example.com \(publicKey)
            alice@example.com \(publicKey)
            """, file: "signers")
        let words = publicKey.split(separator: " ").map(String.init)
        let value = try SSHPublicKey(type: words[0], base64: words[1])
        let now: Int64 = 1_800_000_000
        #expect(
            signers.verdict(value, as: "alice@example.com", namespace: "n", at: now) == .allowed)
        #expect(
            signers.verdict(value, as: "eve@example.com", namespace: "n", at: now)
                == .otherPrincipal("alice@example.com"))
    }

    @Test func `times in UTC are exact to the second`() throws {
        let folder = try TemporaryFolder()
        let publicKey = try SSHKey("key", in: folder).publicKey
        let words = publicKey.split(separator: " ").map(String.init)
        let key = try SSHPublicKey(type: words[0], base64: words[1])
        let signers = try AllowedSigners(
            "a valid-after=\"20261126100000Z\",valid-before=\"20261126100010Z\" \(publicKey)",
            file: "signers")
        let start: Int64 = 1_795_687_200
        let verdicts = [-1, 0, 10, 11].map {
            signers.verdict(key, as: "a", namespace: "n", at: start + $0)
        }
        #expect(verdicts == [.notYetValid, .allowed, .allowed, .expired])
    }

    @Test(arguments: [
        ("alice", "the line lacks a key"),
        ("alice nonsense", "the line lacks a key behind the options"),
        ("alice nonsense more", "'nonsense' is neither options nor a key"),
        ("alice ssh-ed25519", "the line lacks the key's base64"),
        ("alice ssh-ed25519 !!!", "the key is not base64"),
        ("alice ssh-ed25519 AAAA", "it ends too early"),
        ("\"alice ssh-ed25519 AAAA", "a quote in the line has no end"),
        ("alice namespaces=test KEY", "the value of 'namespaces' must stand in quotes"),
        ("alice valid-after=\"20261331\" KEY", "'20261331' is no time for 'valid-after'"),
        ("alice valid-after=\"soon\" KEY", "'soon' is no time for 'valid-after'"),
        (
            "alice namespace=\"test\" KEY",
            "the option 'namespace' is unknown, or wants a value that it lacks"
        ),
        ("alice ssh-rsa BLOB", "the key is of the type 'ssh-ed25519', not 'ssh-rsa'"),
        ("alice ssh-dss AAAAB3NzaC1kc3M=", "keys of the type 'ssh-dss' are not accepted"),
    ]) func `a line that cannot be read is an error with its number`(line: String, message: String)
        throws
    {
        let folder = try TemporaryFolder()
        let publicKey = try SSHKey("key", in: folder).publicKey
        let text = line.replacingOccurrences(of: "KEY", with: publicKey)
            .replacingOccurrences(
                of: "BLOB", with: String(publicKey.split(separator: " ")[1]))
        let error = try #require(throws: SignatureError.self) {
            try AllowedSigners("# first\n\(text)\n", file: "ops/signers")
        }
        #expect(error.message == message)
        #expect(error.file == "ops/signers")
        #expect(error.line == 2)
        #expect(error.code == .badSigners)
    }
}
