package import Database

/// The files of a new migration, named and numbered in the style that the folder uses.
package struct NewMigration: Sendable {
    /// The number that it gets.
    package let version: String
    /// The name as it stands in the file names.
    package let name: String
    /// The paths of its files.
    package var paths: [String] { files.map(\.path) }
    private let files: [NewFiles.File]

    /// Chooses version and name.
    ///
    /// - Parameters:
    ///   - words: the name as a person types it; spaces and hyphens become underscores.
    ///   - folder: path of the migrations; it need not be there yet.
    ///   - layout: whose files the folder has; nil where it tells.
    ///   - dialect: whose variants count as the folder's files.
    ///   - now: RFC 3339, UTC.
    ///   - planner: `name <mail>`, for a plan that says who has added to it.
    /// - Throws: `.invalidRequest` for a name without a letter or digit, `.invalidFiles` for a
    ///   folder that does not hold together.
    package init(
        _ words: String, folder: String, layout: Layout? = nil, dialect: Dialect, now: String,
        planner: String = "unknown <unknown>"
    ) throws(MigrationError) {
        let name = Self.fileName(words)
        guard !name.isEmpty else {
            throw MigrationError(
                .invalidRequest, "'\(words)' holds no letter or digit to make a name of",
                hint: "Say what it does: migrate new add_orders_table")
        }
        let isThere = Files.exists(folder)
        let listing = isThere ? try FolderListing(folder) : FolderListing(absent: folder)
        let found = isThere ? try Layout.of(listing, given: layout) : layout ?? .native
        let reader = found.reader
        let migrations =
            isThere
            ? try reader.folder(listing, dialect)
            : MigrationFolder(path: folder, migrations: [], repeatables: [], layout: found)
        let new = try reader.newFiles(
            name, in: listing, after: migrations, now: now, by: planner)
        version = new.version
        self.name = new.name
        files = new.files
    }

    /// Writes the files; none may exist, but for one that is added to. Without texts each holds a
    /// comment, or what its tool expects in it.
    ///
    /// - Parameter texts: of the first files.
    /// - Throws: `.invalidFiles`, nothing left behind.
    package func write(_ texts: [String] = []) throws(MigrationError) {
        var written: [String] = []
        do throws(Files.Failure) {
            for (index, file) in files.enumerated() {
                if let slash = file.path.lastIndex(of: "/") {
                    try Files.createFolder(String(file.path[..<slash]))
                }
                let text = index < texts.count ? texts[index] : file.text
                if file.replaces {
                    try Files.replace(file.path, text)
                } else {
                    try Files.create(file.path, text)
                    written.append(file.path)
                }
            }
        } catch {
            // Some of the files alone would be a migration that nobody wrote.
            for path in written { Files.remove(path) }
            throw .file(error.path, "cannot be written: \(error.reason)")
        }
    }

    private static func fileName(_ words: String) -> String {
        let mapped = words.map { character -> Character in
            character.isLetter || character.isNumber ? character : "_"
        }
        return String(mapped).split(separator: "_").joined(separator: "_").lowercased()
    }
}
