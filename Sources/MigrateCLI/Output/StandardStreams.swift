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
}
