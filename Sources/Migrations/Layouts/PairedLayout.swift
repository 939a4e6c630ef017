internal import Database

/// Tools with a file for each way: golang-migrate's `1_name.up.sql` and `1_name.down.sql`, and sqlx's, which
/// may also be `1_name.sql` alone.
///
/// Source: golang-migrate 4, source/parse.go; sqlx 0.8, sqlx-core/src/migrate/source.rs.
struct PairedLayout: LayoutReader {
    /// `.golangMigrate` or `.sqlx`.
    let layout: Layout

    var withoutTransaction: String {
        layout == .sqlx
            ? "Begin the file with '-- no-transaction'"
            : "Leave the statement alone in its file"
    }

    private struct Entry {
        var name: String
        var up: MigrationFile?
        var down: MigrationFile?
    }

    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        var entries: [Version: Entry] = [:]
        var notes: [String] = []
        for name in try listing.scripts() {
            guard let parsed = NumberedName(name, isSimple: layout == .sqlx) else {
                notes.append(
                    "'\(name)' is not named as \(layout.title)'s files are, and is passed over as by it"
                )
                continue
            }
            var file = MigrationFile(path: listing.path(of: name), name: name)
            file.layout = layout
            var entry = entries[parsed.version] ?? Entry(name: parsed.name)
            let isDown = parsed.way == "down"
            if let other = isDown
                ? entry.down : entry.up ?? (entry.name == parsed.name ? nil : entry.down)
            {
                throw .file(
                    name, "version \(parsed.version) is taken by '\(other.name)'",
                    hint: "Give one of the two another version; 'migrate new' picks a free one.")
            }
            if isDown { entry.down = file } else { entry.up = file }
            entries[parsed.version] = entry
        }
        var migrations: [Migration] = []
        for (version, entry) in entries {
            guard let up = entry.up else {
                // golang-migrate goes through such a version and does nothing.
                if layout == .golangMigrate {
                    migrations.append(Migration(version: version, name: entry.name, up: nil))
                    notes.append("version \(version) has no up file, and is passed over")
                    continue
                }
                throw .file(
                    entry.down?.name ?? entry.name, "there is no up file of version \(version)",
                    hint: "Add '\(version)_\(entry.name).up.sql', or delete this file.")
            }
            migrations.append(
                Migration(
                    version: version, name: entry.name, up: up, down: entry.down, verify: nil))
        }
        return try MigrationFolder(listing, layout, migrations, notes: notes)
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        var text = ScriptText(bytes)
        if layout == .golangMigrate {
            text.isFree = true
        } else {
            text.noTransaction = bytes.starts(with: Array("-- no-transaction".utf8))
        }
        return text
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        let version = NewFiles.next(after: folder.migrations.last?.version, now: now)
        let stem = listing.path(of: "\(version)_\(name)")
        let isSimple =
            layout == .sqlx && folder.migrations.last?.up?.name.hasSuffix(".up.sql") == false
        return NewFiles(
            version: version, name: name,
            files: isSimple
                ? [.init(path: stem + ".sql", text: "-- \(name): what changes.\n")]
                : [
                    .init(path: stem + ".up.sql", text: "-- \(name): what changes.\n"),
                    .init(path: stem + ".down.sql", text: "-- \(name): how to undo it.\n"),
                ])
    }
}
