internal import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files beside a database: made, moved and removed so that a name leads to all of a file or to
/// none.
enum SystemFiles {
    /// What SQLite may put beside a database.
    static let companions = ["-journal", "-wal", "-shm"]

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Removes a database that is ours alone, and what SQLite put beside it.
    static func removeDatabase(_ path: String) {
        for suffix in [""] + companions { unlink(path + suffix) }
    }

    static func remove(_ path: String) throws(SnapshotError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Gives a file another name, which must be free; where that fails, nothing has the new name.
    static func move(_ path: String, to other: String) throws(SnapshotError) {
        if link(path, other) == 0 {
            unlink(path)
        } else {
            let number = errno
            guard number != EEXIST, !exists(other) else {
                throw SnapshotError(.refused, "there is a file '\(other)' already")
            }
            guard rename(path, other) == 0 else { throw failure("create", other) }
        }
        do {
            try flush(folder(of: other))
        } catch {
            // A name that may be gone after a power cut must not be there without one.
            unlink(other)
            throw error
        }
    }

    static func flush(_ path: String) throws(SnapshotError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("flush", path) }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    }

    /// The path without symbolic links; as it is where nothing is there.
    static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// The names in a folder.
    static func list(_ folder: String) throws(SnapshotError) -> [String] {
        guard let stream = opendir(folder) else { throw failure("list", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }

    /// Bytes that may still be written where `path` is; nil where that cannot be told.
    static func freeSpace(at path: String) -> Int64? {
        var space = statvfs()
        guard statvfs(folder(of: path), &space) == 0 else { return nil }
        return Int64(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize))
    }

    static func failure(_ verb: String, _ path: String) -> SnapshotError {
        let reason = String(cString: strerror(errno)).lowercased()
        return SnapshotError(StorageError(.failed, verb, path, reason))
    }
}

/// An open file that is read or written from its start to its end; closed by its end of life.
struct SequentialFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Opens a file that is there, for reading.
    init(reading path: String) throws(SnapshotError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SystemFiles.failure("read", path) }
    }

    /// Makes a file that is not there; `mode` is what the umask lets through.
    init(creating path: String, mode: mode_t) throws(SnapshotError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw SystemFiles.failure("create", path) }
    }

    deinit { _ = close(descriptor) }

    /// The next bytes, fewer than `limit` only at the end.
    func read(_ limit: Int) throws(SnapshotError) -> [UInt8] {
        var isFailed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit, let start = buffer.baseAddress {
                let result = systemRead(descriptor, start + count, limit - count)
                if result < 0, errno == EINTR { continue }
                isFailed = result < 0
                guard result > 0 else { break }
                count += result
            }
        }
        guard !isFailed else { throw SystemFiles.failure("read", path) }
        return bytes
    }

    /// Appends bytes.
    func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
        let isDone = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let start = buffer.baseAddress {
                let result = systemWrite(descriptor, start + done, buffer.count - done)
                if result < 0, errno == EINTR { continue }
                if result == 0 { errno = ENOSPC }
                guard result > 0 else { return false }
                done += result
            }
            return true
        }
        guard isDone else { throw SystemFiles.failure("write", path) }
    }

    /// Flushes it to disk.
    func flush() throws(SnapshotError) {
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw SystemFiles.failure("flush", path)
        }
    }
}

private func systemRead(_ descriptor: Int32, _ start: UnsafeMutableRawPointer, _ count: Int) -> Int
{
    read(descriptor, start, count)
}

private func systemWrite(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, start, count)
}
