internal import ArgumentParser
internal import SnapshotFormat
internal import Snapshots

/// `migrate snapshot`
struct SnapshotCommand: ParsableCommand {
    /// The name that its subcommands give as that of their super command.
    static let name = "\(RootCommand.name) snapshot"

    static let configuration = CommandConfiguration(
        commandName: "snapshot", _superCommandName: RootCommand.name,
        abstract: "Take, list, check, export and remove snapshots.",
        usage: "migrate snapshot <subcommand> [options]",
        discussion: """
            A snapshot is a consistent copy of one database in a repository, which is a folder. \
            'migrate restore' brings it back.
            """,
        subcommands: [
            SnapshotCreateCommand.self, SnapshotListCommand.self, SnapshotShowCommand.self,
            SnapshotVerifyCommand.self, SnapshotExportCommand.self, SnapshotDeleteCommand.self,
            SnapshotPruneCommand.self,
        ])
}

/// `migrate snapshot list`
struct SnapshotListCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", _superCommandName: SnapshotCommand.name,
        abstract: "List the snapshots of a repository, oldest first.",
        usage: "migrate snapshot list [options]",
        discussion: "With --env, those of that environment. Reads the manifests only.")

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        environment = options.env
        let repository = try app.openRepository(repository)
        var table = Table(
            ["SNAPSHOT", "DATABASE", "TABLES", "ROWS", "SIZE", "STORED", "LABEL"],
            shrinking: [1, 6], dropping: [5, 2, 1, 3])
        var list: [JSONValue] = []
        for snapshot in try repository.snapshots() {
            switch snapshot.manifest {
            case .success(let manifest):
                guard options.env == nil || manifest.environment == options.env else { continue }
                table.add([
                    manifest.id.text, manifest.database.name.asOneLine, String(manifest.tables),
                    String(manifest.rows), describe(bytes: manifest.bytes),
                    describe(bytes: manifest.storedBytes), manifest.label?.asOneLine ?? "",
                ])
                var facts = manifest.facts
                facts["damage"] = .array([])
                list.append(.object(facts))
            case .failure(let error):
                table.add(
                    [snapshot.name.asOneLine, "", "", "", "", "", error.message.asOneLine],
                    styles: [0: .red, 6: .red])
                let damage = error.damage.map { $0.json }
                list.append(
                    .object(["id": .string(snapshot.name), "damage": .array(damage)]))
            }
        }
        if list.isEmpty {
            app.terminal.result("there is no snapshot in '\(repository.place.path)'")
        } else {
            for line in table.lines(app.terminal) { app.terminal.result(line) }
        }
        return Outcome(facts: ["snapshots": .array(list)])
    }
}

/// `migrate snapshot show`
struct SnapshotShowCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", _superCommandName: SnapshotCommand.name,
        abstract: "Show what a snapshot holds.",
        usage: "migrate snapshot show <id> [options]", discussion: "Reads the manifest only.")

    @Argument(help: "The snapshot.")
    var id: String

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let id = try app.snapshotID(id)
        let manifest = try app.openRepository(repository).manifest(id)
        environment = manifest.environment
        for (name, value) in Self.lines(manifest) {
            let pad = String(repeating: " ", count: 13 - name.count)
            app.terminal.result("\(name)\(pad)\(value.asOneLine)")
        }
        var table = Table(["PART", "KIND", "ROWS", "SIZE"], shrinking: [0])
        for part in manifest.parts {
            table.add([
                part.name.asOneLine, part.kind.rawValue, String(part.rows),
                describe(bytes: part.bytes),
            ])
        }
        app.terminal.result()
        for line in table.lines(app.terminal) { app.terminal.result(line) }
        for exclusion in manifest.exclusions {
            app.terminal.result("left out: \(exclusion.asOneLine)")
        }
        let parts = manifest.parts.map { part in
            JSONValue.object([
                "name": .string(part.name), "kind": .string(part.kind.rawValue),
                "rows": .integer(part.rows), "bytes": .integer(part.bytes),
                "sha256": JSONValue(part.digest?.hex),
            ])
        }
        let more: [String: JSONValue] = [
            "parts": .array(parts), "exclusions": JSONValue(manifest.exclusions),
        ]
        return Outcome(facts: ["snapshot": .object(manifest.facts.merging(more) { $1 })])
    }

    private static func lines(_ manifest: Manifest) -> [(String, String)] {
        let database = manifest.database
        return [
            ("snapshot", manifest.id.text), ("taken", manifest.createdAt),
            ("environment", manifest.environment), ("label", manifest.label ?? "-"),
            ("database", "\(database.name) (\(database.system.rawValue) \(database.version))"),
            ("tables", String(manifest.tables)), ("rows", String(manifest.rows)),
            ("size", describe(bytes: manifest.bytes)),
            ("stored", describe(bytes: manifest.storedBytes)),
            ("taken with", "migrate \(manifest.toolVersion)"),
        ]
    }
}

