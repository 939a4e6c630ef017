import Database
import Migrations
import SQLiteDriver
import TestSupport
import Testing

/// What is SQLite's own: foreign keys around rebuilds, journal modes, triggers, memory.
@Suite struct SQLiteForeignKeyTests {
    private static let tables = """
        CREATE TABLE parent (id integer PRIMARY KEY, name text);
        CREATE TABLE child (
          id integer PRIMARY KEY, parent integer REFERENCES parent (id) ON DELETE CASCADE);
        INSERT INTO parent VALUES (1, 'one'), (2, 'two');
        INSERT INTO child VALUES (10, 1), (20, 2);
        """

    private func project(_ second: String) throws -> Project {
        let project = try Project(.sqlite)
        try project.write("1_a", up: Self.tables)
        try project.up()
        try project.write("2_b", up: second)
        return project
    }

    private static let copy =
        "CREATE TABLE new_parent (id integer PRIMARY KEY, name text NOT NULL);\n"
        + "INSERT INTO new_parent SELECT * FROM parent;\n"

    @Test(
        arguments: [
            // As SQLite's manual has it, with and without the pragma.
            copy + "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;",
            "PRAGMA foreign_keys = OFF;\n" + copy
                + "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;\nPRAGMA foreign_keys = ON;",
            "pragma main.foreign_keys('off');\n" + copy
                + "DROP TABLE parent; CREATE TABLE parent (id integer PRIMARY KEY, name text);\n"
                + "INSERT INTO parent SELECT * FROM new_parent; DROP TABLE new_parent;",
            "-- migrate: foreign-keys off\n" + copy
                + "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;",
            copy
                + "DROP TABLE IF EXISTS main.\"parent\"; ALTER TABLE `new_parent` RENAME TO [parent];",
        ])
    func `a rebuilt table loses no row of the tables that refer to it`(text: String) throws {
        let project = try project(text)
        #expect(try project.up().appliedVersions == ["2"])
        #expect(try project.sql("SELECT id, parent FROM child") == [["10", "1"], ["20", "2"]])
        #expect(try project.sql("PRAGMA foreign_key_check").isEmpty)
        #expect(throws: DatabaseError.self) {
            try project.sql("INSERT INTO child VALUES (30, 7)")
        }
    }

    @Test func `a table that is renamed away and dropped takes no rows of others along`() throws {
        // Later versions of SQLite lead the children to the renamed table, which is dropped then.
        let project = try project(
            """
            ALTER TABLE parent RENAME TO old_parent;
            CREATE TABLE parent (id integer PRIMARY KEY, name text NOT NULL);
            INSERT INTO parent SELECT * FROM old_parent;
            DROP TABLE old_parent;
            """)
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(try project.sql("SELECT id, parent FROM child") == [["10", "1"], ["20", "2"]])
        #expect(try project.tables() == ["child", "parent"])
    }

    @Test(arguments: [false, true])
    func `rows that would refer to nothing roll the migration back`(together: Bool) throws {
        let project = try project(
            Self.copy + """
                DELETE FROM new_parent WHERE id = 2;
                DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;
                """)
        let error = try failure { try project.up { $0.settings.isOneTransaction = together } }
        #expect(error.code == .migrationFailed)
        #expect(
            error.message
                == "1 row would refer to nothing: row 20 of 'child' refers to 'parent'")
        #expect(error.hint?.hasPrefix("2 was rolled back.") == true)
        #expect(error.failed?.version == "2")
        #expect(try project.value("SELECT count(*) FROM parent") == "2")
        #expect(try project.applied() == ["1"])
    }

    @Test func `rows that were broken before are not the migration's fault`() throws {
        let project = try project(
            Self.copy + "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;")
        try project.sql("PRAGMA foreign_keys = OFF")
        try project.sql("INSERT INTO child VALUES (30, 7)")
        #expect(try project.up().appliedVersions == ["2"])
        #expect(try project.value("SELECT count(*) FROM child") == "3")
    }

    @Test func `in a table without row ids, broken rows are counted`() throws {
        let project = try project(
            """
            PRAGMA foreign_keys = OFF;
            INSERT INTO pair VALUES ('b', 9);
            """)
        try project.sql(
            "CREATE TABLE pair (k text PRIMARY KEY, parent integer REFERENCES parent (id)) "
                + "WITHOUT ROWID")
        try project.sql("PRAGMA foreign_keys = OFF")
        try project.sql("INSERT INTO pair VALUES ('a', 8)")
        let error = try failure { try project.up() }
        #expect(error.message == "1 row would refer to nothing: a row of 'pair' refers to 'parent'")
        #expect(try project.sql("SELECT k FROM pair") == [["a"]])
    }

    @Test func `a file that rebuilds nothing keeps foreign keys enforced`() throws {
        let project = try project(
            "DELETE FROM parent WHERE id = 2; INSERT INTO child VALUES (30, 7);")
        let error = try failure { try project.up() }
        #expect(error.failed?.databaseError?.code == .constraint)
        #expect(try project.value("SELECT count(*) FROM child") == "2")
    }

    @Test func `enforcement is back for the next file, and after a failure`() throws {
        let project = try project("PRAGMA foreign_keys = OFF; SELECT 1;")
        try project.write("3_c", up: "INSERT INTO child VALUES (30, 7);")
        let error = try failure { try project.up() }
        #expect(error.failed?.version == "3")
        #expect(error.failed?.databaseError?.code == .constraint)
        let connection = try project.connect()
        let migrator = Migrator(try project.context(connection))
        try project.write("3_c", up: "PRAGMA foreign_keys = OFF; SELECT nowhere;")
        _ = try failure { _ = try migrator.up(UpRequest()) }
        #expect(try connection.query("PRAGMA foreign_keys").rows[0][0].boolean == true)
    }

    @Test func `a caller's connection without enforcement stays without`() throws {
        let project = try project(
            Self.copy + "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;")
        let connection = try project.connect()
        try connection.query("PRAGMA foreign_keys = OFF")
        _ = try Migrator(try project.context(connection)).up(UpRequest())
        #expect(try connection.query("PRAGMA foreign_keys").rows[0][0].boolean == false)
    }

    @Test func `without a transaction, the pragma holds from its line on, also when a run goes on`()
        throws
    {
        let head = """
            -- migrate: no-transaction
            PRAGMA foreign_keys = OFF;
            INSERT INTO child VALUES (30, 7);

            """
        let project = try project(head + "SELECT nowhere;")
        _ = try failure { try project.up() }
        try project.write("2_b", up: head + "INSERT INTO child VALUES (40, 8);")
        #expect(try project.up().appliedVersions == ["2"])
        #expect(try project.value("SELECT count(*) FROM child") == "4")
    }
}

