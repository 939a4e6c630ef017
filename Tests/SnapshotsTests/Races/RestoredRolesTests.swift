import Database
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// Roles that a restore creates for want of those that the snapshot names.
@Suite struct RestoredRolesTests {
    private struct Stop: Error {}

    private let database: TestDatabase
    private let chunks = MemoryChunks()
    private let roles = [
        PostgresServer.uniqueName("migrate_gone"), PostgresServer.uniqueName("migrate_\"gone"),
    ]
    private let content: PostgresContent

    init() throws {
        database = try TestDatabase()
        let connection = try database.connect()
        try connection.query("CREATE TABLE t AS SELECT 1 AS i")
        for role in roles { try connection.query("CREATE ROLE \(quoted(role))") }
        try connection.run([
            Step("ALTER TABLE t OWNER TO \(quoted(roles[0]))"),
            Step("GRANT SELECT ON t TO \(quoted(roles[1]))"),
        ])
        content = try database.take(into: chunks)
        try connection.run([
            Step("REVOKE ALL ON t FROM \(quoted(roles[1]))"),
            Step("ALTER TABLE t OWNER TO CURRENT_USER"),
        ])
        for role in roles { try connection.query("DROP ROLE \(quoted(role))") }
    }

    private func there() throws -> [String] {
        let all = try PostgresServer.connect().query("SELECT rolname FROM pg_roles").rows
            .compactMap { $0[0].string }
        return roles.filter(all.contains)
    }

    @Test(arguments: [PostgresRestore.Phase.schema, .rows, .privileges, .swap])
    func `they go where the restore fails`(phase: PostgresRestore.Phase) throws {
        #expect(throws: (any Error).self) {
            _ = try database.restore(
                content, from: chunks, options: .init(missingRoles: .createNologin)
            ) { if $0 == phase { throw Stop() } }
        }
        #expect(try there() == [])
        #expect(try Databases.like(database.name) == [database.name])
    }

    @Test func `they go where the restore in place fails`() throws {
        #expect(throws: (any Error).self) {
            _ = try database.restoreInPlace(
                content, from: chunks, options: .init(missingRoles: .createNologin),
                onPhase: { _, phase in if phase == .swap { throw Stop() } })
        }
        #expect(try there() == [])
    }

    @Test func `they stay where it succeeds, as roles like any other`() throws {
        let report = try database.restore(
            content, from: chunks, options: .init(missingRoles: .createNologin))
        #expect(try Set(there()) == Set(roles))
        let cleaned = try PostgresRestoreCleanup.run(target: database.name) {
            try TestDatabase.connection($0)
        }
        #expect(cleaned.roles.filter(roles.contains) == [])
        let admin = try PostgresServer.connect()
        let rows = try admin.query(
            """
            SELECT rolcanlogin, shobj_description(oid, 'pg_authid') FROM pg_roles
            WHERE rolname IN ($1, $2)
            """, [.text(roles[0]), .text(roles[1])]
        ).rows
        #expect(rows.map { $0[0].boolean } == [false, false])
        #expect(rows.map { $0[1].string } == [nil, nil])
        try Databases.drop([report.keptDatabase, database.name])
        for role in roles { try admin.query("DROP ROLE \(quoted(role))") }
    }

    @Test func `they go with the cleanup where the restore was killed`() throws {
        let admin = try PostgresServer.connect()
        let left = "\(database.name)_restore_0123abce"
        try admin.query("CREATE DATABASE \(left)")
        let role = quoted(roles[0])
        try admin.run([
            Step("CREATE ROLE \(role)"),
            Step("COMMENT ON ROLE \(role) IS 'created by the unfinished restore \(left)'"),
        ])
        try PostgresServer.connect(database: left).query(
            "CREATE SCHEMA s AUTHORIZATION \(role)")
        let report = try PostgresRestoreCleanup.run(target: database.name) {
            try TestDatabase.connection($0)
        }
        #expect(report.dropped.contains(left))
        #expect(report.roles.contains(roles[0]))
        #expect(try there() == [])
    }
}

private func quoted(_ name: String) -> String {
    "\"\(name.replacing("\"", with: "\"\""))\""
}
