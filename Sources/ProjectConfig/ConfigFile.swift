#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file `migrate.yaml`: where it is, and what it says.
package enum ConfigFile {
    /// The name that is looked for.
    package static let name = "migrate.yaml"

    /// Reads a configuration from its bytes. An empty file says nothing and is fine.
    ///
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - path: the file's path, for errors and for the relative paths in the file.
    /// - Returns: what it says, every environment checked as far as it needs no variable.
    /// - Throws: `ConfigError` for the first mistake.
    package static func parse(
        _ bytes: [UInt8], path: String
    ) throws(ConfigError) -> ProjectConfig {
        let start = YAMLMark(line: 1, column: 1)
        let root =
            try YAMLReader.read(bytes, file: path) ?? YAMLNode(content: .mapping([]), mark: start)
        let top = try ConfigSection(root, keys: [], known: topKeys, file: path)
        let folder = ConfigPath.parent(of: path)
        try refuseVariables(top)
        let defaults =
            try top.section("defaults", known: ConfigSection.optionKeys)?
            .options(over: RunOptions()) ?? RunOptions()
        let migrations = try top.string("migrations") ?? "migrations"
        let verify = try top.string("verify_files")
        let environments = try environments(top, defaults)
        return ProjectConfig(
            path: path, folder: folder, migrations: ConfigPath.join(folder, migrations),
            verifyFiles: ConfigPath.join(
                folder, verify ?? ConfigPath.sibling("verify", of: migrations)),
            layout: try top.choice("layout", MigrationLayout.self) ?? .auto,
            historyTable: try historyTable(top),
            alsoWrite: try top.choice("also_write", AlsoWrite.self),
            defaultEnvironment: try defaultEnvironment(top, environments.map(\.name)),
            defaults: defaults, snapshots: try snapshots(top, folder),
            environments: environments,
            environmentsMark: top["environments"]?.mark ?? start)
    }

    /// Reads the configuration at `path`.
    ///
    /// - Throws: `.notFound`, `.unreadable`, and what `parse(_:path:)` throws.
    package static func read(_ path: String) throws(ConfigError) -> ProjectConfig {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw openError(path, errno) }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= YAMLReader.maximumByteCount {
            let count = buffer.withUnsafeMutableBytes {
                systemRead(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw openError(path, errno) }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return try parse(bytes, path: path)
    }

    /// The path of the `migrate.yaml` in `folder` or in its nearest parent that has one; nil where
    /// none has. In `folder` itself the path is as short as it can be.
    package static func find(startingAt folder: String) -> String? {
        let here = ConfigPath.join(folder, name)
        if isFile(here) { return here }
        guard let resolved = realpath(folder, nil) else { return nil }
        defer { free(resolved) }
        var current = String(cString: resolved)
        while current != "/" {
            current = ConfigPath.parent(of: current)
            let candidate = ConfigPath.join(current, name)
            if isFile(candidate) { return candidate }
        }
        return nil
    }

    /// A path that the file at `configPath` names, as seen from where that path is seen from.
    package static func resolve(_ path: String, in configPath: String) -> String {
        ConfigPath.join(ConfigPath.parent(of: configPath), path)
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }

    private static func openError(_ path: String, _ number: Int32) -> ConfigError {
        guard number != ENOENT && number != ENOTDIR else {
            return ConfigError(
                .notFound, "there is no such file",
                hint: "'migrate init' writes one; '--url' and '--dir' work without.", file: path)
        }
        let reason = String(cString: strerror(number)).lowercased()
        return ConfigError(
            .unreadable, "the file cannot be read: \(reason)",
            hint: "Check the path and the file's permissions.", file: path)
    }
}

// MARK: - The keys at the top

extension ConfigFile {
    private static let topKeys = [
        "migrations", "layout", "history_table", "also_write", "verify_files",
        "default_environment",
        "defaults", "environments", "snapshots",
    ]

    private static func snapshots(
        _ top: ConfigSection, _ folder: String
    ) throws(ConfigError) -> SnapshotSettings {
        guard let section = try top.section("snapshots", known: ["repository", "codec"]) else {
            return SnapshotSettings()
        }
        return SnapshotSettings(
            repository: try section.string("repository").map { ConfigPath.join(folder, $0) },
            codec: try section.choice("codec", SnapshotCodec.self))
    }

    private static func environments(
        _ top: ConfigSection, _ defaults: RunOptions
    ) throws(ConfigError) -> [EnvironmentNode] {
        guard let node = top["environments"] else { return [] }
        guard case .mapping(let entries) = node.content else {
            // Says what is wrong with it; nothing at all is fine.
            _ = try top.section("environments", known: [])
            return []
        }
        var result: [EnvironmentNode] = []
        for entry in entries {
            result.append(try EnvironmentNode(entry, defaults: defaults, top.file))
        }
        try EnvironmentNode.checkPromotions(result, top.file)
        return result
    }

    private static func historyTable(_ top: ConfigSection) throws(ConfigError) -> TableName {
        guard let text = try top.string("history_table") else {
            return TableName(name: "schema_migrations")
        }
        guard let name = TableName(text) else {
            throw top.error(
                .invalidValue, "history_table", "must be the name of a table",
                "Write name or schema.name, with letters, digits and '_', at most 58 each.")
        }
        return name
    }

    private static func defaultEnvironment(
        _ top: ConfigSection, _ names: [String]
    ) throws(ConfigError) -> String? {
        guard let name = try top.string("default_environment") else { return nil }
        guard names.contains(name) else {
            let nearest = Spelling.nearest(to: name, in: names)
            throw top.error(
                .unknownEnvironment, "default_environment", "must be one of the environments",
                nearest.map { "Did you mean '\($0)'?" }
                    ?? (names.isEmpty
                        ? "The file defines no environment."
                        : "The environments are \(names.joined(separator: ", "))."))
        }
        return name
    }

    /// Variables outside of the environments would be needed by every command, also by those that
    /// use no database.
    private static func refuseVariables(_ top: ConfigSection) throws(ConfigError) {
        for entry in top.entries where entry.key != "environments" {
            guard let mark = firstVariable(in: entry.value) else { continue }
            throw ConfigError(
                .invalidValue, "'\(entry.key)' has a variable, which only an environment may have",
                hint: "Write the value out, or move the key into the environments.",
                file: top.file, at: mark)
        }
    }

    private static func firstVariable(in node: YAMLNode) -> YAMLMark? {
        switch node.content {
        case .scalar(let scalar): scalar.text.contains("${") ? node.mark : nil
        case .sequence(let nodes): nodes.lazy.compactMap(firstVariable).first
        case .mapping(let entries): entries.lazy.compactMap { firstVariable(in: $0.value) }.first
        }
    }
}

/// read(2), which the function above would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
    -> Int
{
    read(descriptor, buffer, count)
}
