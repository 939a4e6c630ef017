internal import Database

/// Tools with a folder for each migration: diesel's `VERSION_name/up.sql` and `down.sql`, and Prisma's
/// `VERSION_name/migration.sql`.
///
/// Source: diesel 2, diesel_migrations/src/file_based_migrations.rs; Prisma 6, schema-engine.
struct FolderLayout: LayoutReader {
    /// `.diesel` or `.prisma`.
    let layout: Layout

    var withoutTransaction: String {
        layout == .diesel
            ? "Write 'run_in_transaction = false' into the migration's metadata.toml"
            : "Leave the statement alone in its file"
    }

    /// The name of the file that leads up.
    static func upName(_ layout: Layout) -> String {
        layout == .diesel ? "up.sql" : "migration.sql"
    }

    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        var migrations: [Migration] = []
        for name in listing.names {
            let digits = name.prefix { $0 != "_" }.filter { $0 != "-" || layout == .prisma }
            let upName = name + "/" + Self.upName(layout)
            guard let version = Version(digits) else { continue }
            guard Files.exists(listing.path(of: upName)) else {
                // Both tools refuse a migration without its script.
                guard (try? Files.list(listing.path(of: name))) != nil else { continue }
                throw .file(
                    name, "there is no '\(Self.upName(layout))' in it",
                    hint: "Add it, or delete the folder.")
            }
            var up = MigrationFile(path: listing.path(of: upName), name: upName)
            up.layout = layout
            if layout == .diesel { up.runsAlone = try runsAlone(name, listing) }
            var down: MigrationFile?
            let downName = name + "/down.sql"
            if layout == .diesel, Files.exists(listing.path(of: downName)) {
                down = MigrationFile(path: listing.path(of: downName), name: downName)
                down?.layout = layout
                down?.runsAlone = up.runsAlone
            }
            let rest = name.drop { $0 != "_" }.dropFirst()
            migrations.append(
                Migration(
                    version: version, name: String(rest), up: up, down: down, verify: nil))
        }
        let strays = try listing.scripts().map {
            "'\($0)' is in no migration's folder, and is passed over"
        }
        return try MigrationFolder(listing, layout, migrations, notes: strays)
    }

    /// What `metadata.toml` says of the transaction; its other keys are of no interest here.
    private func runsAlone(
        _ folder: String, _ listing: FolderListing
    ) throws(MigrationError) -> Bool {
        let name = folder + "/metadata.toml"
        guard Files.exists(listing.path(of: name)) else { return false }
        for line in String(decoding: try listing.read(name), as: UTF8.self).split(
            whereSeparator: \.isNewline)
        {
            let words = line.prefix { $0 != "#" }.split(separator: "=").map { $0.trimmingSpaces() }
            guard words.count == 2, words[0] == "run_in_transaction" else { continue }
            guard words[1] == "true" || words[1] == "false" else {
                throw .file(
                    name, "'run_in_transaction' is true or false, not '\(words[1])'",
                    hint: "Write run_in_transaction = false")
            }
            return words[1] == "false"
        }
        return false
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        var text = ScriptText(bytes)
        text.noTransaction = file.runsAlone
        text.isFree = layout == .prisma
        return text
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        let stamp = String(now.prefix(19).filter(\.isNumber))
        let newest = folder.migrations.last?.version
        var version = stamp
        if let newest, let candidate = Version(stamp), candidate <= newest {
            version = NewFiles.next(after: newest, now: now)
        }
        var shown = version
        if layout == .diesel, version == stamp {
            // 2024-01-31-120000
            let day = now.prefix(10)
            shown = "\(day)-\(stamp.suffix(6))"
        }
        let folder = listing.path(of: "\(shown)_\(name)/")
        let up = NewFiles.File(
            path: folder + Self.upName(layout), text: "-- \(name): what changes.\n")
        return NewFiles(
            version: version, name: name,
            files: layout == .prisma
                ? [up]
                : [up, .init(path: folder + "down.sql", text: "-- \(name): how to undo it.\n")])
    }
}
