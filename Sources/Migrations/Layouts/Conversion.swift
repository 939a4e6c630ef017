package import Database

/// The migrations of a folder as files in this program's own layout.
package struct Conversion: Sendable {
    /// Whose files they are now.
    package let layout: Layout
    /// The new files' names with their texts, in order.
    package let files: [(name: String, text: String)]
    /// What a person should know, each a line.
    package let notes: [String]

    /// Reads a folder, and looks whether each script holds together as a file of ours.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - layout: whose files it has; nil where it tells.
    ///   - dialect: by whose rules they are read.
    /// - Throws: `.invalidFiles`: what `MigrationFolder.discover` throws, and for a file with places that
    ///   its tool fills in, which ours have not.
    package init(
        _ path: String, layout: Layout?, dialect: Dialect
    ) throws(MigrationError) {
        let folder = try MigrationFolder.discover(path, dialect: dialect, layout: layout)
        var files: [(name: String, text: String)] = []
        for migration in folder.migrations {
            let stem = "\(migration.version.text)_\(Self.name(migration.name))"
            for (file, ending) in [
                (migration.up, "up"), (migration.down, "down"), (migration.verify, "verify"),
            ] {
                guard let file else { continue }
                let name = "\(stem).\(ending).sql"
                files.append((name, try Self.text(file, as: name, dialect)))
            }
        }
        for repeatable in folder.repeatables {
            let name = RepeatableMigration.prefix + Self.name(repeatable.name) + ".sql"
            files.append((name, try Self.text(repeatable.file, as: name, dialect)))
        }
        self.layout = folder.layout
        self.files = files
        notes = folder.notes
    }

    /// Writes the files into a folder, which is made.
    ///
    /// - Throws: `.invalidRequest` where it is there and not empty; `.invalidFiles` where it cannot be
    ///   written, nothing left behind.
    package func write(to folder: String) throws(MigrationError) {
        if Files.exists(folder), (try? Files.list(folder))?.isEmpty != true {
            throw MigrationError(
                .invalidRequest, "'\(folder)' is there and not empty",
                hint: "Name a new folder; nothing that exists is overwritten.")
        }
        var written: [String] = []
        do throws(Files.Failure) {
            try Files.createFolder(folder)
            for (name, text) in files {
                let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
                try Files.create(path, text)
                written.append(path)
            }
        } catch {
            for path in written { Files.remove(path) }
            throw .file(error.path, "cannot be written: \(error.reason)")
        }
    }

    /// A name as part of a file's.
    private static func name(_ name: String) -> String {
        let mapped = name.replacing("/", with: "_")
        return mapped.isEmpty ? "migration" : mapped
    }

    private static func text(
        _ file: MigrationFile, as name: String, _ dialect: Dialect
    ) throws(MigrationError) -> String {
        let text = try Checksum.text(of: file, allowsEmpty: true) { _ in "" }
        if let place = text.firstPlace {
            throw .inFile(
                file.name, try Checksum.bytes(of: file, allowsEmpty: true), at: place,
                "\(file.layout.title) fills this place in, and files of ours have none",
                hint: "Write what is to stand there, or keep the file in its layout.")
        }
        let script = try Script(text, file: file.name, layout: file.layout, dialect: dialect)
        try Script(Array(script.nativeText.utf8), file: name, dialect: dialect).checkStatements()
        return script.nativeText
    }
}
