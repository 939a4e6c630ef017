import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport

extension TestDatabase {
    /// Opens a session to any database of the server.
    static func connection(
        _ name: String, applicationName: String = "migrate restore"
    ) throws -> PostgresConnection {
        try PostgresConnection(
            PostgresOptions(
                url: PostgresServer.url(database: "postgres"), database: name,
                applicationName: applicationName))
    }

    /// Restores a snapshot in its place, or in that of another one.
    func restore(
        _ content: PostgresContent, from chunks: any ChunkReader, target: String? = nil,
        options: PostgresRestore.Options = .init(), cancellation: Cancellation = Cancellation(),
        onPhase: @escaping @Sendable (PostgresRestore.Phase) throws -> Void = { _ in }
    ) throws -> PostgresRestore.Report {
        try PostgresRestore(
            connect: { try Self.connection($0) }, access: .live, reader: chunks, options: options,
            cancellation: cancellation, onPhase: onPhase
        ).run(content.parts, serverVersion: content.serverVersion, target: target ?? name)
    }
}

extension TestDatabase {
    /// Restores a snapshot in place, as the superuser or over a session of the test's own.
    func restoreInPlace(
        _ content: PostgresContent, parts: [Part]? = nil, from chunks: any ChunkReader,
        over session: PostgresConnection? = nil, options: PostgresRestore.Options = .init(),
        cancellation: Cancellation = Cancellation(),
        onPhase: @escaping (_ pid: Int64, PostgresRestore.Phase) throws -> Void = { _, _ in },
        beforeReplacing: @escaping () throws -> Void = {}
    ) throws -> PostgresRestore.Report {
        let connection = try session ?? connect()
        defer { connection.close() }
        let (url, pid) = (url, connection.announcedProcessID ?? 0)
        var restore = PostgresInPlaceRestore(
            connection, reconnect: { try PostgresConnection(PostgresOptions(url: url)) },
            access: .live, reader: chunks, options: options, cancellation: cancellation)
        restore.onPhase = { try onPhase(pid, $0) }
        restore.beforeReplacing = beforeReplacing
        return try restore.run(parts ?? content.parts, serverVersion: content.serverVersion)
    }
}

extension TestDatabase {
    /// Restores tables of a snapshot; `names` are as on the command line.
    func restoreTables(
        _ names: [String], _ content: PostgresContent, from chunks: any ChunkReader,
        over session: PostgresConnection? = nil, options: PostgresRestore.Options = .init(),
        cancellation: Cancellation = Cancellation(),
        onPhase: @escaping (_ pid: Int64, PostgresRestore.Phase) throws -> Void = { _, _ in },
        beforeReplacing: @escaping () throws -> Void = {}
    ) throws -> PostgresTablesRestore.Report {
        let connection = try session ?? connect()
        defer { connection.close() }
        let (url, pid) = (url, connection.announcedProcessID ?? 0)
        var options = options
        options.tables = try Self.tables(names, content, chunks)
        var restore = PostgresTablesRestore(
            connection, reconnect: { try PostgresConnection(PostgresOptions(url: url)) },
            access: .live, reader: chunks, options: options, cancellation: cancellation)
        restore.onPhase = { try onPhase(pid, $0) }
        restore.beforeReplacing = beforeReplacing
        return try restore.run(content.parts, serverVersion: content.serverVersion)
    }

    /// The tables that names lead to.
    static func tables(
        _ names: [String], _ content: PostgresContent, _ chunks: any ChunkReader
    ) throws -> Set<RestoredTable> {
        let all = try SnapshotTables(content.parts, chunks)
        return Set(
            try names.map { name in
                guard case .one(let table) = all.find(name) else {
                    throw SnapshotError(.notFound, name)
                }
                return table
            })
    }
}

/// Databases that tests have made besides their own.
enum Databases {
    static func drop(_ names: [String?]) throws {
        let admin = try PostgresServer.connect()
        for name in names.compactMap({ $0 }) {
            try admin.query("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
        }
    }

    /// Those whose names begin so, with the name itself.
    static func like(_ prefix: String) throws -> [String] {
        try PostgresServer.connect().query(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1",
            [.text(prefix)]
        ).rows.compactMap { $0[0].string }
    }
}
