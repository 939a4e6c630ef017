import Database
import PostgresDriver
import TestSupport
import Testing

/// What a role that is no superuser may not do in a swap, and how it is told.
@Suite struct RestoreRightsTests {
    private let role: TestRole
    private let database: TestDatabase
    private let folder: TemporaryFolder

    init() throws {
        role = try TestRole(attributes: "CREATEDB")
        database = try TestDatabase()
        folder = try TemporaryFolder()
        let admin = try PostgresServer.connect()
        try admin.query("ALTER DATABASE \(database.name) OWNER TO \(role.name)")
        try database.connect().query("ALTER SCHEMA public OWNER TO \(role.name)")
        let owner = try PostgresConnection(
            PostgresOptions(url: role.url(database: database.name)))
        try owner.query("CREATE TABLE t AS SELECT 1 AS i")
        owner.close()
        #expect(try migrate("snapshot", "create").status == 0)
    }

    private func migrate(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(
            arguments + ["--url", role.url(database: database.name).text], in: folder.path)
    }

    /// The old database serves, and nothing else is there.
    private func expectUntouched() throws {
        #expect(try Databases.like(database.name) == [database.name])
        #expect(try database.connect().query("SELECT i FROM t").rows.count == 1)
    }

    @Test func `the owner restores`() throws {
        let restored = try migrate("restore", "latest", "--yes")
        #expect(restored.status == 0, "\(restored)")
        try Databases.drop(
            Databases.like(database.name).filter { $0 != database.name } + [database.name])
    }

    @Test func `a session of a superuser that may not be ended`() throws {
        let other = try database.connect()
        let failed = try migrate("restore", "latest", "--yes")
        #expect(failed.status == 13, "\(failed)")
        #expect(failed.errors.contains("may not be ended: they are of"), "\(failed)")
        #expect(try other.query("SELECT i FROM t").rows.count == 1)
        try expectUntouched()
        try Databases.drop([database.name])
    }

    @Test func `the database of somebody else is refused before anything is done`() throws {
        try PostgresServer.connect().query(
            "ALTER DATABASE \(database.name) OWNER TO CURRENT_USER")
        let refused = try migrate("restore", "latest", "--yes")
        #expect(refused.status == 9, "\(refused)")
        #expect(refused.errors.contains("only its owner may rename it"), "\(refused)")
        try expectUntouched()
        try Databases.drop([database.name])
    }
}
