import Foundation
import Synchronization

extension MigrateProgram {
    /// Starts the built `migrate` with all three of its streams on a terminal, as a person has it.
    ///
    /// - Parameters:
    ///   - arguments: what stands behind the program's name.
    ///   - folder: path of the working folder; its `HOME` as well.
    ///   - environment: further variables.
    ///   - columns: how wide the terminal is.
    /// - Returns: the running program.
    /// - Throws: `NotBuilt`, or what starting a process throws.
    package static func startOnTerminal(
        _ arguments: [String], in folder: String, environment: [String: String] = [:],
        columns: Int = 80
    ) throws -> TerminalProgram {
        var variables = ["HOME": folder, "LC_ALL": "C.UTF-8", "TERM": "xterm"]
        variables["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        variables.merge(environment) { $1 }
        return try TerminalProgram(
            path: product("migrate"), arguments: arguments, folder: folder, variables: variables,
            columns: columns)
    }
}

/// A program on a pseudo-terminal of its own. Thread-safe.
package final class TerminalProgram: Sendable {
    /// Why there is no terminal.
    package struct NoTerminal: Error {
        /// The call that failed.
        package let call: String
    }

    private let process: Mutex<Process>
    private let output = Collector()
    private let terminal: Int32
    /// Its process id.
    package let pid: Int32

    fileprivate init(
        path: String, arguments: [String], folder: String, variables: [String: String],
        columns: Int
    ) throws {
        let (terminal, far) = try Self.openPair()
        var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0 else {
            throw NoTerminal(call: "ioctl")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = variables
        let handle = FileHandle(fileDescriptor: far, closeOnDealloc: false)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        close(far)
        pid = process.processIdentifier
        self.terminal = terminal
        self.process = Mutex(process)
        // It ends with EIO, once nobody has the far end open any more.
        output.collect(FileHandle(fileDescriptor: terminal, closeOnDealloc: false))
    }

    /// The near and the far end of a new terminal.
    private static func openPair() throws -> (Int32, Int32) {
        #if canImport(Glibc)
            // What posix_openpt, unlockpt and ptsname do, which Swift's Glibc does not have.
            // Source: ioctl_tty(2)
            let near = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var (isLocked, number) = (Int32(0), Int32(0))
            guard near >= 0, ioctl(near, 0x4004_5431, &isLocked) == 0,
                ioctl(near, 0x8004_5430, &number) == 0
            else { throw NoTerminal(call: "/dev/ptmx") }
            let name = "/dev/pts/\(number)"
        #else
            let near = posix_openpt(O_RDWR | O_NOCTTY)
            guard near >= 0, grantpt(near) == 0, unlockpt(near) == 0, let pointer = ptsname(near)
            else { throw NoTerminal(call: "posix_openpt") }
            let name = String(cString: pointer)
        #endif
        let far = open(name, O_RDWR | O_NOCTTY)
        guard far >= 0 else { throw NoTerminal(call: "open") }
        return (near, far)
    }

    deinit {
        process.withLock { if $0.isRunning { kill(pid, SIGKILL) } }
        close(terminal)
    }

    /// All that was written to the terminal so far, line ends and escape sequences included.
    package var raw: String { output.text }

    /// What stands on the terminal now.
    package var screen: [String] { TerminalScreen.lines(of: raw) }

    /// Types a text, as a person does.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
    }

    /// Sends it a signal.
    package func send(_ signal: Int32) { kill(pid, signal) }

    /// Waits until the screen satisfies a condition; false where it did not in ten seconds.
    package func waits(_ isSatisfied: ([String]) -> Bool) -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(10)
        while clock.now < deadline {
            if isSatisfied(screen) { return true }
            poll(nil, 0, 10)
        }
        return false
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status; nil where a signal ended it.
    package func wait() -> Int32? {
        let status = process.withLock { process in
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : nil
        }
        _ = output.wait()
        return status
    }
}

/// A terminal, as far as `migrate` uses one: line ends, carriage returns, erasing to a line's end;
/// colours are not seen.
package enum TerminalScreen {
    /// What stands on it after a text was written.
    package static func lines(of text: String) -> [String] {
        var lines: [[Character]] = [[]]
        var column = 0
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n":
                lines.append([])
            case "\r":
                column = 0
            case "\u{1B}":
                let sequence = rest.prefix { !$0.properties.isAlphabetic }
                let command = rest.dropFirst(sequence.count).first
                rest = rest.dropFirst(sequence.count + 1)
                if command == "K" {
                    lines[lines.count - 1].removeSubrange(
                        min(column, lines[lines.count - 1].count)...)
                }
            default:
                var line = lines[lines.count - 1]
                while line.count <= column { line.append(" ") }
                line[column] = Character(scalar)
                lines[lines.count - 1] = line
                column += 1
            }
        }
        return lines.map { line in
            var text = String(line)
            while text.last == " " { text.removeLast() }
            return text
        }
    }
}
