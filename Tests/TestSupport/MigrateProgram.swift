import Foundation
import Synchronization

/// The built `migrate` as a user runs it: a process of its own with nothing of the caller's
/// environment but `PATH`.
package enum MigrateProgram {
    /// Why the program or the fault injector cannot be used.
    package struct NotBuilt: Error, CustomStringConvertible {
        /// What is missing.
        package let description: String
    }

    /// Breaks the n-th system call of a kind (Tests/FaultInjector/injector.c).
    package struct Fault: Sendable {
        /// What happens to the call.
        package enum Action: Sendable {
            /// The process gets this signal right before it.
            case signal(Int32)
            /// It and every later one of its kinds fails with this `errno`.
            case failure(Int32)
            /// It alone fails with this `errno`.
            case failureOnce(Int32)
            /// It, a write, does half of its work, and every later one of its kinds fails with this
            /// `errno`: a disk that is full.
            case cut(Int32)
        }
        /// None: the run is not disturbed, and only spared the wait for the disk (fsync), as each
        /// run with a fault is.
        package static let never = Fault(.signal(0), at: .max)
        /// What happens.
        package var action: Action
        /// At which call, from 1.
        package var number: Int
        /// The calls that count, such as `pwrite` and `send`; all that are known where it is empty.
        package var calls: [String]

        /// Creates a fault.
        package init(_ action: Action, at number: Int, of calls: [String] = []) {
            self.action = action
            self.number = number
            self.calls = calls
        }
    }

    /// The folder of the built products: the one that holds the running test bundle.
    ///
    /// - Throws: `NotBuilt`.
    package static func product(_ name: String) throws -> String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let start = bundle ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent(name).path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder = folder.deletingLastPathComponent()
        }
        throw NotBuilt(description: "'\(name)' was not found beside the tests; run scripts/test")
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: what stands behind the program's name.
    ///   - folder: path of the working folder; its `HOME` as well.
    ///   - environment: further variables.
    ///   - input: what it reads on standard input, which is never a terminal.
    ///   - fault: what breaks on the way.
    ///   - shell: a command of `sh` that runs it, as `"$0" "$@"`; not together with a fault.
    /// - Returns: how it ended and what it printed.
    /// - Throws: `NotBuilt`, or what starting a process throws.
    @discardableResult
    package static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:],
        input: String = "", fault: Fault? = nil, shell: String? = nil
    ) throws -> ProgramResult {
        try start(
            arguments, in: folder, environment: environment, input: input, fault: fault,
            shell: shell
        ).wait()
    }

    /// Starts it; the same parameters as `run`.
    ///
    /// - Returns: the running program; one that is dropped is killed.
    /// - Throws: `NotBuilt`, or what starting a process throws.
    package static func start(
        _ arguments: [String], in folder: String, environment: [String: String] = [:],
        input: String = "", fault: Fault? = nil, shell: String? = nil
    ) throws -> RunningProgram {
        var variables = ["HOME": folder, "LC_ALL": "C.UTF-8"]
        variables["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        variables.merge(environment) { $1 }
        let mark = fault.map { _ in
            NSTemporaryDirectory() + "/migrate-fault-" + UUID().uuidString
        }
        if let fault, let mark {
            variables["LD_PRELOAD"] = try product("libFaultInjector.so")
            variables["MIGRATE_FAULT_MARK"] = mark
            variables["MIGRATE_FAULT_COUNT"] = mark + ".count"
            let (name, value) =
                switch fault.action {
                case .signal(let number): ("signal", number)
                case .failure(let number): ("errno", number)
                case .failureOnce(let number): ("once", number)
                case .cut(let number): ("cut", number)
                }
            variables["MIGRATE_FAULT"] = "\(name):\(value):\(fault.number)"
            if !fault.calls.isEmpty {
                variables["MIGRATE_FAULT_CALLS"] = fault.calls.joined(separator: ",")
            }
        }
        let program = try product("migrate")
        return try RunningProgram(
            path: shell == nil ? program : "/bin/sh",
            arguments: shell.map { ["-c", $0, program] + arguments } ?? arguments,
            folder: folder, variables: variables, input: input, mark: mark)
    }
}

