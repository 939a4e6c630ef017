internal import Releases

/// Asks git who wrote files.
enum MigrationAuthors {
    /// The addresses of all who committed a change to one of the files in a folder.
    ///
    /// Where git cannot tell for certain, nobody is taken for no author.
    static func of(_ files: [String], in folder: String) -> PlanAuthors {
        guard !files.isEmpty else { return .known([]) }
        guard let shallow = git(["rev-parse", "--is-shallow-repository"], folder) else {
            return .unknown("'\(folder)' is in no git repository here, or git is not installed")
        }
        guard shallow == ["false"] else {
            return .unknown("this is a shallow clone; fetch the whole history")
        }
        guard let changes = git(["status", "--porcelain", "--"] + files, folder) else {
            return .unknown("git does not tell what is committed")
        }
        guard changes.isEmpty else {
            return .unknown("\(changes[0].dropFirst(3)) has changes that are not committed")
        }
        var authors: Set<String> = []
        for file in files {
            // Also under the names that it had before.
            let found = git(["log", "--follow", "--format=%ae", "--", file], folder) ?? []
            guard !found.isEmpty else { return .unknown("git knows no author of '\(file)'") }
            authors.formUnion(found)
        }
        return .known(authors.sorted())
    }

    /// The lines that git prints; nil where it fails.
    private static func git(_ arguments: [String], _ folder: String) -> [String]? {
        guard let result = try? ChildProcess.run(["git", "-C", folder] + arguments, quietly: true),
            result.status == 0
        else { return nil }
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(
            String.init)
    }
}
