internal import Migrations
internal import ProjectConfig

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
        let result: ChildProcess.Result
        do throws(ChildProcess.CannotRun) {
            result = try ChildProcess.run(arguments)
        } catch {
            throw Failure(
                .configuration, "password_unavailable", "\(name) cannot be run: \(error.reason)",
                hint: "Check 'password_command'.")
        }
        guard result.status == 0 else {
            throw Failure(
                .configuration, "password_unavailable",
                "\(name) failed with status \(result.status)",
                hint: "Run it by hand; its own messages are above.")
        }
        return try firstLine(result.output, name)
    }
}
