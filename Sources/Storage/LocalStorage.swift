#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Objects as files in a folder.
///
/// A file is written under a temporary name, flushed, renamed, and its folder flushed: whenever the
/// process or the machine stops, a name leads to a whole object or to none. Symbolic links inside
/// the folder are not followed.
package final class LocalStorage: Storage {
    /// The folder's path.
    package let path: String
    /// The same, for people.
    package var display: String { path }

    /// Storage in the folder at `path`, which need not exist yet.
    package init(path: String) { self.path = path }

    /// Creates the folder, and the parents that are missing.
    ///
    /// - Throws: `.failed`.
    package func createFolder() throws(StorageError) { try makeFolder(path) }

    /// Whether the folder is there.
    package var exists: Bool { access(path, F_OK) == 0 }

    /// Lists the objects below a folder.
    package func list(_ folder: String) throws(StorageError) -> [StoredObject] {
        let root = try filePath(folder)
        var objects: [StoredObject] = []
        try walk(root, folder) { name, status in
            guard status.st_mode & S_IFMT == S_IFREG, Self.isName(name) else { return }
            objects.append(
                StoredObject(
                    name: name, bytes: Int64(status.st_size), modifiedAt: modificationTime(status)))
        }
        return objects.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Reads an object.
    package func read(_ name: String, limit: Int) throws(StorageError) -> [UInt8] {
        let path = try filePath(name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            let number = errno
            if number == ELOOP { throw Self.symbolicLink("read", path) }
            throw error(
                number == ENOENT || number == ENOTDIR ? .missing : .failed, "read", path, number)
        }
        let file = SystemFile(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error(.failed, "read", path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(.foreign, "read", path, "it is not a regular file")
        }
        guard status.st_size <= limit else {
            throw StorageError(
                .tooLong, "read", path, "it has \(status.st_size) bytes, and \(limit) is the most")
        }
        switch file.readAll(limit: Int(status.st_size)) {
        case .success(let bytes): return bytes
        case .failure(let failure): throw error(.failed, "read", path, failure.number)
        }
    }

    /// Lists everything below the folder.
    package func contents() throws(StorageError) -> [StoredEntry] {
        var entries: [StoredEntry] = []
        try walk(path, "") { found, status in
            let name = String(found.dropFirst())
            let isFile = status.st_mode & S_IFMT == S_IFREG
            let isOurs = name.split(separator: "/").last?.hasPrefix(Self.temporaryPrefix) == true
            let kind: StoredEntry.Kind =
                !isFile ? .other : isOurs ? .temporary : Self.isName(name) ? .object : .other
            entries.append(
                StoredEntry(
                    name: name, kind: kind, bytes: Int64(status.st_size),
                    modifiedAt: modificationTime(status)))
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Writes an object.
    package func write(_ name: String, _ bytes: [UInt8]) throws(StorageError) {
        try write(name, bytes, replaces: true)
    }

    /// Writes an object that is not there yet.
    package func create(_ name: String, _ bytes: [UInt8]) throws(StorageError) {
        try write(name, bytes, replaces: false)
    }

    private func write(
        _ name: String, _ bytes: [UInt8], replaces: Bool
    ) throws(StorageError) {
        let path = try filePath(name)
        let folder = Self.parent(of: path)
        try makeFolder(folder)
        let temporary =
            "\(folder)/\(Self.temporaryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        do throws(StorageError) {
            try writeFile(temporary, bytes)
            try move(temporary, to: path, replaces: replaces)
        } catch {
            unlink(temporary)
            throw error
        }
        do throws(StorageError) {
            try flushFolder(folder)
        } catch {
            // What was not there before must not be there although it failed.
            if !replaces { unlink(path) }
            throw error
        }
    }

    /// Removes an object.
    package func delete(_ name: String) throws(StorageError) {
        let path = try filePath(name)
        guard unlink(path) == 0 else {
            let number = errno
            guard number != ENOENT else { return }
            throw error(.failed, "remove", path, number)
        }
        try flushFolder(Self.parent(of: path))
    }

    /// Locks the folder through a file in it.
    package func lock(_ mode: LockMode) throws(StorageError) -> StorageLock {
        try StorageLock(path: path + "/lock", mode)
    }

    /// Removes temporary files.
    package func removeLeftovers() throws(StorageError) -> Int {
        var found: [String] = []
        try walk(path, "") { name, status in
            let last = name.split(separator: "/").last ?? ""
            let isOurs = last.hasPrefix(Self.temporaryPrefix)
            if isOurs, status.st_mode & S_IFMT == S_IFREG { found.append(self.path + name) }
        }
        for path in found where unlink(path) != 0 && errno != ENOENT {
            throw error(.failed, "remove", path, errno)
        }
        return found.count
    }

    /// A path for a file of the caller's own beside the objects, which `removeLeftovers()` removes
    /// if the caller does not.
    package func temporaryPath() -> String {
        "\(path)/\(Self.temporaryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    }

    // MARK: - Names

    private static let temporaryPrefix = ".temporary-"

    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 255
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, first != UInt8(ascii: ".") else { return false }
                return part.unicodeScalars.allSatisfy {
                    switch $0 {
                    case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
                    default: false
                    }
                }
            }
    }

    private func filePath(_ name: String) throws(StorageError) -> String {
        guard Self.isName(name) else {
            throw StorageError(
                .invalidName, "use", String(name.prefix(100)), "it is not the name of an object")
        }
        // The folders of the name, and the name itself where it is a folder's.
        var folder = path
        for part in name.split(separator: "/") {
            folder += "/" + part
            var status = stat()
            guard lstat(folder, &status) == 0 else { break }
            if status.st_mode & S_IFMT == S_IFLNK { throw Self.symbolicLink("use", folder) }
        }
        return path + "/" + name
    }

    private static func symbolicLink(_ operation: String, _ path: String) -> StorageError {
        StorageError(.foreign, operation, path, "it is a symbolic link, which is not followed")
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

// MARK: - System calls

extension LocalStorage {
    private func error(
        _ code: StorageError.Code, _ operation: String, _ path: String, _ number: Int32
    ) -> StorageError {
        StorageError(code, operation, path, SystemError(number: number).reason)
    }

    private func writeFile(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw error(.failed, "write", path, errno) }
        let file = SystemFile(descriptor)
        if let failure = file.writeAll(bytes) {
            throw error(.failed, "write", path, failure.number)
        }
        guard fsync(descriptor) == 0 else { throw error(.failed, "flush", path, errno) }
    }

    private func move(
        _ temporary: String, to path: String, replaces: Bool
    ) throws(StorageError) {
        if !replaces {
            // Unlike rename(2), link(2) refuses a name that is taken. A file system without it has
            // to make do with a look.
            if link(temporary, path) == 0 {
                unlink(temporary)
                return
            }
            let number = errno
            guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(number), access(path, F_OK) != 0
            else {
                throw error(number == EEXIST ? .exists : .failed, "create", path, number)
            }
        }
        guard rename(temporary, path) == 0 else { throw error(.failed, "write", path, errno) }
    }

    private func flushFolder(_ folder: String) throws(StorageError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw error(.failed, "open", folder, errno) }
        let file = SystemFile(descriptor)
        guard fsync(file.descriptor) == 0 || errno == EINVAL else {
            throw error(.failed, "flush", folder, errno)
        }
    }

    /// Makes a folder durable with the parents that are missing.
    private func makeFolder(_ folder: String) throws(StorageError) {
        var status = stat()
        if stat(folder, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw StorageError(.failed, "create", folder, "there is a file of that name")
            }
            return
        }
        guard errno == ENOENT else { throw error(.failed, "create", folder, errno) }
        let parent = Self.parent(of: folder)
        try makeFolder(parent)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw error(.failed, "create", folder, errno)
        }
        try flushFolder(parent)
    }

    /// Calls `visit` for everything below a folder that is no folder itself; names start with
    /// `prefix` and a slash.
    private func walk(
        _ folder: String, _ prefix: String, _ visit: (String, stat) -> Void
    ) throws(StorageError) {
        guard let stream = opendir(folder) else {
            guard errno != ENOENT else { return }
            throw error(.failed, "list", folder, errno)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw error(.failed, "list", folder, errno) }
                return
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                try walk("\(folder)/\(name)", "\(prefix)/\(name)", visit)
            } else {
                visit("\(prefix)/\(name)", status)
            }
        }
    }
}

private func modificationTime(_ status: stat) -> Int64 {
    #if canImport(Darwin)
        Int64(status.st_mtimespec.tv_sec)
    #else
        Int64(status.st_mtim.tv_sec)
    #endif
}
