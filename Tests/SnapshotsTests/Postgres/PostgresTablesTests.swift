import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Some tables of a snapshot, restored into a database that is there.
@Suite struct PostgresTablesTests {
    private struct Stop: Error {}

    private let database: TestDatabase
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        try database.connect().run([
            Step("CREATE SCHEMA shop"),
            Step("CREATE TYPE shop.mood AS ENUM ('good', 'bad')"),
            Step("CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL UNIQUE)"),
            Step(
                """
                CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                customer int NOT NULL CONSTRAINT of_customer REFERENCES customers, note text)
                """),
            Step("CREATE TABLE shop.feelings (id serial PRIMARY KEY, m shop.mood DEFAULT 'good')"),
            Step("INSERT INTO customers (name) SELECT 'c' || i FROM generate_series(1, 100) i"),
            Step(
                "INSERT INTO orders (customer, note) SELECT i, 'n' FROM generate_series(1, 100) i"),
            Step("INSERT INTO shop.feelings (m) VALUES ('bad'), ('good')"),
            Step("CREATE INDEX feeling ON shop.feelings (m)"),
            Step(
                """
                CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RAISE EXCEPTION ''a trigger fired''; END'
                """),
            Step("COMMENT ON TABLE shop.feelings IS 'how they feel'"),
            Step("GRANT SELECT ON shop.feelings TO PUBLIC"),
        ])
    }

    private func value(_ sql: String) throws -> DatabaseValue {
        try database.connect().query(sql).rows[0][0]
    }

    private func number(_ sql: String) throws -> Int64? { try value(sql).integer }

    private func run(_ statements: String...) throws {
        try database.connect().run(statements.map { Step($0) })
    }

    @Test func `a table that is missing comes with what hangs on it and what it needs`() throws {
        try run(
            "CREATE TRIGGER stamp BEFORE INSERT ON shop.feelings FOR EACH ROW EXECUTE FUNCTION shop.stamp()",
            "ALTER TABLE shop.feelings ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY p ON shop.feelings USING (id = 1)",
            "CREATE STATISTICS shop.s ON id, m FROM shop.feelings",
            "CREATE PUBLICATION pub FOR TABLE shop.feelings")
        let content = try database.take(into: chunks)
        try run("DROP SCHEMA shop CASCADE", "CREATE TABLE mark (i int)")
        let report = try database.restoreTables(["shop.feelings"], content, from: chunks)
        #expect(report.created.map(\.text) == ["shop.feelings"])
        #expect(report.replaced.isEmpty)
        #expect(report.rows == 2 && report.isProven)
        #expect(report.remarks.isEmpty, "\(report.remarks)")
        let counts = try database.connect().query(
            """
            SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'stamp'),
            (SELECT count(*) FROM pg_policies WHERE policyname = 'p'),
            (SELECT count(*) FROM pg_statistic_ext),
            (SELECT count(*) FROM pg_publication_tables WHERE tablename = 'feelings'),
            (SELECT count(*) FROM pg_indexes WHERE tablename = 'feelings'),
            (SELECT count(*) FROM pg_class WHERE relname = 'feelings' AND relrowsecurity
            AND relacl::text LIKE '%=r/%' AND obj_description(oid) = 'how they feel')
            """
        ).rows[0].values.map(\.integer)
        #expect(counts == [1, 1, 1, 1, 2, 1])
        #expect(try number("SELECT nextval('shop.feelings_id_seq')") == 3)
        #expect(try value("SELECT to_regclass('mark') IS NOT NULL").boolean == true)
    }

    @Test func `a table that is there gets its rows, and no trigger fires`() throws {
        let content = try database.take(into: chunks)
        try run(
            "TRUNCATE orders RESTART IDENTITY", "DELETE FROM customers WHERE id > 100",
            "INSERT INTO customers (name) VALUES ('new')",
            "CREATE TRIGGER fire BEFORE INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION shop.stamp()",
            "ALTER TABLE orders ENABLE ALWAYS TRIGGER fire",
            "CREATE TRIGGER off BEFORE TRUNCATE ON orders EXECUTE FUNCTION shop.stamp()",
            "ALTER TABLE orders DISABLE TRIGGER off")
        let report = try database.restoreTables(["orders"], content, from: chunks)
        #expect(report.replaced.map(\.text) == ["public.orders"])
        #expect(report.rows == 100)
        #expect(try number("SELECT count(*) FROM orders") == 100)
        #expect(try number("SELECT count(*) FROM customers") == 101)
        #expect(try number("SELECT nextval('orders_id_seq')") == 101)
        let firing = try value(
            "SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal"
        )
        #expect(firing == .text("fireA offD"))
        #expect(
            try value("SELECT convalidated FROM pg_constraint WHERE conname = 'of_customer'")
                .boolean == true)
    }

    @Test func `a row that breaks a foreign key rolls all back, and is named`() throws {
        let content = try database.take(into: chunks)
        try run("DELETE FROM orders", "DELETE FROM customers WHERE id = 7")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["orders"], content, from: chunks)
        }
        #expect(error?.code == .restoreFailed)
        #expect(error?.message.contains("of_customer") == true)
        #expect(error?.database?.detail?.contains("(customer)=(7)") == true)
        #expect(try number("SELECT count(*) FROM orders") == 0)
        #expect(
            try number("SELECT count(*) FROM pg_constraint WHERE conname = 'of_customer'") == 1)
        // Both together hold.
        let report = try database.restoreTables(["orders", "customers"], content, from: chunks)
        #expect(report.rows == 200)
    }

    @Test func `rows of another table that would lose what they refer to keep it all as it is`()
        throws
    {
        let content = try database.take(into: chunks)
        try run(
            "INSERT INTO customers (name) VALUES ('late')",
            "INSERT INTO orders (customer) SELECT id FROM customers WHERE name = 'late'")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["customers"], content, from: chunks)
        }
        #expect(error?.message.contains("of_customer") == true)
        #expect(try number("SELECT count(*) FROM customers") == 101)
    }

    @Test func `another definition is refused with what differs`() throws {
        let content = try database.take(into: chunks)
        try run("ALTER TABLE orders ALTER COLUMN note TYPE varchar(9)")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["orders"], content, from: chunks)
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("'note text'") == true)
        #expect(error?.message.contains("'note character varying(9)'") == true)
        #expect(error?.hint?.contains("--into") == true)
        try run("ALTER TABLE orders ALTER note TYPE text, ADD more int")
        let other = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["orders"], content, from: chunks)
        }
        #expect(other?.message.contains("it has 'more integer' besides") == true)
        #expect(try number("SELECT count(*) FROM orders") == 100)
    }

    @Test func `a dropped table comes back with the foreign keys that went with it`() throws {
        try run("CREATE VIEW names AS SELECT name FROM customers")
        let content = try database.take(into: chunks)
        try run("DROP TABLE customers CASCADE")
        let report = try database.restoreTables(["customers"], content, from: chunks)
        #expect(report.remarks.contains { $0.contains("of_customer") && $0.contains("put back") })
        #expect(report.remarks.contains { $0.contains("public.names") })
        #expect(
            try number("SELECT count(*) FROM pg_constraint WHERE conname = 'of_customer'") == 1)
    }

    @Test func `a foreign key to a table that is not there is left out and reported`() throws {
        let content = try database.take(into: chunks)
        try run("DROP TABLE orders, customers")
        let report = try database.restoreTables(["orders"], content, from: chunks)
        #expect(report.remarks.contains { $0.contains("of_customer") && $0.contains("left out") })
        #expect(try number("SELECT count(*) FROM orders") == 100)
        #expect(try value("SELECT to_regclass('customers')") == .null)
    }

    @Test func `what is granted on new objects by default is not on those of the snapshot`() throws
    {
        let content = try database.take(into: chunks)
        try run(
            "DROP TABLE orders", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC")
        _ = try database.restoreTables(["orders"], content, from: chunks)
        #expect(try value("SELECT relacl FROM pg_class WHERE relname = 'orders'") == .null)
        try run("CREATE TABLE later (i int)")
        #expect(
            try value("SELECT relacl IS NOT NULL FROM pg_class WHERE relname = 'later'").boolean
                == true)
    }

    @Test func `sequences stand as in the snapshot, and never behind a row`() throws {
        let content = try database.take(into: chunks)
        try run("SELECT setval('orders_id_seq', 5000)")
        _ = try database.restoreTables(["orders"], content, from: chunks)
        #expect(try number("SELECT last_value FROM orders_id_seq") == 100)
        // A row that the sequence has not given out.
        try run(
            "INSERT INTO orders (id, customer) OVERRIDING SYSTEM VALUE VALUES (900, 1)")
        let ahead = try database.take(into: chunks)
        _ = try database.restoreTables(["orders"], ahead, from: chunks)
        #expect(try number("SELECT nextval('orders_id_seq')") == 901)
    }

    @Test(arguments: PostgresRestore.Phase.allCases)
    func `a backend killed in any phase of a restore of tables leaves the old ones`(
        phase: PostgresRestore.Phase
    ) throws {
        let content = try database.take(into: chunks)
        try run("DROP TABLE shop.feelings", "DELETE FROM orders WHERE id > 3")
        let sequence = try value("SELECT last_value FROM orders_id_seq")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(["orders", "feelings"], content, from: chunks) {
                guard $1 == phase else { return }
                try PostgresServer.connect().query(
                    "SELECT pg_terminate_backend($1::int, 10000)", [.integer($0)])
            }
        }
        #expect(error?.code == .restoreFailed)
        #expect(try number("SELECT count(*) FROM orders") == 3)
        #expect(try value("SELECT to_regclass('shop.feelings')") == .null)
        #expect(try value("SELECT last_value FROM orders_id_seq") == sequence)
    }

    @Test func `whoever would write what is replaced waits, and nothing written is lost`() throws {
        let content = try database.take(into: chunks)
        let writer = try database.connect()
        try writer.query("SET lock_timeout = '200ms'")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.restoreTables(
                ["orders"], content, from: chunks,
                beforeReplacing: {
                    #expect(try writer.query("TABLE orders").rows.count == 100)
                    try writer.query("INSERT INTO orders (customer) VALUES (1)")
                })
        }
        #expect(error?.database?.code == .lockTimeout)
    }
}
