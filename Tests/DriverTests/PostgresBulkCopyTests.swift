import Database
import PostgresDriver
import Synchronization
import TestSupport
import Testing

/// Rows of whole tables through COPY.
@Suite struct PostgresBulkCopyTests {
    private struct Stop: Error {}

    private let database: TestDatabase
    private let connection: PostgresConnection

    init() throws {
        database = try TestDatabase()
        connection = try database.connect()
    }

    private func bytes(_ sql: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try connection.copyOut(sql) { bytes += $0 }
        return bytes
    }

    @Test func `rows come as the server writes them, one at a time`() throws {
        var rows: [String] = []
        let count = try connection.copyOut(
            "COPY (SELECT i, repeat('ä', i) FROM generate_series(1, 3) i) TO STDOUT"
        ) { rows.append(String(decoding: $0, as: UTF8.self)) }
        #expect(count == 3)
        #expect(rows == ["1\tä\n", "2\tää\n", "3\täää\n"])
    }

    @Test func `what came out goes in again, in text and in binary, cut anywhere`() throws {
        try connection.query(
            """
            CREATE TABLE t AS SELECT i, md5(i::text) AS m, decode(md5(i::text), 'hex') AS b
            FROM generate_series(1, 5000) i
            """)
        try connection.query("CREATE TABLE u (LIKE t)")
        for format in ["text", "binary"] {
            let data = try bytes("COPY t TO STDOUT (FORMAT \(format))")
            var start = 0
            let count = try connection.copyIn("COPY u FROM STDIN (FORMAT \(format))") {
                let end = min(start + 7001, data.count)
                defer { start = end }
                return start == end ? nil : Array(data[start..<end])
            }
            #expect(count == 5000)
            let isSame = "SELECT count(*) FROM (TABLE t EXCEPT ALL TABLE u) d"
            #expect(try connection.query(isSame).rows[0][0].integer == 0)
            try connection.query("TRUNCATE u")
        }
    }

    @Test func `bytes of another encoding pass untouched`() throws {
        let latin = try TestDatabase(
            options: "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        let connection = try latin.connect()
        try connection.query("CREATE TABLE t (v text)")
        var data: [UInt8]? = [0xE4, 0x0A, 0xFF, 0x0A]
        _ = try connection.copyIn("COPY t FROM STDIN (ENCODING 'LATIN1')") {
            defer { data = nil }
            return data
        }
        #expect(try connection.query("SELECT string_agg(v, '') FROM t").rows[0][0].string == "äÿ")
        var back: [UInt8] = []
        _ = try connection.copyOut("COPY t TO STDOUT (ENCODING 'LATIN1')") { back += $0 }
        #expect(back == [0xE4, 0x0A, 0xFF, 0x0A])
    }

    @Test func `an error of the server is carried, and the connection goes on`() throws {
        try connection.query("CREATE TABLE t (i int PRIMARY KEY)")
        let error = #expect(throws: DatabaseError.self) {
            var pieces: [[UInt8]] = [Array("1\n1\n".utf8)]
            _ = try connection.copyIn("COPY t FROM STDIN") { pieces.popLast() }
        }
        #expect(error?.code == .constraint)
        let other = #expect(throws: DatabaseError.self) {
            _ = try connection.copyOut(
                "COPY (SELECT 1 / (3 - i) FROM generate_series(1, 5) i) TO STDOUT"
            ) { _ in }
        }
        #expect(other?.sqlState == "22012")
        #expect(try bytes("COPY t TO STDOUT").isEmpty)
    }

    @Test func `an error of the caller ends the statement, and the connection goes on`() throws {
        try connection.query("CREATE TABLE t (i int)")
        #expect(throws: Stop.self) {
            _ = try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") {
                _ in
                throw Stop()
            }
        }
        #expect(throws: Stop.self) {
            var pieces: [[UInt8]] = [Array("1\n".utf8)]
            _ = try connection.copyIn("COPY t FROM STDIN") {
                guard let piece = pieces.popLast() else { throw Stop() }
                return piece
            }
        }
        #expect(try bytes("COPY t TO STDOUT").isEmpty)
    }

    @Test func `a COPY is cancelled from another thread`() throws {
        let interrupter = connection.interrupter
        let error = #expect(throws: DatabaseError.self) {
            var isFirst = true
            _ = try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") {
                _ in
                if isFirst { interrupter.interrupt() }
                isFirst = false
            }
        }
        #expect(error?.code == .cancelled)
        #expect(try bytes("COPY (SELECT 1) TO STDOUT") == Array("1\n".utf8))
    }

    @Test(arguments: [
        "SELECT 1", "COPY (SELECT 1) TO STDOUT",
    ])
    func `a statement that is no COPY of the kind is refused`(_ sql: String) throws {
        #expect(throws: DatabaseError.self) { _ = try connection.copyIn(sql) { nil } }
    }

    @Test func `a server that dies in a COPY is a lost connection`() throws {
        let admin = try PostgresServer.connect()
        let pid = connection.backendPID
        let error = #expect(throws: DatabaseError.self) {
            var isFirst = true
            _ = try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") {
                _ in
                if isFirst { try admin.query("SELECT pg_terminate_backend(\(pid))") }
                isFirst = false
            }
        }
        #expect(error?.code == .connectionLost)
    }

    @Test func `another database of the same server`() throws {
        let other = try TestDatabase()
        let connection = try PostgresConnection(
            PostgresOptions(url: database.url, database: other.name))
        #expect(connection.database == other.name)
        let name = try connection.query("SELECT current_database()").rows[0][0].string
        #expect(name == other.name)
    }
}
