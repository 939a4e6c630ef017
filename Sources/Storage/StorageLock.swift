#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock on a storage, held until `release()` or the end of its life. The kernel releases it when
/// the process ends, in whatever way.
///
/// Source: flock(2)
package final class StorageLock {
    private var file: SystemFile?
    private var locked: Int32?

    /// Locks the file at `path`, which is created where it is missing and never removed.
    ///
    /// A reader of a storage that it cannot write does without the file where there is none: nobody
    /// else who could write it is kept away by a lock that cannot be made.
    init(path: String, _ mode: LockMode) throws(StorageError) {
        var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        if descriptor < 0, mode == .shared, errno == EACCES || errno == EROFS {
            descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            if descriptor < 0, errno == ENOENT { return }
        }
        guard descriptor >= 0 else {
            throw StorageError(.failed, "lock", path, SystemError(number: errno).reason)
        }
        file = SystemFile(descriptor)
        while flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            throw StorageError(
                number == EWOULDBLOCK ? .locked : .failed, "lock", path,
                SystemError(number: number).reason)
        }
        locked = descriptor
    }

    deinit { release() }

    /// Ends it; a further call does nothing.
    package func release() {
        // Not by closing it alone: a program that is being started by another thread shares the
        // open file until it closes it.
        if let locked { _ = flock(locked, LOCK_UN) }
        locked = nil
        file = nil
    }
}
