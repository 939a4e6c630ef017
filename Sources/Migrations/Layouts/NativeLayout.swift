internal import Database

/// The layout of this program.
struct NativeLayout: LayoutReader {
    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        var builder = FolderBuilder(path: listing.path, dialect: dialect)
        for name in try listing.scripts() { try builder.add(name) }
        return try builder.finish()
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        let version = NewFiles.next(after: folder.migrations.last?.version, now: now)
        let stem = listing.path(of: "\(version)_\(name)")
        return NewFiles(
            version: version, name: name,
            files: [
                .init(path: stem + ".up.sql", text: "-- \(name): what changes.\n"),
                .init(path: stem + ".down.sql", text: "-- \(name): how to undo it.\n"),
            ])
    }

    /// True for a name that says by itself that it is meant to be one of ours.
    static func isOwn(_ fileName: String) -> Bool {
        endings.contains { fileName.hasSuffix($0) }
    }

    private static let endings = ["", ".postgres", ".sqlite"].flatMap { dialect in
        ["up", "down", "verify"].map { ".\($0)\(dialect).sql" }
    }
}

/// What a file's name says.
private enum FileRole: Hashable {
    case up, down, verify, repeatable
}

private struct ParsedName {
    var version: Version?
    var name: String
    var role: FileRole
    var dialect: Dialect?

    /// - Throws: `.invalidFiles` saying what is wrong with the name.
    init(_ fileName: String) throws(MigrationError) {
        var parts = fileName.dropLast(".sql".count).split(
            separator: ".", omittingEmptySubsequences: false
        ).map(String.init)
        if parts.count > 1, let word = parts.last, let dialect = Self.dialects[word] {
            self.dialect = dialect
            parts.removeLast()
        } else if parts.count > 1, let word = parts.last, let meant = Self.misspelt[word] {
            throw .file(
                fileName, "'\(word)' is not a database in a file name",
                hint: "Name it '.\(meant).sql'.")
        }
        if fileName.hasPrefix(RepeatableMigration.prefix) {
            role = .repeatable
            name = parts.joined(separator: ".").dropPrefix(RepeatableMigration.prefix)
            guard !name.isEmpty, name != "." else {
                throw .file(
                    fileName, "a repeatable migration needs a name after 'R__'",
                    hint: "Name it R__what_it_makes.sql.")
            }
            return
        }
        switch parts.count > 1 ? parts.last : nil {
        case "up": role = .up
        case "down": role = .down
        case "verify": role = .verify
        default:
            throw .file(
                fileName, "the name does not say whether it is an up or a down file",
                hint: "Name it VERSION_name.up.sql, VERSION_name.down.sql, "
                    + "VERSION_name.verify.sql or R__name.sql.")
        }
        parts.removeLast()
        let stem = parts.joined(separator: ".")
        var digits = stem.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        while digits.last == "." { digits = digits.dropLast() }
        guard let version = Version(digits) else {
            throw .file(
                fileName, "the name has no version",
                hint: "Begin it with a number: '001_\(stem).up.sql'. 'migrate new NAME' does it.")
        }
        let rest = stem.dropFirst(digits.count)
        guard rest.first == "_", rest.count > 1 else {
            throw .file(
                fileName, "the name has a version and no name",
                hint: "Name it '\(version)_what_it_does.up.sql'.")
        }
        self.version = version
        name = String(rest.dropFirst())
    }

    static let dialects: [String: Dialect] = ["postgres": .postgres, "sqlite": .sqlite]
    static let misspelt = [
        "postgresql": "postgres", "pg": "postgres", "psql": "postgres", "pgsql": "postgres",
        "sqlite3": "sqlite",
    ]
}

private struct FolderBuilder {
    struct Entry {
        var name: String
        var firstFile: String
        /// Files by role; a dialect's own variant has replaced the common one.
        var files: [FileRole: (file: MigrationFile, isVariant: Bool)] = [:]
        var otherDialects: Set<FileRole> = []
    }

    let path: String
    let dialect: Dialect
    var versions: [Version: Entry] = [:]
    var repeatables: [String: Entry] = [:]

    mutating func add(_ fileName: String) throws(MigrationError) {
        let parsed = try ParsedName(fileName)
        let file = MigrationFile(
            path: path.hasSuffix("/") ? path + fileName : path + "/" + fileName, name: fileName)
        if let version = parsed.version {
            var entry = versions[version] ?? Entry(name: parsed.name, firstFile: fileName)
            guard entry.name == parsed.name else {
                throw .file(
                    fileName, "version \(version) is taken by '\(entry.firstFile)'",
                    hint: "Give one of the two another version; 'migrate new' picks a free one.")
            }
            // `1_x.up.sql` beside `001_x.up.sql`: one number, one name, still two files.
            try Self.put(file, parsed, fileName, dialect, into: &entry)
            versions[version] = entry
        } else {
            var entry = repeatables[parsed.name] ?? Entry(name: parsed.name, firstFile: fileName)
            try Self.put(file, parsed, fileName, dialect, into: &entry)
            repeatables[parsed.name] = entry
        }
    }

    private static func put(
        _ file: MigrationFile, _ parsed: ParsedName, _ fileName: String, _ dialect: Dialect,
        into entry: inout Entry
    ) throws(MigrationError) {
        if let other = parsed.dialect, other != dialect {
            entry.otherDialects.insert(parsed.role)
            return
        }
        let isVariant = parsed.dialect != nil
        if let existing = entry.files[parsed.role] {
            guard existing.isVariant != isVariant else {
                throw .file(
                    fileName, "'\(existing.file.name)' is the same file of the same version",
                    hint: "Delete one of the two, or give it another version.")
            }
            if existing.isVariant { return }
        }
        entry.files[parsed.role] = (file, isVariant)
    }

    func finish() throws(MigrationError) -> MigrationFolder {
        var migrations: [Migration] = []
        for (version, entry) in versions.sorted(by: { $0.key < $1.key }) {
            let hasUp = entry.files[.up] != nil || entry.otherDialects.contains(.up)
            guard hasUp else {
                throw .file(
                    entry.firstFile, "there is no up file of version \(version)",
                    hint: "Add '\(version)_\(entry.name).up.sql', or delete this file.")
            }
            let up = entry.files[.up]?.file
            migrations.append(
                Migration(
                    version: version, name: entry.name, up: up,
                    down: up == nil ? nil : entry.files[.down]?.file,
                    verify: up == nil ? nil : entry.files[.verify]?.file))
        }
        let repeatables = repeatables.values.compactMap { entry in
            entry.files[.repeatable].map {
                RepeatableMigration(name: entry.name, file: $0.file)
            }
        }
        return MigrationFolder(
            path: path, migrations: migrations,
            repeatables: repeatables.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        )
    }
}

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
