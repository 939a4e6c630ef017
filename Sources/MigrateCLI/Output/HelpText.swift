/// The argument parser's help with a command's own sections before those that every command has.
enum HelpText {
    /// Moves the global options to the end, before the closing line where there is one.
    static func ordered(_ help: String) -> String {
        var sections = help.split(separator: "\n\n").map { $0.trimmingPrefix("\n") }
        guard let index = sections.firstIndex(where: { $0.hasPrefix("GLOBAL OPTIONS:") }) else {
            return help
        }
        let global = sections.remove(at: index)
        let end = sections.lastIndex { $0.hasPrefix("  See ") } ?? sections.endIndex
        sections.insert(global, at: end)
        return sections.joined(separator: "\n\n")
    }
}