/// `migrate snapshot verify`
struct SnapshotVerifyCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", _superCommandName: SnapshotCommand.name,
        abstract: "Read every byte of snapshots, and say what is damaged.",
        usage: "migrate snapshot verify [<id> ...] [options]",
        discussion: """
            Without names all of them, and whatever else is in the repository. Exits with 11 where \
            anything is not as it was written.
            """)

    @Argument(help: "The snapshots.")
    var ids: [String] = []

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        let repository = try app.openRepository(repository)
        var check = RepositoryCheck(repository)
        check.cancellation = app.cancellation
        app.terminal.startProgress()
        app.terminal.progress?.begin("reading '\(repository.place.path)'")
        check.onProgress = { app.terminal.progress?.bytesDone($0, $1) }
        let report = try check.run(ids)
        app.terminal.progress?.end()
        for snapshot in report.snapshots {
            let mark =
                snapshot.damage.isEmpty
                ? app.terminal.styled("ok  ", .green) : app.terminal.styled("FAIL", .red)
            app.terminal.result("\(mark)  \(snapshot.name.asOneLine)")
            for one in snapshot.damage { app.terminal.result("      " + one.line) }
        }
        for one in report.damage {
            app.terminal.result("\(app.terminal.styled("FAIL", .red))  \(one.line)")
        }
        if let unused = report.unusedChunks, unused > 0 {
            app.terminal.result(
                "\(count(unused, "chunk")) (\(describe(bytes: report.unusedBytes))) that no "
                    + "snapshot names; 'migrate snapshot prune' removes them")
        }
        guard !report.isSound else {
            app.terminal.result(
                "\(count(report.snapshots.count, "snapshot")) sound, "
                    + "\(describe(bytes: report.checkedBytes)) read")
            return Outcome(facts: report.facts)
        }
        throw failure(report, app)
    }

    private func failure(_ report: RepositoryReport, _ app: App) -> Failure {
        let damage = report.snapshots.flatMap(\.damage) + report.damage
        let broken = report.snapshots.count { !$0.damage.isEmpty }
        var failure = Failure(
            .snapshotDamaged, "snapshot_damaged",
            broken > 0
                ? "\(count(broken, "snapshot")) of \(report.snapshots.count) damaged"
                : "the repository holds what it should not")
        if app.terminal.isJSON || app.terminal.isQuiet { failure.notes = damage.map(\.line) }
        failure.documentFacts = report.facts
        return failure
    }
}

extension Damage {
    /// `chunks/3f/…: it is missing`.
    fileprivate var line: String { "\(object.asOneLine): \(problem.asOneLine)" }
}

extension RepositoryReport {
    /// The facts for the JSON document.
    fileprivate var facts: [String: JSONValue] {
        [
            "snapshots": .array(
                snapshots.map {
                    .object([
                        "id": .string($0.name), "ok": .bool($0.damage.isEmpty),
                        "damage": .array($0.damage.map(\.json)),
                    ])
                }),
            "damage": .array(damage.map(\.json)), "unused_chunks": JSONValue(unusedChunks),
            "unused_bytes": .integer(unusedBytes), "checked_bytes": .integer(checkedBytes),
        ]
    }
}
