import Foundation

/// A key pair that ssh-keygen makes for a test, without a passphrase.
package struct SSHKey: Sendable {
    /// Path of the private key; the public one has `.pub` behind it.
    package let path: String

    /// Makes a pair of files in `folder`, of a type that `ssh-keygen -t` takes, with the size behind
    /// a colon: `rsa:3072`, `ed25519`.
    ///
    /// - Throws: what starting ssh-keygen throws, and `ToolFailure` where it fails.
    package init(_ name: String, _ type: String = "ed25519", in folder: TemporaryFolder) throws {
        path = folder.file(name)
        let parts = type.split(separator: ":").map(String.init)
        let size = parts.count > 1 ? ["-b", parts[1]] : []
        try Self.keygen(["-q", "-t", parts[0]] + size + ["-N", "", "-C", name, "-f", path])
    }

    /// The public key as it stands in its file: type, base64, comment.
    package var publicKey: String {
        get throws {
            try String(contentsOfFile: path + ".pub", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// Signs a file as `ssh-keygen -Y sign` does, and returns the signature's text.
    ///
    /// - Throws: what starting ssh-keygen throws, and `ToolFailure` where it fails.
    package func sign(
        _ file: String, namespace: String, hash: String = "sha512"
    ) throws -> String {
        try? FileManager.default.removeItem(atPath: file + ".sig")
        try Self.keygen(
            ["-q", "-Y", "sign", "-f", path, "-n", namespace, "-O", "hashalg=\(hash)", file])
        return try String(contentsOfFile: file + ".sig", encoding: .utf8)
    }

    /// Runs ssh-keygen and returns what it printed.
    ///
    /// - Throws: what starting it throws, and `ToolFailure` where its status is not 0.
    @discardableResult
    package static func keygen(_ arguments: [String], input: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ssh-keygen"] + arguments
        process.standardInput =
            try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) }
            ?? FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let output = String(decoding: data, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            throw ToolFailure(description: "ssh-keygen \(arguments): \(output)")
        }
        return output
    }
}

/// A program that a test needs failed.
package struct ToolFailure: Error, CustomStringConvertible {
    /// What it was asked and what it said.
    package let description: String
}
