/// The files of one versioned migration, by name; their texts are read when they are needed.
package struct Migration: Sendable, Hashable {
    /// The number.
    package let version: Version
    /// The rest of the file name, `add_users_table`.
    package let name: String
    /// The up file for this database; nil where only another database has one (state `ignored`).
    package var up: MigrationFile?
    /// The down file for this database; nil where the migration is irreversible.
    package var down: MigrationFile?
    /// The file of verify queries, where there is one.
    package var verify: MigrationFile?
}

/// A migration without a version, which runs again whenever its content changes.
package struct RepeatableMigration: Sendable, Hashable {
    /// The file name between `R__` and the extension.
    package let name: String
    /// The file for this database.
    package let file: MigrationFile

    /// What stands in the history's `version` column: `R__name`.
    package var key: String { Self.prefix + name }

    /// How every repeatable migration's file and key begin.
    package static let prefix = "R__"
}

/// One file of a migration, or the part of one that is it.
package struct MigrationFile: Sendable, Hashable {
    /// What of the file it is.
    package enum Part: String, Sendable, Hashable {
        /// All of it.
        case whole
        /// The sections that lead up.
        case up
        /// The sections that lead down.
        case down
        /// All of it, as queries that must not fail.
        case verify
    }

    /// Where to read it.
    package let path: String
    /// Its name in the folder, for messages: `001_a.up.sql`, `2024_a/up.sql`.
    package let name: String
    /// Whose file it is.
    package var layout = Layout.native
    /// What of it.
    package var part = Part.whole
    /// True where something beside the file says that it runs outside a transaction.
    package var runsAlone = false
    /// False where placeholders in it stay as they are.
    package var hasPlaceholders = true

    /// What tells it from every other file and part of the folder.
    var key: String { part == .down ? name + "#down" : name }
}

/// What stands in a folder of migrations for one dialect: versioned ones by number, repeatable
/// ones by name.
package struct MigrationFolder: Sendable {
    /// The folder as it was given.
    package let path: String
    /// In order of version; no two are equal.
    package let migrations: [Migration]
    /// In order of name.
    package let repeatables: [RepeatableMigration]
    /// Whose layout it has.
    package var layout = Layout.native
    /// What a person should know of files that are passed over, each a line.
    package var notes: [String] = []
    /// The name of the project that a plan of Sqitch's is of; nil elsewhere.
    package var project: String?
}

extension MigrationFolder {
    /// Puts migrations in order.
    ///
    /// - Throws: `.invalidFiles` where two have one version.
    init(
        _ listing: FolderListing, _ layout: Layout, _ migrations: [Migration],
        repeatables: [RepeatableMigration] = [], notes: [String] = []
    ) throws(MigrationError) {
        let sorted = migrations.sorted { $0.version < $1.version }
        for (one, other) in zip(sorted, sorted.dropFirst()) where one.version == other.version {
            throw .file(
                other.up?.name ?? other.name,
                "version \(other.version) is taken by '\(one.up?.name ?? one.name)'",
                hint: "Give one of the two another version; 'migrate new' picks a free one.")
        }
        self.init(
            path: listing.path, migrations: sorted,
            repeatables: repeatables.sorted {
                $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            },
            layout: layout, notes: notes)
    }
}

extension MigrationFolder {
    /// The checksum of what leads up in a file.
    ///
    /// - Parameter path: of the file, in this folder or another one like it.
    /// - Returns: its name in this folder with the checksum; nil where there is no such file.
    /// - Throws: `.invalidFiles`.
    package func checksum(
        ofFileAt path: String
    ) throws(MigrationError) -> (name: String, checksum: String)? {
        let files = migrations.compactMap(\.up) + repeatables.map(\.file)
        var file = files.first { path == $0.name || path.hasSuffix("/" + $0.name) }
        if file == nil, let name = path.split(separator: "/").last.map(String.init) {
            // The variant of another database is a file of this folder too.
            let here = self.path.hasSuffix("/") ? self.path + name : self.path + "/" + name
            if layout == .native, Files.exists(here) {
                file = MigrationFile(path: here, name: name)
            }
        }
        guard let file else { return nil }
        let text = try Checksum.text(of: file, allowsEmpty: true) { _ in "" }
        return (file.name, text.checksum)
    }
}
