import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Tables of a snapshot that are partitioned, inherit, or are restored by a role of few rights.
@Suite struct PostgresPartitionsTests {
    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        try run(
            "CREATE TABLE place (id int PRIMARY KEY)", "INSERT INTO place VALUES (1), (2)",
            """
            CREATE TABLE log (id int, at int, place int REFERENCES place, PRIMARY KEY (id, at))
            PARTITION BY RANGE (at)
            """,
            "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20)",
            "CREATE INDEX log_at ON log (at)",
            "INSERT INTO log SELECT i, i, 1 + i % 2 FROM generate_series(0, 19) i")
    }

    private func value(_ sql: String) throws -> DatabaseValue {
        try database.connect().query(sql).rows[0][0]
    }

    private func number(_ sql: String) throws -> Int64? { try value(sql).integer }

    private func run(_ statements: String...) throws {
        try database.connect().run(statements.map { Step($0) })
    }

    @Test func `a partitioned table brings its partitions`() throws {
        let content = try database.take(into: chunks)
        try run("DROP TABLE log")
        let made = try database.restoreTables(["log"], content, from: chunks)
        #expect(made.created.map(\.name) == ["log", "log_1", "log_2"])
        #expect(try number("SELECT count(*) FROM log") == 20)
        try run("DELETE FROM log WHERE at > 3", "DROP TABLE log_2")
        let mended = try database.restoreTables(["log"], content, from: chunks)
        #expect(mended.created.map(\.name) == ["log_2"])
        #expect(mended.replaced.map(\.name) == ["log", "log_1"])
        #expect(try number("SELECT count(*) FROM log") == 20)
        #expect(
            try number(
                """
                SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE relkind = 'i'
                """) == 4)
    }

    @Test func `one partition can be restored`() throws {
        let content = try database.take(into: chunks)
        try run("DELETE FROM log_1 WHERE at < 5", "DELETE FROM log_2")
        _ = try database.restoreTables(["log_1"], content, from: chunks)
        #expect(try number("SELECT count(*) FROM log_1") == 10)
        #expect(try number("SELECT count(*) FROM log_2") == 0)
        #expect(throws: StepFailure.self) { try run("INSERT INTO log VALUES (500, 5, 77)") }
    }

    @Test func `a partition that the snapshot lacks is no silent rest`() throws {
        let content = try database.take(into: chunks)
        try run("CREATE TABLE log_3 PARTITION OF log FOR VALUES FROM (20) TO (30)")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["log"], content, from: chunks)
        }
        #expect(error?.message.contains("public.log_3") == true)
    }

    @Test func `a partition by the hash of an enum is restored with its table only`() throws {
        try run(
            "CREATE TYPE e AS ENUM ('a', 'b', 'c')",
            "CREATE TABLE h (e e, i int) PARTITION BY HASH (e)",
            "CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE h_1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
            "INSERT INTO h VALUES ('a', 1), ('b', 2), ('c', 3)")
        let content = try database.take(into: chunks)
        try run("DELETE FROM h")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["h_0"], content, from: chunks)
        }
        #expect(error?.code == .refused)
        _ = try database.restoreTables(["h"], content, from: chunks)
        #expect(try number("SELECT count(*) FROM h") == 3)
    }

    @Test func `a child that inherits keeps its own rows apart from those of its parent`() throws {
        try run(
            "CREATE TABLE base (i int)", "CREATE TABLE child (j int) INHERITS (base)",
            "INSERT INTO base VALUES (1)", "INSERT INTO child VALUES (2, 3)")
        let content = try database.take(into: chunks)
        try run("DELETE FROM base", "INSERT INTO child VALUES (9, 9)")
        _ = try database.restoreTables(["base"], content, from: chunks)
        #expect(try number("SELECT count(*) FROM ONLY base") == 1)
        #expect(try number("SELECT count(*) FROM child") == 1)
        try run("DROP TABLE base CASCADE")
        let report = try database.restoreTables(["child"], content, from: chunks)
        #expect(report.created.map(\.name) == ["base", "child"])
        #expect(report.remarks.contains { $0.contains("public.base") })
    }

    @Test func `the owner of a table restores it, row security or not`() throws {
        let role = try TestRole()
        try run(
            "GRANT CREATE ON SCHEMA public TO \(role.name)", "CREATE TABLE t (id serial, v text)",
            "INSERT INTO t (v) VALUES ('a'), ('b')", "ALTER TABLE t OWNER TO \(role.name)",
            "CREATE POLICY p ON t USING (id = 1)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t FORCE ROW LEVEL SECURITY")
        let content = try database.take(into: chunks)
        func session() throws -> PostgresConnection {
            try PostgresConnection(PostgresOptions(url: role.url(database: database.name)))
        }
        try run("DELETE FROM t")
        _ = try database.restoreTables(["t"], content, from: chunks, over: session())
        #expect(try number("SELECT count(*) FROM t") == 2)
        #expect(
            try value("SELECT relforcerowsecurity FROM pg_class WHERE relname = 't'").boolean
                == true)
        try run("DROP TABLE t")
        _ = try database.restoreTables(["t"], content, from: chunks, over: session())
        #expect(try number("SELECT count(*) FROM t") == 2)
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["place"], content, from: chunks, over: session())
        }
        #expect(error?.database?.code == .insufficientPrivilege)
        #expect(try number("SELECT count(*) FROM place") == 2)
        try run("DROP OWNED BY \(role.name) CASCADE")
    }

    @Test func `a new database gets the tables and what they need, and no more`() throws {
        try run(
            "CREATE TABLE besides (i serial)", "CREATE TYPE unused AS ENUM ('a')",
            "ALTER TABLE log ADD n serial", "ALTER SEQUENCE log_n_seq INCREMENT 7")
        let content = try database.take(into: chunks)
        let target = PostgresServer.uniqueName("migrate_only")
        defer { try? Databases.drop([target]) }
        var options = PostgresRestore.Options()
        options.tables = try TestDatabase.tables(["log"], content, chunks)
        let report = try database.restore(content, from: chunks, target: target, options: options)
        #expect(report.rows == 20 && report.isProven && report.keptDatabase == nil)
        #expect(report.remarks.contains { $0.contains("log_place_fkey") })
        let restored = try PostgresServer.connect(database: target)
        let names = try restored.query(
            """
            SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
            WHERE relkind IN ('r', 'p') AND oid >= 16384
            """)
        #expect(names.rows[0][0].string == "log log_1 log_2")
        #expect(try restored.query("SELECT to_regtype('unused')").rows[0][0] == .null)
    }

    @Test func `names are read as SQL reads them`() throws {
        try run(
            "CREATE SCHEMA \"S.x\"", "CREATE TABLE \"S.x\".\"Odd \"\"t\" (i int)",
            "CREATE SCHEMA b", "CREATE TABLE b.place (i int)")
        let content = try database.take(into: chunks, isSchemaOnly: true)
        let all = try SnapshotTables(content.parts, chunks)
        guard case .one(let odd) = all.find("\"S.x\".\"Odd \"\"t\"") else {
            Issue.record("not found")
            return
        }
        #expect(odd.text == "\"S.x\".\"Odd \"\"t\"")
        if case .one(let log) = all.find("LOG") {
            #expect(log.name == "log")
        } else {
            Issue.record()
        }
        if case .several(let two) = all.find("place") {
            #expect(two.count == 2)
        } else {
            Issue.record()
        }
        if case .none = all.find("\"LOG\"") {} else { Issue.record() }
        for text in ["", ".", "a.", "\"a", "a.b.c.d", "a\"b\""] {
            if case .malformed = all.find(text) {} else { Issue.record("\(text)") }
        }
    }
}
