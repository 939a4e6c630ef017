internal import Database

/// `V1.2__add_users.sql`: what a file of Flyway's is, by its name.
struct FlywayName {
    /// `V`, `U`, `R` or `B`.
    let kind: Character
    /// Nil of `R`.
    let version: Version?
    /// What follows `__`.
    let description: String

    /// Reads a file's name, without its folders; nil for any other.
    init?(_ path: String) {
        let fileName = path.split(separator: "/").last.map(String.init) ?? ""
        guard let first = fileName.first, "VURB".contains(first),
            let dot = fileName.lastIndex(of: "."),
            let separator = fileName.firstRange(of: "__"), separator.upperBound < dot
        else { return nil }
        kind = first
        description = String(fileName[separator.upperBound..<dot])
        let number = fileName[..<separator.lowerBound].dropFirst()
        if first == "R" {
            guard number.isEmpty else { return nil }
            version = nil
        } else {
            guard let read = Version(String(number.map { $0 == "_" ? "." : $0 })) else {
                return nil
            }
            version = read
        }
    }
}

/// Flyway's: `V` for a version, `U` to undo one, `R` for what runs again when it changes, `B` for one that
/// stands for all before it; `.sql.conf` files, and placeholders; in the folder and all below it.
///
/// Source: Flyway 11, its documentation of SQL migrations and script configuration files.
struct FlywayLayout: LayoutReader {
    let withoutTransaction = "Write 'executeInTransaction=false' into the script's .sql.conf"

    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        let listing = try listing.withFolders()
        var files: [Character: [Version: (name: String, file: MigrationFile)]] = [:]
        var repeatables: [RepeatableMigration] = []
        var notes: [String] = []
        var callbacks: [String] = []
        for name in listing.names {
            guard let parsed = FlywayName(name) else {
                let last = name.split(separator: "/").last ?? ""
                if last.hasPrefix("before") || last.hasPrefix("after"), name.hasSuffix(".sql") {
                    callbacks.append(name)
                } else if name.hasSuffix(".sql") {
                    notes.append(
                        "'\(name)' is not named as Flyway's files are, and is passed over as by it")
                }
                continue
            }
            if name.hasSuffix(".java") || name.hasSuffix(".class") {
                throw .file(
                    name, "it is a migration in Java, which only Flyway itself can run",
                    hint: "Write what it does in SQL, as a file of the same version.")
            }
            guard name.hasSuffix(".sql") else { continue }
            let file = try file(name, listing)
            guard let version = parsed.version else {
                if let other = repeatables.first(where: { $0.name == parsed.description }) {
                    throw .file(
                        name, "'\(other.file.name)' has the same name, in another folder",
                        hint: "Give one of the two another name: it is what they are known by.")
                }
                repeatables.append(RepeatableMigration(name: parsed.description, file: file))
                continue
            }
            if let other = files[parsed.kind]?[version] {
                throw .file(
                    name, "version \(version) is taken by '\(other.file.name)'",
                    hint: "Give one of the two another version; 'migrate new' picks a free one.")
            }
            files[parsed.kind, default: [:]][version] = (parsed.description, file)
        }
        if !callbacks.isEmpty {
            notes.append("Flyway's callbacks are not run: \(callbacks.joined(separator: ", "))")
        }
        var migrations = (files["V"] ?? [:]).map { version, entry in
            Migration(
                version: version, name: entry.name, up: entry.file,
                down: files["U"]?[version]?.file, verify: nil)
        }
        for (version, undo) in files["U"] ?? [:] where files["V"]?[version] == nil {
            throw .file(
                undo.file.name, "there is no migration of version \(version) to undo",
                hint: "Add 'V\(version)__\(undo.name).sql', or delete this file.")
        }
        // A baseline stands for what is not there any more; the newest that does, for older ones too.
        var isCovered = false
        for (version, base) in (files["B"] ?? [:]).sorted(by: { $1.key < $0.key }) {
            if isCovered {
                notes.append("'\(base.file.name)' is not run: a newer one stands for it")
            } else if migrations.contains(where: { $0.version <= version }) {
                notes.append(
                    "'\(base.file.name)' is not run: the versions that it stands for are there")
            } else {
                isCovered = true
                migrations.append(
                    Migration(
                        version: version, name: base.name, up: base.file, down: nil, verify: nil))
            }
        }
        return try MigrationFolder(
            listing, .flyway, migrations, repeatables: repeatables, notes: notes)
    }

    /// A file, with what the `.conf` beside it says.
    private func file(
        _ name: String, _ listing: FolderListing
    ) throws(MigrationError) -> MigrationFile {
        var file = MigrationFile(path: listing.path(of: name), name: name)
        file.layout = .flyway
        let conf = name + ".conf"
        guard listing.names.contains(conf) else { return file }
        for line in String(decoding: try listing.read(conf), as: UTF8.self).split(
            whereSeparator: \.isNewline)
        {
            let line = line.trimmingSpaces()
            guard !line.isEmpty, line.first != "#", let equals = line.firstIndex(of: "=") else {
                continue
            }
            let key = line[..<equals].trimmingSpaces()
            let value = line[equals...].dropFirst().trimmingSpaces()
            switch (key, value.lowercased()) {
            case ("executeInTransaction", "true"), ("placeholderReplacement", "true"),
                ("shouldExecute", "true"), ("encoding", "utf-8"), ("encoding", "utf8"):
                break
            case ("executeInTransaction", "false"): file.runsAlone = true
            case ("placeholderReplacement", "false"): file.hasPlaceholders = false
            default:
                throw .file(
                    conf, "'\(key)=\(value)' cannot be followed",
                    hint:
                        "Known are executeInTransaction and placeholderReplacement, true or false, "
                        + "shouldExecute=true and encoding=UTF-8.")
            }
        }
        return file
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        var text = ScriptText(bytes)
        text.noTransaction = file.runsAlone
        text.isFree = true
        let places = Placeholders(syntax: .flyway, file: file.name, original: bytes)
        let whole = [0..<bytes.count]
        if file.hasPlaceholders { text.firstPlace = places.first(in: bytes, whole) }
        guard text.firstPlace != nil else { return text }
        text.raw = bytes
        text.own = bytes
        text.bytes = try places.filled(bytes, in: whole, variable)
        return text
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        let newest = folder.migrations.last?.version
        let version = newest == nil ? "1" : NewFiles.next(after: newest, now: now)
        let hasUndo = folder.migrations.contains { $0.down != nil }
        let up = NewFiles.File(
            path: listing.path(of: "V\(version)__\(name).sql"), text: "-- \(name): what changes.\n")
        let undo = NewFiles.File(
            path: listing.path(of: "U\(version)__\(name).sql"),
            text: "-- \(name): how to undo it.\n")
        return NewFiles(version: version, name: name, files: hasUndo ? [up, undo] : [up])
    }
}
