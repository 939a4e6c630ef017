internal import Snapshots
internal import Storage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The descriptors 0, 1 and 2.
enum StandardStreams {
    /// Opens those that the caller left closed (`migrate up >&-`) on `/dev/null`. The next file or
    /// connection would get the free number, and a message for the user would go into the lock file
    /// or to the server. Called before anything else is opened.
    static func openMissing() {
        for descriptor in STDIN_FILENO...STDERR_FILENO
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is given out, which is this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }

    /// Writes bytes to standard output as they are, past the redactor: what a command was asked for.
    ///
    /// - Throws: `.storage` where they cannot be written.
    static func writeOutput(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
        let failure = bytes.withUnsafeBytes { buffer -> Int32? in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = write(STDOUT_FILENO, piece.baseAddress, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                rest = rest.dropFirst(count)
            }
            return nil
        }
        guard let failure else { return }
        let reason = String(cString: strerror(failure)).lowercased()
        throw SnapshotError(StorageError(.failed, "write", "standard output", reason))
    }
}
