internal import Migrations
internal import Releases

/// The folder in which evidence lies: a document and its signature beside it, for each change.
struct EvidenceFolder {
    let path: String

    private static let suffix = ".evidence.json"

    /// All that lies in it, not looked at yet; nothing where the folder is not there.
    ///
    /// - Throws: `Failure` where it cannot be read.
    func read() throws(Failure) -> [SignedText] {
        try SignedText.read(path, suffix: Self.suffix) { file, problem in
            Failure(
                .configuration, "evidence_unreadable", "'\(file)' cannot be read: \(problem)",
                hint: "Check its permissions, and the folder's name under 'evidence'.")
        }
    }

    /// Writes evidence and its signature as new files.
    ///
    /// - Returns: the document's path.
    /// - Throws: `Failure`.
    func write(_ evidence: PromotionEvidence, signature: String) throws(Failure) -> String {
        let time = evidence.at.text.filter { $0 != "-" && $0 != ":" }
        let file = "\(path)/\(evidence.environment)-\(time)\(Self.suffix)"
        do throws(Files.Failure) {
            try SignedText(text: evidence.text, signature: signature, source: file).write()
        } catch {
            throw Failure(
                .storageFailed, "evidence_not_written",
                "'\(error.path)' cannot be written: \(error.reason)",
                hint: "Check the folder's permissions, and that the disk is not full.")
        }
        return file
    }
}
