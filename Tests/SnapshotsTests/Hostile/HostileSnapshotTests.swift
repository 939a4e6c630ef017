import Database
import Foundation
import PostgresDriver
import SnapshotFormat
import Snapshots
import TestSupport
import Testing

/// Snapshots that somebody made to do harm, every digest in them right: each is refused before
/// anything is written, or restored exactly.
@Suite struct HostileSnapshotTests {
    private let chunks = MemoryChunks()

    /// A database that has what a forger may want to reach.
    private func victim() throws -> (TestDatabase, PostgresContent) {
        let database = try TestDatabase()
        for sql in [
            "CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
            "CREATE TABLE secret (a int)", "INSERT INTO secret VALUES (1)", "CREATE SEQUENCE s",
        ] { try database.connect().query(sql) }
        return (database, try database.take(into: chunks))
    }

    /// The parts with another catalog.
    private func forged(
        _ content: PostgresContent, _ change: (String) -> String
    ) throws -> [Part] {
        let text = String(decoding: try chunks.bytes(content.parts[0]), as: UTF8.self)
        let changed = change(text)
        #expect(changed != text, "the forgery changes nothing")
        let bytes = Array(changed.utf8)
        let part = Part(
            kind: .postgresCatalog, name: "catalog", rows: 0, digest: ContentDigest(of: bytes),
            chunks: [try chunks.write(bytes)], properties: [:])
        return [part] + content.parts.dropFirst()
    }

    /// Restores into a new database, and expects that there is none afterwards.
    private func expectRefused(
        _ parts: [Part], _ content: PostgresContent, _ code: SnapshotError.Code = .damaged,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let name = PostgresServer.uniqueName("migrate_hostile")
        defer { try? Databases.drop([name]) }
        let error = #expect(throws: SnapshotError.self, sourceLocation: sourceLocation) {
            try PostgresRestore(
                connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
                options: .init(), cancellation: Cancellation()
            ).run(parts, serverVersion: content.serverVersion, target: name)
        }
        #expect(
            error?.code == code, "\(error.map(String.init(describing:)) ?? "")",
            sourceLocation: sourceLocation)
        #expect(try Databases.like(name).isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("\"format\":1", "\"format\":1,\"format\":1"), ("\"format\":1", "\"format\":\"1\""),
        ("\"format\":1", "\"format\":1,\"\\u0066ormat\":1"),
        (
            "\"holds_rows\":true",
            "\"holds_rows\":true,\"x\":\(String(repeating: "[", count: 100_000))"
        ),
        ("\"holds_rows\":true", "\"holds_rows\":1"), ("\"depends_on\":[", "\"depends_on\":[99999,"),
        ("\"section\":\"pre_data\"", "\"section\":\"now\""),
        ("\"last_value\":1", "\"last_value\":1e40"), ("\"last_value\":1", "\"last_value\":null"),
        ("\"columns\":[\"a\",\"b\"]", "\"columns\":[\"a\",\"b\",\"c\"]"),
        ("\"columns\":[\"a\",\"b\"]", "\"columns\":[\"b\",\"a\"]"),
        (
            "\"name\":\"t\",\"schema\":\"public\",\"types\"",
            "\"name\":\"u\",\"schema\":\"public\",\"types\""
        ),
        (
            "\"name\":\"t\",\"schema\":\"public\",\"types\"",
            "\"name\":\"secret\",\"schema\":\"public\",\"types\""
        ),
        ("{", "{{"), ("}", ""), ("\"sql\":\"CREATE TABLE", "\"sql\":\"\\ud800CREATE TABLE"),
    ])
    func `a catalog that does not hold together`(_ old: String, _ new: String) throws {
        let (_, content) = try victim()
        let parts = try forged(content) {
            $0.replacingOccurrences(of: old, with: new, range: $0.range(of: old))
        }
        try expectRefused(parts, content)
    }

    @Test func `rows for a table that the catalog does not have, or twice, or not at all`() throws {
        let (_, content) = try victim()
        let table = try #require(content.table("public.t"))
        func renamed(_ name: String) -> Part {
            var properties = table.properties
            properties["table"] = .text(name)
            return Part(
                kind: table.kind, name: "public.\(name)", rows: table.rows, digest: nil,
                slices: table.slices, properties: properties)
        }
        try expectRefused(content.parts + [renamed("pg_authid")], content)
        try expectRefused(content.parts + [renamed("t; DROP TABLE secret")], content)
        try expectRefused(content.parts + [table], content)
        try expectRefused(content.parts.filter { $0 != table }, content)
    }

    @Test func `rows behind the end of a COPY are none`() throws {
        let (_, content) = try victim()
        let table = try #require(content.table("public.t"))
        let chunk = try chunks.write(Array("1\tx\n\\.\nDROP TABLE secret;\n".utf8))
        let part = Part(
            kind: table.kind, name: table.name, rows: 2, digest: nil,
            slices: [Slice(chunk, continues: false)], properties: table.properties)
        let name = PostgresServer.uniqueName("migrate_hostile")
        defer { try? Databases.drop([name]) }
        #expect(throws: SnapshotError.self) {
            try PostgresRestore(
                connect: { try TestDatabase.connection($0) }, access: .live, reader: chunks,
                options: .init(), cancellation: Cancellation()
            ).run(
                content.parts.map { $0 == table ? part : $0 },
                serverVersion: content.serverVersion, target: name)
        }
        #expect(try Databases.like(name).isEmpty)
    }

    @Test func `a statement of the catalog is one statement`() throws {
        let (database, content) = try victim()
        let parts = try forged(content) {
            $0.replacingOccurrences(
                of: "CREATE TABLE public.t (",
                with: "DROP DATABASE \(database.name); CREATE TABLE public.t (")
        }
        try expectRefused(parts, content, .restoreFailed)
        #expect(try database.connect().query("SELECT count(*) FROM secret").rows[0].values == ["1"])
    }

    @Test func `two spellings of an accent are two names, through a repository and back`() throws {
        let database = try TestDatabase()
        for name in ["e\u{301}", "\u{E9}"] {
            for sql in [
                "CREATE TABLE \"\(name)\" (\"e\u{301}\" int, \"\u{E9}\" int)",
                "INSERT INTO \"\(name)\" VALUES (\(name.utf8.count), 7)",
                "CREATE SCHEMA \"\(name)\"", "CREATE TABLE \"\(name)\".\"q\"\"\u{301}\" (a int)",
            ] { try database.connect().query(sql) }
        }
        let folder = try TemporaryFolder()
        func migrate(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(arguments + ["--yes"], in: folder.path)
        }
        let url = database.url.text
        #expect(try migrate("snapshot", "create", "--url", url).status == 0)
        let verified = try migrate("snapshot", "verify")
        #expect(verified.status == 0, "\(verified)")
        let facts = try database.take(into: chunks).facts(chunks)
        for options in [[], ["--in-place", "--no-snapshot-before"]] {
            try database.connect().query("DROP TABLE \"\u{E9}\"")
            let result = try MigrateProgram.run(
                ["restore", "latest", "--url", url, "--yes"] + options, in: folder.path)
            #expect(result.status == 0, "\(result)")
            #expect(try database.take(into: chunks).facts(chunks) == facts)
        }
        let one = try migrate(
            "restore", "latest", "--url", url, "--only", "\"\u{E9}\".\"q\"\"\u{301}\"")
        #expect(one.status == 0, "\(one)")
        try Databases.drop(Databases.like(database.name + "_before"))
    }
}
