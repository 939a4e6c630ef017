internal import Migrations
internal import ProjectConfig

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Getting a password from where the configuration says that it is.
enum Password {
    /// The first line of a file or of a command's output; nil where neither is configured.
    ///
    /// - Throws: `Failure` that names the file or the program, and never what was read.
    static func read(file: String?, command: PasswordCommand?) throws(Failure) -> String? {
        if let file { return try readFile(file) }
        if let command { return try run(command) }
        return nil
    }

    private static func readFile(_ path: String) throws(Failure) -> String {
        do {
            return try firstLine(Files.read(path), "the password file '\(path)'")
        } catch let error as Files.Failure {
            throw Failure(
                .configuration, "password_unavailable",
                "the password file '\(path)' cannot be read: \(error.reason)",
                hint: "Check 'password_file' and the file's permissions.")
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(.internalError, "internal", "the password file cannot be read")
        }
    }

    private static func firstLine(_ bytes: [UInt8], _ source: String) throws(Failure) -> String {
        var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            throw Failure(
                .configuration, "password_unavailable", "\(source) gave no password",
                hint: "The first line is the password, and it is empty.")
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func run(_ command: PasswordCommand) throws(Failure) -> String {
        let arguments: [String]
        switch command {
        case .shell(let line): arguments = ["/bin/sh", "-c", line]
        case .arguments(let list): arguments = list
        }
        let name = "the password command '\(arguments.first ?? "")'"
        let (output, status) = try spawn(arguments, name)
        guard status == 0 else {
            throw Failure(
                .configuration, "password_unavailable", "\(name) failed with status \(status)",
                hint: "Run it by hand; its own messages are above.")
        }
        return try firstLine(output, name)
    }

    /// Runs a program with its standard output in a pipe; input and error stay ours, so that it
    /// can ask and complain.
    private static func spawn(
        _ arguments: [String], _ name: String
    ) throws(Failure) -> (output: [UInt8], status: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Failure(.internalError, "internal", "no pipe could be made")
        }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        // The signals that this program waits for on a thread must reach the child.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var process: pid_t = 0
        guard let program = argv[0] else { return ([], 127) }
        let problem = posix_spawnp(&process, program, &actions, &attributes, &argv, environ)
        close(ends[1])
        guard problem == 0 else {
            let reason = String(cString: strerror(problem)).lowercased()
            throw Failure(
                .configuration, "password_unavailable", "\(name) cannot be run: \(reason)",
                hint: "Check 'password_command'.")
        }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = systemRead(ends[0], &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            output += buffer.prefix(count)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return (output, status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F + 128)
    }
}

/// read(2), which `Password.read` hides.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int
{
    read(descriptor, buffer, count)
}
