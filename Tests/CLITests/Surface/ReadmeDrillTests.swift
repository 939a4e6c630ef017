import Database
import Foundation
import TestSupport
import Testing

/// The drill in the README, run as it is printed there: snapshot, drop a table, restore, look.
@Suite struct ReadmeDrillTests {
    /// The blocks of the section, each with its commands and what they answer.
    private static func blocks() throws -> [[String]] {
        let text = try Repository.read("README.md")
        let section = try #require(
            text.components(separatedBy: "\n## The drill\n").dropFirst().first
        )
        .components(separatedBy: "\n## ")[0]
        let fenced = section.components(separatedBy: "```").enumerated()
        return fenced.filter { !$0.offset.isMultiple(of: 2) }.map { _, block in
            block.split(separator: "\n").map(String.init)
        }
    }

    /// Without what differs from run to run: names of snapshots and databases, times and sizes.
    private static func normal(_ line: String) -> String {
        var line = line.trimmingCharacters(in: .whitespaces)
        for (pattern, word) in [
            (#"[0-9]{8}T[0-9]{6}Z-[a-z]+-[0-9a-f]{4}"#, "ID"),
            (#"_before_[0-9a-f]{8}"#, "_before_ID"),
            (#"--forget [0-9a-f]{8}"#, "--forget ID"), (#"postgres://[^ '"]+"#, "URL"),
            (#"'[^' ]*_before_ID'"#, "'KEPT'"), (#"[0-9.]+ m?s\b"#, "TIME"),
            (#"[0-9.]+ (B|kB|MB)\b"#, "SIZE"),
        ] {
            line = line.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return line
    }

    private func run(_ block: [String], url: String?) throws {
        let folder = try TemporaryFolder()
        var script = ["program=$0", #"migrate() { "$program" "$@"; }"#, "exec 2>&1", "set -e"]
        for line in block where line.hasPrefix("$ ") {
            script.append("printf '%s\\n' '\(line.replacing("'", with: #"'\''"#))'")
            let command = String(line.dropFirst(2))
            script.append(
                url.map {
                    command.replacingOccurrences(
                        of: #"postgres://\S+"#, with: $0, options: .regularExpression)
                } ?? command)
        }
        let result = try MigrateProgram.run(
            [], in: folder.path, shell: script.joined(separator: "\n"))
        #expect(result.status == 0, "\(result)")
        let printed = result.output.split(separator: "\n").map { Self.normal(String($0)) }
        #expect(printed == block.map(Self.normal))
    }

    @Test func `with SQLite`() throws {
        let block = try #require(Self.blocks().first)
        #expect(block.contains { $0.contains("DROP TABLE") })
        try run(block, url: nil)
    }

    @Test func `with PostgreSQL`() throws {
        let database = try TestDatabase()
        let block = try #require(Self.blocks().dropFirst().first)
        #expect(block.contains { $0.contains("DROP TABLE") })
        defer {
            // What the drill does not forget.
            if let admin = try? PostgresServer.connect() {
                let names = try? admin.query(
                    "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
                    [.text(database.name + "_before_")]
                ).rows.compactMap { $0[0].string }
                for name in names ?? [] { _ = try? admin.query("DROP DATABASE \(name)") }
            }
        }
        try run(block, url: database.url.text)
    }
}
