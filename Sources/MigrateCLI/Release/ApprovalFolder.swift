internal import Migrations
internal import Releases
internal import Signatures

/// The folder in which approvals lie: a text and its signature beside it, for each.
struct ApprovalFolder {
    let path: String

    private static let suffix = ".approval"

    /// All that lies in it, not looked at yet; nothing where the folder is not there.
    ///
    /// - Throws: `Failure` where it cannot be read.
    func read() throws(Failure) -> [SignedText] {
        try SignedText.read(path, suffix: Self.suffix) { file, problem in
            Failure(
                .configuration, "approvals_unreadable", "'\(file)' cannot be read: \(problem)",
                hint: "Check its permissions, and 'directory' under 'approvals'.")
        }
    }

    /// Writes a statement and its signature as new files.
    ///
    /// - Returns: the statement's path.
    /// - Throws: `Failure`.
    func write(_ statement: ApprovalStatement, signature: String) throws(Failure) -> String {
        let person = statement.principal.unicodeScalars.map {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
                || ["@", ".", "-", "_"].contains($0) ? Character($0) : "_"
        }
        let time = statement.at.text.filter { $0 != "-" && $0 != ":" }
        let name =
            "\(statement.plan.prefix(12))-\(time)-\(statement.decision.rawValue)-"
            + String(person.prefix(100)) + Self.suffix
        let file = path + "/" + name
        do throws(Files.Failure) {
            try SignedText(text: statement.text, signature: signature, source: file).write()
        } catch {
            throw Failure(
                .storageFailed, "approval_not_written",
                "'\(error.path)' cannot be written: \(error.reason)",
                hint: "Check the folder's permissions, and that the disk is not full.")
        }
        return file
    }
}

extension AllowedSigners {
    /// Reads a file of allowed signers.
    ///
    /// - Throws: `Failure` with its file and line.
    static func read(_ path: String) throws(Failure) -> AllowedSigners {
        do {
            return try AllowedSigners(
                String(decoding: try Files.read(path), as: UTF8.self), file: path)
        } catch let error as SignatureError {
            var failure = Failure(
                .configuration, "invalid_signers", error.message, hint: error.hint)
            (failure.file, failure.line) = (error.file, error.line)
            throw failure
        } catch let error as Files.Failure {
            throw Failure(
                .configuration, "signers_unreadable",
                "the allowed signers file '\(path)' cannot be read: \(error.reason)",
                hint: "It has a line for each signer: alice@example.com ssh-ed25519 AAAA…")
        } catch {
            throw Failure(
                .internalError, "internal", "the allowed signers file '\(path)' cannot be read")
        }
    }
}
