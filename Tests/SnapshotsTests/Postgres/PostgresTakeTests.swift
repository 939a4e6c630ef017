import Database
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// What a snapshot of a PostgreSQL database holds.
@Suite struct PostgresTakeTests {
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let chunks = MemoryChunks()

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
    }

    @Test func `rows, counts and sums are those of the tables`() throws {
        try connection.query(
            "CREATE TABLE a AS SELECT i, md5(i::text) AS m FROM generate_series(1, 1000) i")
        try connection.query("CREATE TABLE b (v text)")
        try connection.query("INSERT INTO b VALUES (NULL), ('x\ty'), (E'\\\\N'), ('')")
        try connection.query("CREATE TABLE empty (v text)")
        let content = try database.take(into: chunks)
        #expect(content.tables == 3)
        #expect(content.rows == 1004)
        let part = try #require(content.table("public.b"))
        #expect(part.rows == 4)
        #expect(
            String(decoding: try chunks.bytes(part), as: UTF8.self)
                == "\\N\nx\\ty\n\\\\N\n\n")
        #expect(content.table("public.empty")?.slices.isEmpty == true)
        // Both tables are in one chunk, and the catalog in another.
        #expect(chunks.count == 2)
    }

    @Test func `one changed row changes the sum of its table and of no other`() throws {
        try connection.query(
            "CREATE TABLE a AS SELECT i, md5(i::text) AS m FROM generate_series(1, 1000) i")
        try connection.query("CREATE TABLE b AS TABLE a")
        let before = try database.take(into: chunks)
        try connection.query("UPDATE a SET m = 'x' WHERE i = 500")
        let after = try database.take(into: chunks)
        func sum(_ content: PostgresContent, _ name: String) -> Property? {
            content.table(name)?.properties["content_hash"]
        }
        #expect(sum(before, "public.a") == sum(before, "public.b"))
        #expect(sum(before, "public.a") != sum(after, "public.a"))
        #expect(sum(before, "public.b") == sum(after, "public.b"))
    }

    @Test(arguments: [1, 3])
    func `a large table is cut by pages, and a small change stores little`(jobs: Int) throws {
        try connection.query(
            """
            CREATE TABLE big AS SELECT i, repeat(md5(i::text), 20) AS m
            FROM generate_series(1, 60000) i
            """)
        for number in 0..<40 {
            try connection.query("CREATE TABLE small\(number) AS SELECT \(number) AS v")
        }
        let first = try database.take(into: chunks, jobs: jobs)
        let part = try #require(first.table("public.big"))
        #expect(part.rows == 60_000)
        #expect(part.slices.count >= 3)
        #expect(part.slices.allSatisfy { !$0.continues })
        let before = chunks.storedBytes
        try connection.query("UPDATE big SET m = 'x' WHERE i = 1")
        try connection.query("INSERT INTO small7 VALUES (8)")
        let second = try database.take(into: chunks, jobs: jobs)
        #expect(second.table("public.big")?.rows == 60_000)
        let changed = Set(second.parts.flatMap(\.chunks)).subtracting(first.parts.flatMap(\.chunks))
        // The chunk of the row, the last one, where its new version went, and one of small tables.
        #expect(changed.count <= 3)
        #expect(chunks.storedBytes - before < before)
    }

    @Test func `every snapshot is one moment's, and sequences are not behind it`() throws {
        try connection.query("CREATE TABLE account (id int PRIMARY KEY, amount int)")
        try connection.query("INSERT INTO account SELECT i, 100 FROM generate_series(1, 50) i")
        try connection.query("CREATE TABLE log (id serial PRIMARY KEY, at int)")
        let writers = try Writers(database, count: 2)
        for _ in 0..<5 {
            let content = try database.take(into: chunks, jobs: 2)
            let accounts = try #require(content.table("public.account"))
            let lines = String(decoding: try chunks.bytes(accounts), as: UTF8.self)
                .split(separator: "\n")
            #expect(lines.count == 50)
            let sum = lines.reduce(0) { $0 + (Int($1.split(separator: "\t")[1]) ?? 0) }
            #expect(sum == 5000)
            let log = try #require(content.table("public.log"))
            let highest =
                String(decoding: try chunks.bytes(log), as: UTF8.self)
                .split(separator: "\n").compactMap { Int($0.split(separator: "\t")[0]) }.max() ?? 0
            let catalog = try CatalogReading(chunks.bytes(content.parts[0]))
            #expect(try #require(catalog.lastValue("log_id_seq")) >= Int64(highest))
        }
        try writers.stop()
    }

    @Test func `the lengths of a table's values out of line count`() throws {
        try connection.query("CREATE TABLE t (i int, v text)")
        try connection.query("ALTER TABLE t ALTER v SET STORAGE EXTERNAL")
        try connection.query(
            "INSERT INTO t SELECT i, repeat(md5(i::text), 10000) FROM generate_series(1, 100) i")
        let content = try database.take(into: chunks)
        let part = try #require(content.table("public.t"))
        #expect(part.rows == 100)
        // 32 MB of text in a single page of the table.
        #expect(part.chunks.count >= 2)
        #expect(part.chunks.allSatisfy { $0.bytes <= Chunk.targetBytes })
    }

    @Test func `row security that would hide rows is an error`() throws {
        let role = try TestRole()
        try connection.query("CREATE TABLE t (v text)")
        try connection.query("INSERT INTO t VALUES ('seen'), ('hidden')")
        try connection.query("ALTER TABLE t ENABLE ROW LEVEL SECURITY")
        try connection.query("CREATE POLICY p ON t USING (v = 'seen')")
        try connection.query("GRANT SELECT ON t TO \(role.name)")
        let url = try role.url(database: database.name)
        let chunks = chunks
        let error = #expect(throws: SnapshotError.self) {
            _ = try PostgresTake(
                connect: { try PostgresConnection(PostgresOptions(url: url)) }, access: .live,
                writer: chunks, options: .init(), cancellation: Cancellation()
            ).run()
        }
        #expect(error?.database?.message.contains("row-level security") == true)
        try connection.query("DROP OWNED BY \(role.name)")
    }

    @Test func `a killed session ends the snapshot`() throws {
        try connection.query(
            "CREATE TABLE big AS SELECT i, md5(i::text) AS m FROM generate_series(1, 300000) i")
        let killer = Killer(database, applicationName: "migrate snapshot")
        #expect(throws: SnapshotError.self) { _ = try database.take(into: chunks) }
        killer.stop()
    }

    @Test func `a request to stop ends it`() throws {
        let cancellation = Cancellation()
        cancellation.request()
        try connection.query("CREATE TABLE t AS SELECT generate_series(1, 10) AS i")
        let error = #expect(throws: SnapshotError.self) {
            _ = try database.take(into: chunks, cancellation: cancellation)
        }
        #expect(error?.code == .interrupted)
    }
}
