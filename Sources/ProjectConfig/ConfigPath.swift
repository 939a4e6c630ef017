/// Paths as texts; nothing here looks at the file system.
package enum ConfigPath {
    /// `path` as seen from where `folder` is seen from; an absolute path as it is.
    static func join(_ folder: String, _ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var relative = path[...]
        while relative.hasPrefix("./") { relative = relative.dropFirst(2).drop { $0 == "/" } }
        if relative.isEmpty || relative == "." { return folder.isEmpty ? "." : folder }
        if folder.isEmpty || folder == "." { return String(relative) }
        return folder.hasSuffix("/") ? folder + relative : "\(folder)/\(relative)"
    }

    /// The folder that holds `path`: `.` for a bare name.
    static func parent(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The folder `name` beside the folder `path`, both as the file writes them: `db/verify` beside
    /// `db/migrations`. Inside of it where `path` does not end in a name.
    package static func sibling(_ name: String, of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        let last = trimmed.split(separator: "/").last ?? ""
        let base = ["", ".", ".."].contains(last) ? String(trimmed) : parent(of: String(trimmed))
        return join(base, name)
    }
}
