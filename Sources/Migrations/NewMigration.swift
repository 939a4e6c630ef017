package import Database

/// The files of a new migration, numbered in the style that the folder uses.
package struct NewMigration: Sendable {
    /// The number that it gets.
    package let version: String
    /// The name as it stands in the file names.
    package let name: String
    /// Path of the up file.
    package let upPath: String
    /// Path of the down file.
    package let downPath: String

    /// Chooses version and name.
    ///
    /// - Parameters:
    ///   - words: the name as a person types it; spaces and hyphens become underscores.
    ///   - folder: path of the migrations; it need not be there yet.
    ///   - dialect: whose variants count as the folder's files.
    ///   - now: RFC 3339, UTC.
    /// - Throws: `.invalidRequest` for a name without a letter or digit, `.invalidFiles` for a
    ///   folder that does not hold together.
    package init(
        _ words: String, folder: String, dialect: Dialect, now: String
    ) throws(MigrationError) {
        let name = Self.fileName(words)
        guard !name.isEmpty else {
            throw MigrationError(
                .invalidRequest, "'\(words)' holds no letter or digit to make a name of",
                hint: "Say what it does: migrate new add_orders_table")
        }
        var newest: Version?
        if Files.exists(folder) {
            newest = try MigrationFolder.discover(folder, dialect: dialect).migrations.last?.version
        }
        version = Self.next(after: newest, now: now)
        self.name = name
        let stem = (folder.hasSuffix("/") ? folder : folder + "/") + "\(version)_\(name)"
        upPath = stem + ".up.sql"
        downPath = stem + ".down.sql"
    }

    /// Writes both files; neither may exist. Without texts each holds a comment.
    ///
    /// - Throws: `.invalidFiles`, nothing left behind.
    package func write(up: String? = nil, down: String? = nil) throws(MigrationError) {
        do throws(Files.Failure) {
            if let slash = upPath.lastIndex(of: "/") {
                try Files.createFolder(String(upPath[..<slash]))
            }
            try Files.create(upPath, up ?? "-- \(name): what changes.\n")
            do throws(Files.Failure) {
                try Files.create(downPath, down ?? "-- \(name): how to undo it.\n")
            } catch {
                // An up file alone would be a migration that nobody wrote.
                Files.remove(upPath)
                throw error
            }
        } catch {
            throw .file(error.path, "cannot be written: \(error.reason)")
        }
    }

    private static func fileName(_ words: String) -> String {
        let mapped = words.map { character -> Character in
            character.isLetter || character.isNumber ? character : "_"
        }
        return String(mapped).split(separator: "_").joined(separator: "_").lowercased()
    }

    /// A UTC timestamp where the newest version is one (14 digits or more), else the next number
    /// with as many digits.
    private static func next(after newest: Version?, now: String) -> String {
        guard let newest else { return "001" }
        let digits = newest.text
        if digits.count >= 14 {
            let stamp = now.prefix(19).filter(\.isNumber)
            // A folder that runs ahead of the clock still gets a newer version.
            if let candidate = Version(stamp), candidate > newest { return String(stamp) }
        }
        return incremented(digits)
    }

    private static func incremented(_ digits: String) -> String {
        var bytes = Array(digits.utf8)
        for index in bytes.indices.reversed() {
            if bytes[index] < UInt8(ascii: "9") {
                bytes[index] += 1
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes[index] = UInt8(ascii: "0")
        }
        return "1" + String(decoding: bytes, as: UTF8.self)
    }
}