@Suite struct SQLiteDatabaseTests {
    @Test(arguments: ["DELETE", "WAL", "TRUNCATE", "PERSIST"])
    func `every journal mode works and stays`(mode: String) throws {
        let project = try Project(.sqlite)
        try project.sql("PRAGMA journal_mode = \(mode)")
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        try project.write("2_b", up: "INSERT INTO a VALUES (1); SELECT nowhere;")
        let error = try failure { try project.up() }
        #expect(error.failed?.version == "2")
        #expect(try project.applied() == ["1"])
        #expect(try project.value("SELECT count(*) FROM a") == "0")
        #expect(try project.down().revertedVersions == ["1"])
        let isWAL = try project.value("PRAGMA journal_mode") == "wal"
        #expect(isWAL == (mode == "WAL"))
    }

    @Test func `triggers with several statements are one statement each`() throws {
        let project = try Project(.sqlite)
        try project.write(
            "1_a",
            up: """
                CREATE TABLE a (i integer, t text);
                CREATE TABLE log (line text);
                CREATE TRIGGER a_insert AFTER INSERT ON a BEGIN
                  INSERT INTO log VALUES ('new; ' || NEW.i);
                  INSERT INTO log SELECT CASE WHEN NEW.t IS NULL THEN 'none' ELSE NEW.t END;
                END;
                INSERT INTO a VALUES (1, 'x'); -- one
                """)
        try project.up()
        #expect(try project.sql("SELECT line FROM log") == [["new; 1"], ["x"]])
        #expect(try project.history()[0]["statements_total"] == "4")
    }

    @Test func `a database in memory runs and needs no lock`() throws {
        let project = try Project(.sqlite)
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        let connection = try SQLiteConnection(SQLiteURL(":memory:"), mode: .create)
        let context = RunContext(
            connection: connection, folder: project.path, identity: Project.identity(), lock: .none)
        #expect(try Migrator(context).up(UpRequest()).appliedVersions == ["1"])
        #expect(try Migrator(context).down(.all).revertedVersions == ["1"])
        #expect(!project.folder.has("test.db"))
    }

    @Test func `a database that another program is writing to is waited for`() throws {
        let project = try Project(.sqlite)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.up()
        try project.write("2_b", up: "CREATE TABLE b (i integer);")
        let file = project.file
        let writer = try project.connect()
        try writer.run([Step("BEGIN IMMEDIATE"), Step("INSERT INTO a VALUES (1)")])
        _ = file
        let report = try project.run({ context in
            context.observer.began = { _, _, _ in _ = try? writer.query("COMMIT") }
        }) { try $0.up(UpRequest()) }
        #expect(report.appliedVersions == ["2"])
        #expect(try project.value("SELECT count(*) FROM a") == "1")
    }

    @Test func `the tables of an attached database are its own`() throws {
        let project = try Project(.sqlite)
        let other = project.folder.file("other.db")
        try project.write(
            "1_a",
            up: """
                -- migrate: no-transaction
                ATTACH '\(other)' AS other;
                CREATE TABLE other.schema_migrations (version text);
                INSERT INTO other.schema_migrations VALUES ('theirs');
                DROP TABLE other.schema_migrations;
                """)
        #expect(try project.up().appliedVersions == ["1"])
    }
}
