import Database
import Foundation
import PostgresDriver
import TestSupport
import Testing

/// A pooler in front of the test cluster, as a process of its own; ended with the last reference.
final class PgBouncer: Sendable {
    /// The tests need a program that is not installed.
    struct Missing: Error, CustomStringConvertible {
        let description = "no pgbouncer to test with: run ./scripts/test, which installs it"
    }

    /// Where it listens on 127.0.0.1.
    let port: Int
    private let pid: Int32
    private let folder: TemporaryFolder

    /// Starts it and waits until it serves. The mode, `session` or `transaction`, says for how long a
    /// client keeps its server process.
    init(_ mode: String, database: TestDatabase) throws {
        let (host, port) = try PostgresServer.address()
        folder = try TemporaryFolder()
        self.port = try Self.freePort()
        let configuration = """
            [databases]
            * = host=\(host) port=\(port) user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(self.port)
            unix_socket_dir =
            auth_type = any
            pool_mode = \(mode)
            default_pool_size = 10
            """
        let file = try folder.write(configuration + "\n", to: "pgbouncer.ini")
        let process = Process()
        // It refuses to run as root.
        let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        let program = folders.map { $0 + "/pgbouncer" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let program else { throw Missing() }
        let user = ["--reuid=postgres", "--regid=postgres", "--init-groups", program]
        process.executableURL = URL(fileURLWithPath: getuid() == 0 ? "/usr/bin/setpriv" : program)
        process.arguments = (getuid() == 0 ? user : []) + ["--quiet", file]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        pid = process.processIdentifier
        let url = try database.url(port: self.port)
        try eventually("the pooler serves") {
            guard let connection = try? PostgresConnection(PostgresOptions(url: url)) else {
                return false
            }
            connection.close()
            return true
        }
    }

    deinit { kill(pid, SIGKILL) }

    private static func freePort() throws -> Int { try SilentServer(listens: false).port }
}
