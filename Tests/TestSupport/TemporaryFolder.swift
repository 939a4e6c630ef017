#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A new, empty folder that is removed with all that is in it when the value goes away.
package final class TemporaryFolder: Sendable {
    /// Its absolute path, without symbolic links. Every user may enter it.
    package let path: String

    /// Creates it in the system's folder for temporary files.
    package init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/migrate-test-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template), let resolved = realpath(created, nil) else {
            throw TemporaryFolderError(operation: "mkdtemp", number: errno)
        }
        defer { free(resolved) }
        path = String(cString: resolved)
        _ = chmod(path, 0o755)
    }

    deinit { Self.remove(path) }

    /// The path of something in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Creates a folder in it, and those on the way, and returns its path.
    @discardableResult
    package func folder(_ name: String) throws -> String {
        var current = path
        for part in name.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, 0o755) == 0 || errno == EEXIST else {
                throw TemporaryFolderError(operation: "mkdir", number: errno)
            }
        }
        return current
    }

    /// Writes a file in the folder, replacing one that is there, and returns its path. Folders in its
    /// name are made.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = file(name)
        let parts = name.split(separator: "/")
        for count in 1..<max(1, parts.count) {
            let parent = file(parts.prefix(count).joined(separator: "/"))
            guard mkdir(parent, 0o777) == 0 || errno == EEXIST else {
                throw TemporaryFolderError(operation: "mkdir", number: errno)
            }
        }
        guard let stream = fopen(path, "wb") else {
            throw TemporaryFolderError(operation: "fopen", number: errno)
        }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
            throw TemporaryFolderError(operation: "fwrite", number: errno)
        }
        return path
    }

    /// Writes a text file in the folder, replacing one that is there, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Whether something of that name is in the folder.
    package func has(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// Removes a file, or a folder with all that is in it; symbolic links are not followed.
    private static func remove(_ path: String) {
        guard unlink(path) != 0, let stream = opendir(path) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove("\(path)/\(name)") }
        }
        closedir(stream)
        rmdir(path)
    }
}

/// What could not be done with a temporary folder.
package struct TemporaryFolderError: Error {
    /// The system call.
    package var operation: String
    /// Its error number.
    package var number: Int32
}
