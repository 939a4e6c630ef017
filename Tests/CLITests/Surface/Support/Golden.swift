import Foundation
import TestSupport
import Testing

/// A JSON document kept beside the tests, with what changes from run to run masked.
///
/// With MIGRATE_RECORD_GOLDENS set, or where there is none yet, the document is written, and the
/// test fails: a recorded one has to be read by a person first.
enum Golden {
    static let folder = "Tests/CLITests/Surface/Golden"

    /// Compares the document on a program's standard output with the one called `name`, which may
    /// be in a folder of its own: `Restore/restore-missing`.
    static func expect(
        _ result: ProgramResult, _ name: String, hiding texts: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let masked = try mask(result.json(), texts)
        let data = try JSONSerialization.data(
            withJSONObject: masked, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
        let text = String(decoding: data, as: UTF8.self) + "\n"
        let path = Repository.path + "/\(folder)/\(name).json"
        let recorded = try? String(contentsOfFile: path, encoding: .utf8)
        if ProcessInfo.processInfo.environment["MIGRATE_RECORD_GOLDENS"] != nil || recorded == nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            Issue.record("\(name).json was recorded; read it", sourceLocation: sourceLocation)
            return
        }
        #expect(text == recorded, "\(name).json", sourceLocation: sourceLocation)
    }

    /// Every document that is kept, by its name.
    static func all() throws -> [String: [String: Any]] {
        var documents: [String: [String: Any]] = [:]
        let folder = Repository.path + "/" + Self.folder
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where name.hasSuffix(".json") {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            documents[String(name.dropLast(5))] =
                try JSONSerialization.jsonObject(with: data) as? [String: Any]
        }
        return documents
    }

    private static let volatile: Set<String> = [
        "run_id", "applied_at", "created_at", "sha256", "applied_by", "digest", "checksum", "libpq",
        "sqlite", "libyaml", "history_digest",
        "version_of_server", "at", "by", "host", "newest_digest", "tool_version",
    ]

    private static func mask(_ value: Any, _ texts: [String], key: String = "") -> Any {
        if var members = value as? [String: Any] {
            // That of a server or of a library.
            if members["system"] != nil { members["version"] = "<version>" }
            return members.reduce(into: [String: Any]()) {
                $0[$1.key] = mask($1.value, texts, key: $1.key)
            }
        }
        if let values = value as? [Any] { return values.map { mask($0, texts, key: key) } }
        if key.hasSuffix("_ms") || key.hasSuffix("bytes"), value is Int { return 0 }
        guard var text = value as? String else { return value }
        if volatile.contains(key) { return "<\(key)>" }
        for hidden in texts { text = text.replacingOccurrences(of: hidden, with: "…") }
        return text
    }
}
