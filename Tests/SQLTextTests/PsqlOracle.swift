import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// psql on a real server: it runs a file, and its log says which queries it sent.
struct PsqlOracle {
    private struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let serverURL: String
    private let database: String
    private let folder: String

    /// Creates a database of its own, in which `schema` was run.
    init(schema: String) throws {
        guard let url = getenv("MIGRATE_TEST_POSTGRES").map({ String(cString: $0) }) else {
            throw Failure(description: "MIGRATE_TEST_POSTGRES is not set: run ./scripts/test")
        }
        var template = Array("/tmp/migrate-psql-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp failed") }
        folder = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        serverURL = url
        database = "sqltext_\(getpid())_\(UInt32.random(in: 0 ... .max))"
        try run(url, ["-q", "-c", "CREATE DATABASE \(database)"])
        try run(Self.url(url, database: database), ["-q", "-v", "ON_ERROR_STOP=1", "-c", schema])
    }

    /// Drops the database and the files.
    func close() throws {
        for name in ["script.sql", "log"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
        try run(serverURL, ["-q", "-c", "DROP DATABASE \(database)"])
    }

    /// The queries that psql sends for a script, each as it was sent, with its `;`.
    func queries(of script: [UInt8]) throws -> [[UInt8]] {
        try write(script, to: "\(folder)/script.sql")
        unlink("\(folder)/log")
        // A statement that fails is sent all the same, and psql's status is about the last one.
        try run(
            Self.url(serverURL, database: database),
            ["-q", "-o", "/dev/null", "-L", "\(folder)/log", "-f", "\(folder)/script.sql"])
        return Self.parseLog(try read("\(folder)/log"))
    }

    /// The lines that stand around each query; the second of each is that of PostgreSQL 17.
    private static func parseLog(_ log: [UInt8]) -> [[UInt8]] {
        let heads = ["********* QUERY **********", "/******** QUERY *********/"]
        let feet = ["**************************", "/************************/"]
        var queries: [[UInt8]] = []
        var query: [UInt8]?
        for line in log.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let text = String(decoding: line, as: UTF8.self)
            if let lines = query {
                query = feet.contains(text) ? nil : lines + line + [0x0A]
                if query == nil { queries.append(lines) }
            } else if heads.contains(text) {
                query = []
            }
        }
        return queries
    }

    private static func url(_ url: String, database: String) -> String {
        let parts = url.split(separator: "?", maxSplits: 1)
        let path = parts[0].split(separator: "/", omittingEmptySubsequences: false).prefix(3)
        let query = parts.count > 1 ? "?\(parts[1])" : ""
        return (path + [Substring(database)]).joined(separator: "/") + query
    }

    // MARK: Processes and files

    private func run(_ url: String, _ arguments: [String]) throws {
        let words = ["psql", "-X"] + arguments + [url]
        var pointers = words.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var process = pid_t()
        let code = posix_spawnp(&process, "psql", &actions, nil, &pointers, environ)
        guard code == 0 else { throw Failure(description: "psql cannot be started: error \(code)") }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        // 3 is a failed script; 1 and 2 are psql's own failures: no server, no file.
        let exitStatus = (status >> 8) & 0xFF
        guard status & 0x7F == 0, exitStatus == 0 || exitStatus == 3 else {
            throw Failure(description: "psql \(arguments) ended with status \(exitStatus)")
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb"), fwrite(bytes, 1, bytes.count, file) == bytes.count,
            fclose(file) == 0
        else { throw Failure(description: "\(path) cannot be written") }
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }
}
