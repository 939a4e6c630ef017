#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Another program, run to its end.
enum ChildProcess {
    /// How it ended.
    struct Result {
        /// Its standard output.
        var output: [UInt8]
        /// Its exit status; 128 and the signal's number where a signal ended it.
        var status: Int32
    }

    /// It could not be started.
    struct CannotRun: Error {
        /// The system's words, in lower case.
        var reason: String
    }

    /// Runs a program, found on the PATH, with its standard output in a pipe.
    ///
    /// Its input is ours, and so is its standard error unless it runs `quietly`, so that it can ask
    /// and complain.
    static func run(
        _ arguments: [String], quietly: Bool = false
    ) throws(CannotRun) -> Result {
        var ends: [Int32] = [-1, -1]
        guard let name = arguments.first, pipe(&ends) == 0 else {
            throw CannotRun(reason: "no pipe could be made")
        }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        if quietly {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // The signals that this program waits for on a thread must reach the child.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let process: pid_t
        do throws(CannotRun) {
            process = try spawn(name, arguments, &actions, &attributes)
            close(ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        let output = readAll(ends[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return Result(output: output, status: exitStatus(status))
    }

    /// Runs a program that reads a text on its standard input; what it prints goes to our standard
    /// error.
    ///
    /// - Returns: its exit status; nil where it took longer than `timeout`, and was ended with all
    ///   that it had started.
    static func feed(
        _ arguments: [String], _ text: String, timeout: Duration
    ) throws(CannotRun) -> Int32? {
        // A file that has no name any more: a pipe could be full, and the program not read it.
        var template = Array("/tmp/migrate-input-XXXXXX".utf8CString)
        let input = mkstemp(&template)
        guard let name = arguments.first, input >= 0 else {
            throw CannotRun(reason: "no temporary file could be made")
        }
        defer { close(input) }
        unlink(template)
        let bytes = Array(text.utf8)
        guard write(input, bytes, bytes.count) == bytes.count, lseek(input, 0, SEEK_SET) == 0 else {
            throw CannotRun(reason: "no temporary file could be written")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP))
        let process = try spawn(name, arguments, &actions, &attributes)
        let end = ContinuousClock.now + timeout
        var status: Int32 = 0
        while true {
            let found = waitpid(process, &status, WNOHANG)
            if found == process { return exitStatus(status) }
            if found < 0, errno != EINTR { return nil }
            guard ContinuousClock.now < end else { break }
            poll(nil, 0, 10)
        }
        kill(-process, SIGKILL)
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return nil
    }

    private static func spawn(
        _ name: String, _ arguments: [String], _ actions: inout posix_spawn_file_actions_t,
        _ attributes: inout posix_spawnattr_t
    ) throws(CannotRun) -> pid_t {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var process: pid_t = 0
        let problem = posix_spawnp(&process, name, &actions, &attributes, &argv, environ)
        guard problem == 0 else {
            throw CannotRun(reason: String(cString: strerror(problem)).lowercased())
        }
        return process
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        status & 0x7F != 0 ? 128 + status & 0x7F : status >> 8 & 0xFF
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return output }
            output += buffer.prefix(count)
        }
    }
}