/// A program of the system, such as psql or sqlite3.
package enum SystemProgram {
    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: its name, found on PATH, and what stands behind it.
    ///   - folder: path of the working folder.
    ///   - environment: further variables.
    ///   - input: what it reads on standard input.
    /// - Returns: how it ended and what it printed.
    /// - Throws: what starting a process throws.
    package static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:],
        input: String = ""
    ) throws -> ProgramResult {
        var variables = ["HOME": folder, "LC_ALL": "C.UTF-8"]
        variables["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        variables.merge(environment) { $1 }
        return try RunningProgram(
            path: "/usr/bin/env", arguments: arguments, folder: folder, variables: variables,
            input: input, mark: nil
        ).wait()
    }
}

/// How a program ended and what it printed.
package struct ProgramResult: Sendable {
    /// The exit status; nil where a signal ended it.
    package let status: Int32?
    /// The signal that ended it; nil where it exited.
    package let signal: Int32?
    /// Standard output.
    package let output: String
    /// Standard error.
    package let errors: String
    /// True where the fault that was asked for happened.
    package let faultHappened: Bool
    /// How many calls of the fault's kinds there were; nil without a fault, and where a signal ended
    /// the program.
    package let faultCalls: Int?

    /// Standard output as one JSON object.
    ///
    /// - Throws: where it is not exactly one.
    package func json() throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
        guard let object = value as? [String: Any] else {
            throw MigrateProgram.NotBuilt(description: "standard output is no JSON object")
        }
        return object
    }
}

/// A program that was started. Thread-safe.
package final class RunningProgram: Sendable {
    private let process: Mutex<Process>
    private let output = Collector()
    private let errors = Collector()
    private let mark: String?
    /// Its process id.
    package let pid: Int32

    fileprivate init(
        path: String, arguments: [String], folder: String, variables: [String: String],
        input: String, mark: String?
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = variables
        let (outPipe, errorPipe, inPipe) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = outPipe
        process.standardError = errorPipe
        process.standardInput = inPipe
        try process.run()
        pid = process.processIdentifier
        output.collect(outPipe.fileHandleForReading)
        errors.collect(errorPipe.fileHandleForReading)
        try? inPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? inPipe.fileHandleForWriting.close()
        self.process = Mutex(process)
        self.mark = mark
    }

    deinit { process.withLock { if $0.isRunning { kill(pid, SIGKILL) } } }

    /// Sends it a signal.
    package func send(_ signal: Int32) { kill(pid, signal) }

    /// What it has written to standard error so far.
    package var errorsSoFar: String { errors.text }

    /// Waits for its end, and kills it where that takes longer than `limit`.
    package func wait(atMost limit: Duration) -> ProgramResult {
        let deadline = ContinuousClock.now + limit
        while process.withLock({ $0.isRunning }), ContinuousClock.now < deadline { usleep(5000) }
        if process.withLock({ $0.isRunning }) { send(SIGKILL) }
        return wait()
    }

    /// Waits for its end.
    package func wait() -> ProgramResult {
        let (status, reason) = process.withLock { process in
            process.waitUntilExit()
            return (process.terminationStatus, process.terminationReason)
        }
        var happened = false
        var calls: Int?
        if let mark {
            happened = unlink(mark) == 0
            calls = (try? String(contentsOfFile: mark + ".count", encoding: .utf8)).flatMap {
                Int($0.dropLast())
            }
            unlink(mark + ".count")
        }
        return ProgramResult(
            status: reason == .exit ? status : nil, signal: reason == .exit ? nil : status,
            output: output.wait(), errors: errors.wait(), faultHappened: happened,
            faultCalls: calls)
    }
}

/// Reads a pipe on a thread of its own, so that a program never waits for us to read.
final class Collector: Sendable {
    private let bytes = Mutex(Data())
    private let ended = DispatchGroup()

    func collect(_ handle: FileHandle) {
        ended.enter()
        let descriptor = dup(handle.fileDescriptor)
        DelayProxy.startThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                bytes.withLock { $0.append(contentsOf: buffer[..<count]) }
            }
            close(descriptor)
            ended.leave()
        }
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func wait() -> String {
        ended.wait()
        return text
    }
}
