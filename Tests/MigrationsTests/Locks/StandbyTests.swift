import Database
import Migrations
import PostgresDriver
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A server of its own that stays in recovery, as a standby does.
private final class Standby: Sendable {
    let url: DatabaseURL
    private let folder: TemporaryFolder

    init(preparing: (PostgresConnection) throws -> Void) throws {
        folder = try TemporaryFolder()
        let primary = try DatabaseURL(try Self.cluster("start", folder))
        let connection = try PostgresConnection(PostgresOptions(url: primary))
        try preparing(connection)
        connection.close()
        _ = try Self.cluster("stop", folder)
        try folder.write("", to: "data/standby.signal")
        url = try DatabaseURL(try Self.cluster("start", folder))
    }

    deinit { _ = try? Self.cluster("stop", folder) }

    /// Runs scripts/postgres-cluster and returns what it prints.
    ///
    /// Not by `Process`, which waits for the server that it starts as well.
    private static func cluster(_ action: String, _ folder: TemporaryFolder) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let command = "MIGRATE_TEST_FSYNC=off '/\(root)/scripts/postgres-cluster' \(action)"
        let stream = try #require(popen("\(command) '\(folder.path)'", "r"))
        var output: [UInt8] = []
        while case let byte = getc(stream), byte != EOF {
            output.append(UInt8(truncatingIfNeeded: byte))
        }
        try #require(pclose(stream) == 0)
        return String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

@Suite struct StandbyTests {
    @Test func `a standby is refused before anything is tried, and may be looked at`() throws {
        let folder = try TemporaryFolder()
        try folder.write("CREATE TABLE a (i integer);", to: "1_a.up.sql")
        try folder.write("DROP TABLE a;", to: "1_a.down.sql")
        let standby = try Standby { connection in
            _ = try Migrator(
                RunContext(
                    connection: connection, folder: folder.path, identity: Project.identity(),
                    lock: .session)
            ).up(UpRequest())
        }
        try folder.write("CREATE TABLE b (i integer);", to: "2_b.up.sql")
        let connection = try PostgresConnection(PostgresOptions(url: standby.url))
        defer { connection.close() }
        let migrator = Migrator(
            RunContext(
                connection: connection, folder: folder.path, identity: Project.identity(),
                lock: .session))
        #expect(try migrator.status().map(\.state) == [.applied, .pending])
        #expect(try migrator.plan(UpRequest()).steps.map(\.version) == ["2"])
        for attempt in [
            { _ = try migrator.up(UpRequest()) }, { _ = try migrator.down(.count(1)) },
            { try migrator.repair([.markReverted("1")]) },
        ] as [() throws -> Void] {
            let error = try failure { try attempt() }
            #expect(error.code == .refused)
            #expect(error.message == "the server is a standby and accepts no changes")
            #expect(error.hint?.contains("target_session_attrs=read-write") == true)
        }
        #expect(
            try migrator.examine().missingPrivilege
                == "the server is a standby and accepts no changes")
        // An old image that starts on it has nothing to do.
        #expect(try migrator.up(UpRequest(to: "1")).applied.isEmpty)
    }
}
