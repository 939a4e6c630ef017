import Database
import Foundation
import TestSupport
import Testing

/// `migrate adopt` as a user runs it, on the tables that the tools make.
@Suite struct AdoptCommandTests {
    private static let migrations = [
        "1_a.up.sql": "CREATE TABLE a (x integer);", "1_a.down.sql": "DROP TABLE a;",
        "2_b.up.sql": "CREATE TABLE b (x integer);", "2_b.down.sql": "DROP TABLE b;",
    ]

    /// golang-migrate has run the first migration.
    private func project(_ database: SurfaceDatabase, dirty: Bool = false) throws -> SurfaceProject
    {
        let project = try SurfaceProject(database, migrations: Self.migrations)
        let connection = try project.connect()
        defer { connection.close() }
        for statement in [
            "CREATE TABLE a (x integer)",
            "CREATE TABLE schema_migrations (version bigint not null primary key, dirty boolean not null)",
            "INSERT INTO schema_migrations VALUES (1, \(dirty))",
        ] { try connection.query(statement) }
        return project
    }

    private func configure(_ project: SurfaceProject, _ more: String = "") throws {
        try project.folder.write(
            "history_table: ours\n\(more)environments: { local: { url: \"\(project.url)\" } }\n",
            to: "migrate.yaml")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `a history is shown, taken over and taken over once`(_ database: SurfaceDatabase) throws {
        let project = try project(database)
        let table = database == .postgres ? "public.schema_migrations" : "schema_migrations"
        let other = database == .postgres ? "migrate.schema_migrations" : "migrate_history"
        // What other commands say leads here, and this says what is missing.
        let up = try project.migrate("up")
        up.expect(9)
        up.expectError("Then 'migrate adopt' takes over what that table records.")
        let refused = try project.migrate("adopt")
        refused.expect(9)
        refused.expectError(
            """
            error: the table 'schema_migrations' is golang-migrate's, so our history needs another name
            hint: Set 'history_table: \(other)' in migrate.yaml (or the variable \
            MIGRATE_HISTORY_TABLE), and run 'migrate adopt' again. golang-migrate's table stays as \
            it is.

            """)
        let ours = ["MIGRATE_HISTORY_TABLE": "ours"]
        let foreseen = try project.migrate("adopt", "--dry-run", environment: ours)
        foreseen.expect(0)
        let list = """
            golang-migrate's history in '\(table)':
            VERSION  NAME  APPLIED (UTC)  BY  FILE        CHECKSUM
            1        a                        1_a.up.sql  unknown

            """
        #expect(
            foreseen.output
                == list
                + "'migrate adopt' would record 1 migration as applied; nothing was changed\n")
        #expect(try project.tables() == ["a"])
        let adopted = try project.migrate("adopt", environment: ours)
        adopted.expect(0)
        #expect(
            adopted.output == list
                + "recorded 1 migration as applied; nothing ran, and '\(table)' stays as it is\n")
        let again = try project.migrate("adopt", environment: ours)
        again.expect(0)
        #expect(again.output == "golang-migrate's history was taken over already\n")
        try project.migrate("up", environment: ours).expect(0)
        #expect(try project.rows("SELECT version FROM ours ORDER BY 1") == ["1", "2"])
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["1"])
        #expect(try project.migrate("audit", "--verify", environment: ours).status == 0)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `the old table is kept current where the configuration says so`(
        _ database: SurfaceDatabase
    ) throws {
        let project = try project(database)
        try configure(project)
        let unset = try project.migrate("adopt", "--also-write")
        unset.expect(3)
        unset.expectError("hint: Set 'also_write: golang-migrate' in migrate.yaml")
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["1"])
        try configure(project, "also_write: golang-migrate\n")
        try project.migrate("adopt", "--also-write").expect(0)
        try project.migrate("up").expect(0)
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["2"])
        try project.migrate("down").expect(0)
        #expect(try project.rows("SELECT version FROM schema_migrations") == ["1"])
        try configure(project, "also_write: flyway\n")
        let wrong = try project.migrate("status")
        wrong.expect(3)
        wrong.expectError("'also_write' must be 'dbmate' or 'golang-migrate', not 'flyway'")
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `what cannot be taken over is said with its way out`(_ database: SurfaceDatabase) throws {
        let project = try project(database, dirty: true)
        try configure(project)
        let result = try project.migrate("adopt")
        result.expect(9)
        result.expectError(
            """
            error: version 1 is dirty: golang-migrate failed in it, or was stopped
            hint: Look how much of it took effect, and finish or undo it by hand. Then give \
            golang-migrate's own command: 'migrate … force 1' if it is done, 'migrate … force -1' if \
            it is not.

            """)
        let shown = try project.migrate("adopt", "--dry-run")
        shown.expect(9)
        #expect(shown.output.contains("problem: version 1 is dirty"))
        #expect(shown.output.hasSuffix("'migrate adopt' would refuse; nothing was changed\n"))
        try project.migrate("adopt", "--from", "goose").expect(2)
        try project.migrate("adopt", "--from", "gose").expect(2)
        try project.migrate("adopt", "--table", "nothing").expect(2)
        #expect(try project.tables() == ["a"])
    }

    @Test func `a database that is not there is not made`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.migrations)
        try project.migrate("adopt").expect(4)
        #expect(!project.folder.has("app.db"))
    }
}
