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

    /// Writes evidence and its signature as new files, the signature first.
    ///
    /// - Returns: the document's path.
    /// - Throws: `Failure`.
    func write(_ evidence: PromotionEvidence, signature: String) throws(Failure) -> String {
        let time = evidence.at.text.filter { $0 != "-" && $0 != ":" }
        let file = "\(path)/\(evidence.environment)-\(time)\(Self.suffix)"
        do throws(Files.Failure) {
            try Files.createFolder(path)
            try Files.create(file + ".sig", signature)
            try Files.create(file, evidence.text)
        } catch {
            throw Failure(
                .storageFailed, "evidence_not_written",
                "'\(error.path)' cannot be written: \(error.reason)",
                hint: "Check the folder's permissions, and that the disk is not full.")
        }
        return file
    }
}

extension SignedText {
    /// Every file of a folder whose name ends in `suffix`, with the signature beside it; none where
    /// the folder is not there.
    ///
    /// - Throws: what `unreadable` makes of a file, or the folder, and the reason.
    static func read(
        _ folder: String, suffix: String,
        unreadable: (_ file: String, _ reason: String) -> Failure
    ) throws(Failure) -> [SignedText] {
        let names: [String]
        do throws(Files.Failure) {
            names = try Files.list(folder)
        } catch {
            if error.isMissing { return [] }
            throw unreadable(folder, error.reason)
        }
        var texts: [SignedText] = []
        for name in names where name.hasSuffix(suffix) {
            let file = folder + "/" + name
            do throws(Files.Failure) {
                let text = try Files.read(file)
                let signature = Files.exists(file + ".sig") ? try Files.read(file + ".sig") : []
                texts.append(
                    SignedText(
                        text: String(decoding: text, as: UTF8.self),
                        signature: String(decoding: signature, as: UTF8.self), source: file))
            } catch {
                throw unreadable(file, error.reason)
            }
        }
        return texts
    }
}
