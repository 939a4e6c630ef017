import Database

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that was not there before, for a copy; closed by its end of life.
struct NewFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Creates it, for its owner alone.
    init(_ path: String) throws(DatabaseError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw Self.error("create", path, errno) }
    }

    deinit { _ = close(descriptor) }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(DatabaseError) {
        let failure: Int32? = bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = systemWrite(descriptor, bytes.baseAddress, done, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : ENOSPC }
                done += count
            }
            return nil
        }
        if let failure { throw Self.error("write", path, failure) }
    }

    /// Gives a finished file the owner and the permissions of another one, as far as that is
    /// allowed, and flushes it and its folder to disk.
    static func settle(_ path: String, like other: String?) throws(DatabaseError) {
        var status = stat()
        if let other, stat(other, &status) == 0 {
            _ = chown(path, status.st_uid, status.st_gid)
            _ = chmod(path, status.st_mode & 0o777)
        }
        try flush(path)
        try flush(SQLiteFile.parent(of: path))
    }

    private static func flush(_ path: String) throws(DatabaseError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error("open", path, errno) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw error("flush", path, errno) }
    }

    private static func error(_ verb: String, _ path: String, _ number: Int32) -> DatabaseError {
        DatabaseError(.storage, "cannot \(verb) '\(path)': \(SQLiteFile.reason(number))")
    }
}

private func systemWrite(
    _ descriptor: Int32, _ start: UnsafeRawPointer?, _ offset: Int, _ count: Int
) -> Int {
    guard let start else { return 0 }
    return write(descriptor, start + offset, count)
}
