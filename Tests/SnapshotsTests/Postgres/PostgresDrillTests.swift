import Database
import PostgresDriver
import TestSupport
import Testing

/// The drill through the program, as a user does it: snapshot, drop a table, restore, look.
@Suite struct PostgresDrillTests {
    @Test func `a dropped table comes back, and what was there is dropped when it is forgotten`()
        throws
    {
        let database = try TestDatabase()
        try database.connect().query(
            "CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 1000) i")
        let folder = try TemporaryFolder()
        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(
                arguments + ["--url", database.url.text, "--yes"], in: folder.path)
        }
        let taken = try migrate("snapshot", "create")
        #expect(taken.status == 0, "\(taken)")
        #expect(try MigrateProgram.run(["snapshot", "verify"], in: folder.path).status == 0)
        try database.connect().query("DROP TABLE t")
        let restored = try migrate("restore", "latest")
        #expect(restored.status == 0, "\(restored)")
        #expect(try database.connect().query("SELECT count(*) FROM t").rows[0][0].integer == 1000)
        let kept = try #require(
            Databases.like(database.name).first { $0.contains("_before_") })
        let forgotten = try migrate("restore", "--forget", String(kept.suffix(8)))
        #expect(forgotten.status == 0, "\(forgotten)")
        #expect(try Databases.like(database.name) == [database.name])
    }
}
