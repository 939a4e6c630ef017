import Foundation
import TestSupport
import Testing

/// The shape of what `snapshot` and `restore` print with `--json`, on success and on failure.
@Suite struct SnapshotDocumentTests {
    /// What changes from run to run, as it comes up.
    private final class Run {
        let project: SurfaceProject
        private var hidden: [String] = []

        init(_ database: SurfaceDatabase) throws {
            project = try SurfaceProject(database)
            _ = try project.rows("CREATE TABLE t (id integer PRIMARY KEY, v text)")
            _ = try project.rows("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
            _ = try project.rows("CREATE TABLE u (id integer)")
            hide(project.url)
            hide(project.folder.path)
            if database == .postgres { hide(project.databaseName) }
        }

        /// The longest first, for one can be a part of another.
        func hide(_ text: String?) {
            guard let text, !hidden.contains(text) else { return }
            hidden = (hidden + [text]).sorted { $0.utf8.count > $1.utf8.count }
        }

        /// Runs a command, compares its document, and remembers the names that came up in it.
        @discardableResult
        func check(
            _ golden: String, _ arguments: [String], _ status: Int32 = 0,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> [String: Any] {
            let result = try MigrateProgram.run(
                arguments + ["--json", "--repository", "kept"], in: project.folder.path,
                environment: ["MIGRATE_URL": project.url])
            result.expect(status, sourceLocation: sourceLocation)
            let document = try result.json()
            #expect(
                result.errors.contains("error: ") == (document["error"] != nil),
                sourceLocation: sourceLocation)
            for key in ["snapshot", "restore"] {
                let facts = document[key] as? [String: Any]
                for name in ["id", "restore_id", "kept_database", "snapshot_before"] {
                    hide(facts?[name] as? String)
                }
            }
            hide(document["snapshot_before"] as? String)
            // A confirmation names the snapshot's time and age.
            for match in result.output.matches(
                of: #/\d{4}-\d\d-\d\dT[\d:.]+Z|\([\d.]+ m?s\)/#)
            {
                hide(String(match.output))
            }
            let folder = golden.hasPrefix("restore") ? "Restore" : "Snapshots"
            try Golden.expect(
                result, "\(folder)/\(golden)-\(project.database)", hiding: hidden,
                sourceLocation: sourceLocation)
            return document
        }

        /// The names of the files in the repository's chunks.
        func chunks() throws -> [String] {
            let folder = project.folder.file("kept/chunks")
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
                .filter { $0.hasSuffix(".zst") }.sorted()
            for name in names { hide("chunks/" + name) }
            return names.map { folder + "/" + $0 }
        }
    }

    private func id(_ document: [String: Any], _ key: String = "snapshot") throws -> String {
        try #require((document[key] as? [String: Any])?["id"] as? String)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `snapshot create, list, show, verify, export, delete and prune`(
        _ database: SurfaceDatabase
    ) throws {
        let run = try Run(database)
        try run.check("snapshot-list-none", ["snapshot", "list"], 3)
        let first = try id(run.check("snapshot-create", ["snapshot", "create", "--label", "one"]))
        try run.check("snapshot-list", ["snapshot", "list"])
        try run.check("snapshot-show", ["snapshot", "show", first])
        try run.check(
            "snapshot-show-missing", ["snapshot", "show", "20260101T000000Z-local-0001"], 11)
        try run.check("snapshot-verify", ["snapshot", "verify"])
        try run.check("snapshot-export", ["snapshot", "export", "latest", "-o", "a.sql"])
        try run.check("snapshot-export-exists", ["snapshot", "export", first, "-o", "a.sql"], 9)
        try run.check("snapshot-export-usage", ["snapshot", "export", first], 2)
        _ = try run.project.rows("DELETE FROM t WHERE id = 2")
        let second = try id(run.check("snapshot-create-again", ["snapshot", "create"]))
        try run.check("snapshot-prune-dry", ["snapshot", "prune", "--keep-last", "1", "--dry-run"])
        try run.check("snapshot-delete-unconfirmed", ["snapshot", "delete", first], 9)
        try run.check("snapshot-delete", ["snapshot", "delete", first, "--yes"])
        try run.check("snapshot-prune", ["snapshot", "prune", "--grace", "0s", "--yes"])
        for path in try run.chunks() {
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        try run.check("snapshot-verify-damaged", ["snapshot", "verify", second], 11)
        try run.check("snapshot-export-damaged", ["snapshot", "export", second, "-o", "b.sql"], 11)
        try run.check("restore-damaged", ["restore", second, "--yes"], 11)
    }

    @Test(arguments: SurfaceDatabase.allCases)
    func `restore in all its forms`(_ database: SurfaceDatabase) throws {
        let run = try Run(database)
        let taken = try id(run.check("snapshot-create-unnamed", ["snapshot", "create"]))
        _ = try run.project.rows("DELETE FROM t")
        try run.check("restore-unconfirmed", ["restore", "latest"], 9)
        let swapped = try run.check("restore", ["restore", "latest", "--yes"])
        let facts = try #require(swapped["restore"] as? [String: Any])
        let kept = facts["restore_id"] as? String ?? taken
        try run.check("restore-forget", ["restore", "--forget", kept, "--yes"])
        try run.check("restore-forget-missing", ["restore", "--forget", kept, "--yes"], 11)
        try run.check("restore-cleanup", ["restore", "--cleanup"])
        try run.check(
            "restore-in-place",
            ["restore", taken, "--in-place", "--no-snapshot-before", "--yes"])
        if database == .sqlite {
            try run.check("restore-forget-again", ["restore", "--forget", taken, "--yes"])
        }
        _ = try run.project.rows("DROP TABLE u")
        try run.check("restore-only", ["restore", taken, "--only", "t", "--only", "u", "--yes"])
        try run.check("restore-only-unknown", ["restore", taken, "--only", "v", "--yes"], 2)
        try run.check("restore-missing", ["restore", "20260101T000000Z-local-0001", "--yes"], 11)
        try run.check("restore-usage", ["restore"], 2)
    }
}
