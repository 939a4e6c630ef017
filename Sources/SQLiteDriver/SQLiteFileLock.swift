package import Database

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock beside an SQLite database that one run holds at a time: the file `<database>-migrate-lock`
/// under `flock`.
///
/// The kernel releases it when its process ends in whatever way, kill -9 included; a file that is
/// left then is stale and the next run takes it over. Two locks on one database exclude each other
/// also within a process. The first line of the file says who holds it. Symbolic links to one
/// database lead to one lock. Used by one thread at a time; unlocked by deinit.
///
/// Source: flock(2)
package final class SQLiteFileLock {
    /// What an attempt came to.
    package enum Outcome: Sendable, Hashable {
        /// The lock is held until `release()`.
        case acquired
        /// Someone else holds it: their line, nil where it is not written yet.
        case heldBy(String?)
    }

    /// The lock file's absolute path.
    package let path: String

    private var held: LockFile?

    /// Finds the lock of a database, which need not exist yet; its folder must.
    ///
    /// - Throws: `.cannotConnect` where the folder does not exist or cannot be entered.
    package init(databasePath: String) throws(DatabaseError) {
        path = try Self.resolve(databasePath) + "-migrate-lock"
    }

    deinit { release() }

    /// Tries to take the lock, without waiting. A lock that this value holds already stays held,
    /// and its line is written anew.
    ///
    /// `holder` is the line that others are shown: who this is and since when. Line ends in it
    /// become spaces.
    ///
    /// - Throws: `.insufficientPrivilege`, `.storage` where the lock file cannot be made.
    package func tryAcquire(holder: String) throws(DatabaseError) -> Outcome {
        if held == nil {
            switch try Self.attempt(path) {
            case .held(let line): return .heldBy(line)
            case .locked(let file): held = consume file
            }
        }
        let line = String(holder.map { $0.isNewline ? " " : $0 }) + "\n"
        if let number = held?.write(line) {
            release()
            throw Self.error("write", path, number)
        }
        return .acquired
    }

    /// Who holds the lock now, without taking it or creating the file; nil where it is free.
    package func look() -> Outcome? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        let file = LockFile(descriptor)
        return file.isLockedByAnother ? .heldBy(file.line()) : nil
    }

    /// Unlocks and removes the file; does nothing where it is not held.
    package func release() {
        // Removed while it is still locked: whoever opened this file before finds, once it has the
        // lock, that the path leads elsewhere, and starts again. A file that someone put there in
        // the meantime is not ours to remove.
        if held?.isAt(path) == true { unlink(path) }
        held = nil
    }
}

// MARK: - Taking the lock

extension SQLiteFileLock {
    private enum Attempt: ~Copyable {
        case locked(LockFile)
        case held(String?)
    }

    /// Opens and locks the file at `path` until the locked file is the one that the path leads to.
    private static func attempt(_ path: String) throws(DatabaseError) -> Attempt {
        // A turn is repeated only if another run removed the file in between, so a few will do.
        for _ in 0..<100 {
            var flags = O_RDWR | O_CREAT
            var descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o666)
            if descriptor < 0, errno == EACCES {
                // Left by another user. Reading is enough to lock it.
                flags = O_RDONLY
                descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW)
                if descriptor < 0, errno == ENOENT { errno = EACCES }
            }
            guard descriptor >= 0 else { throw error("open", path, errno) }
            let file = LockFile(descriptor)
            let result = file.lock()
            if result == EWOULDBLOCK { return .held(file.line()) }
            guard result == 0 else { throw error("lock", path, result) }
            guard file.isAt(path) else { continue }
            if flags == O_RDONLY {
                // Stale: nobody holds it. A new file can be written.
                guard unlink(path) == 0 else { throw error("remove", path, errno) }
                continue
            }
            return .locked(file)
        }
        return .held(nil)
    }

    private static func error(_ verb: String, _ path: String, _ number: Int32) -> DatabaseError {
        let isForbidden = number == EACCES || number == EPERM || number == EROFS
        let message = "cannot \(verb) the lock file '\(path)': \(SQLiteFile.reason(number))"
        return DatabaseError(
            isForbidden ? .insufficientPrivilege : .storage, message,
            hint: isForbidden
                ? "Give this user permission to write in the database's folder; SQLite needs it too."
                : nil)
    }

    /// The database's path without symbolic links. A link to a file that is not there yet is
    /// followed too, as SQLite creates the file where the link points.
    private static func resolve(_ databasePath: String) throws(DatabaseError) -> String {
        var path = databasePath
        for _ in 0..<40 {
            if let real = realPath(path) { return real }
            let folder = SQLiteFile.parent(of: path)
            guard let realFolder = realPath(folder) else {
                throw DatabaseError(
                    .cannotConnect, "the folder '\(folder)' of the database cannot be entered",
                    hint: "Create the folder, or check the path in the database URL.")
            }
            let name = path.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
            let whole = realFolder == "/" ? "/\(name)" : "\(realFolder)/\(name)"
            guard let target = linkTarget(whole) else { return whole }
            path = target.hasPrefix("/") ? target : "\(realFolder)/\(target)"
        }
        throw DatabaseError(
            .cannotConnect, "the database '\(databasePath)' is a circle of symbolic links")
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let start = bytes.baseAddress else { return -1 }
            return readlink(path, start, bytes.count)
        }
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

/// An open lock file; unlocked and closed by its end of life.
private struct LockFile: ~Copyable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        // Explicitly, as a child between fork and exec has the same open file for a moment.
        _ = flock(descriptor, LOCK_UN)
        _ = close(descriptor)
    }

    /// Tries to lock; 0 or an error number, `EWOULDBLOCK` where another holds it.
    func lock() -> Int32 {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR else { return errno }
        }
        return 0
    }

    /// Whether another holds it; for that moment it is locked as a reader's.
    var isLockedByAnother: Bool { flock(descriptor, LOCK_SH | LOCK_NB) != 0 }

    /// Whether `path` leads to this very file.
    func isAt(_ path: String) -> Bool {
        var own = stat()
        var other = stat()
        guard fstat(descriptor, &own) == 0, lstat(path, &other) == 0 else { return false }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    /// The file's first line, nil where there is none.
    func line() -> String? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let line = buffer.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Replaces the content; nil or an error number.
    func write(_ text: String) -> Int32? {
        var text = text
        guard ftruncate(descriptor, 0) == 0 else { return errno }
        let count = text.withUTF8 { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        return count < 0 ? errno : nil
    }
}
