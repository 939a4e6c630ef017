import Database
import Foundation
import PostgresDriver
import Snapshots
import TestSupport
import Testing

/// `snapshot export` as a user runs it.
@Suite struct ExportProgramTests {
    private let place: SQLitePlace

    init() throws {
        place = try SQLitePlace()
        try place.take()
    }

    private func export(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(
            ["snapshot", "export"] + arguments + ["--repository", place.place.path],
            in: place.folder.path)
    }

    /// The files that an export has made.
    private func made() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: place.folder.path)
            .filter { !["live.db", "repository"].contains($0) }.sorted()
    }

    @Test func `standard output has the script and nothing else`() throws {
        let result = try export("latest", "--format", "sql")
        #expect(result.status == 0, "\(result)")
        #expect(result.errors.isEmpty)
        let copy = try SystemProgram.run(
            ["sqlite3", "-bail", "copy.db"], in: place.folder.path, input: result.output)
        #expect(copy.status == 0, "\(copy)")
        #expect(try place.rows(of: place.folder.file("copy.db")) == place.rows())
    }

    @Test func `a file is whole or not there, and is replaced only on demand`() throws {
        let first = try export("latest", "--output", "a.sql")
        #expect(first.status == 0, "\(first)")
        #expect(first.output.contains("exported"))
        let path = place.folder.file("a.sql")
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("COMMIT;\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        try "mine".write(toFile: path, atomically: true, encoding: .utf8)
        let refused = try export("latest", "-o", "a.sql")
        #expect(refused.status == 9)
        #expect(refused.errors.contains("--force"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try export("latest", "-o", "a.sql", "--force").status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("COMMIT;\n"))
        #expect(try export("latest", "-o", "no/a.sql").status == 12)
        try FileManager.default.createSymbolicLink(
            atPath: place.folder.file("link"), withDestinationPath: "live.db")
        #expect(try export("latest", "-o", "link", "--force").status == 9)
        #expect(try export("latest", "-o", "repository", "--force").status == 9)
        #expect(try made() == ["a.sql", "link"])
    }

    @Test func `a full disk leaves no file`() throws {
        let result = try MigrateProgram.run(
            ["snapshot", "export", "latest", "-o", "a.sql", "--repository", place.place.path],
            in: place.folder.path, fault: .init(.failure(ENOSPC), at: 2, of: ["write"]))
        #expect(result.faultHappened)
        #expect(result.status == 12, "\(result)")
        #expect(try made().isEmpty)
    }

    @Test func `a damaged snapshot exports nothing`() throws {
        let name = try #require(place.files().first { $0.hasPrefix("chunks/") })
        var bytes = try place.bytes(name)
        bytes[bytes.count / 2] ^= 1
        try place.write(bytes, to: name)
        let printed = try export("latest")
        #expect(printed.status == 11, "\(printed)")
        #expect(printed.output.isEmpty)
        let written = try export("latest", "-o", "a.sql", "--json")
        #expect(written.status == 11)
        let error = try #require(written.json()["error"] as? [String: Any])
        #expect((error["damage"] as? [Any])?.count == 1)
        #expect(try made().isEmpty)
    }

    @Test func `a damaged snapshot of PostgreSQL prints nothing`() throws {
        let database = try TestDatabase()
        for sql in [
            "CREATE TABLE a AS SELECT 1",
            "CREATE TABLE b AS SELECT md5(i::text) "
                + "FROM generate_series(1, 60000) i",
        ] { try database.connect().query(sql) }
        let folder = try TemporaryFolder()
        let taken = try MigrateProgram.run(
            ["snapshot", "create", "--url", database.url.text], in: folder.path)
        #expect(taken.status == 0, "\(taken)")
        let whole = try MigrateProgram.run(["snapshot", "export", "latest"], in: folder.path)
        #expect(whole.status == 0)
        #expect(whole.output.contains("COPY \"public\".\"b\""))
        // The largest chunk has the rows of the second table: the script would have begun long before.
        let chunks = folder.file("snapshots/chunks")
        let largest = try FileManager.default.subpathsOfDirectory(atPath: chunks)
            .filter { $0.hasSuffix(".zst") }.max {
                let sizes = try [$0, $1].map {
                    try FileManager.default.attributesOfItem(atPath: chunks + "/" + $0)[.size]
                        as? Int ?? 0
                }
                return sizes[0] < sizes[1]
            }
        let path = chunks + "/" + (try #require(largest))
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count - 10] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let damaged = try MigrateProgram.run(["snapshot", "export", "latest"], in: folder.path)
        #expect(damaged.status == 11, "\(damaged.errors)")
        #expect(damaged.output.isEmpty)
    }

    @Test func `what cannot be done together is said`() throws {
        #expect(try export("latest", "--json").status == 2)
        #expect(try export("latest", "--force").status == 2)
        #expect(try export("latest", "--create").status == 2)
        #expect(try export("latest", "--format", "csv").status == 2)
        #expect(try export("20260101T000000Z-local-0001").status == 11)
    }
}
