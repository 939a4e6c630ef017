internal import Migrations
internal import Releases

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

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

    /// Writes the text as a new file at `source`, with the signature beside it: the signature first,
    /// each whole or not at all, so that a text never lies there without one, whatever ends the
    /// program in between.
    ///
    /// - Throws: `Files.Failure`, EEXIST where the text is there.
    func write() throws(Files.Failure) {
        if let slash = source.lastIndex(of: "/"), slash != source.startIndex {
            try Files.createFolder(String(source[..<slash]))
        }
        guard !Files.exists(source) else {
            throw Files.Failure(path: source, errorNumber: EEXIST)
        }
        try Files.replace(source + ".sig", signature)
        try Files.replace(source, text)
    }
}
