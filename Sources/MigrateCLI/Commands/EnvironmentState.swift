internal import Database
internal import Migrations
internal import ProjectConfig
internal import SnapshotFormat

/// What `environments` finds out about one of them by a look at its database.
struct EnvironmentState {
    private(set) var stamp: String?
    private(set) var newest: String?
    private(set) var applied: Int?
    private(set) var pending: Int?
    private(set) var lastRun: AuditEntry?
    private(set) var snapshot: Manifest?
    /// What kept it from being looked at.
    private(set) var problem: String?

    /// Nothing is known.
    init() {}

    /// Looks at the database of environment `name`.
    init(of name: String, _ app: App, _ snapshot: Manifest?) {
        self.snapshot = snapshot
        do {
            var options = app.options
            options.env = name
            var project = try Project(options, usesOwnAddress: true)
            // One that is down must not keep the others from being shown for long.
            project.options.connectTimeout =
                project.options.connectTimeout == .zero
                ? .seconds(3) : min(.seconds(3), project.options.connectTimeout)
            let database = try app.open(project, .look)
            defer { database.connection.close() }
            try look(app.migrator(project, database))
        } catch {
            problem = Program.failure(error, app).message
        }
    }

    private mutating func look(_ migrator: Migrator) throws {
        lastRun = try migrator.lastRun()
        let statuses = try migrator.status()
        stamp = migrator.stamp
        let done = statuses.filter { $0.appliedAt != nil || $0.state == .applied }
        applied = done.count
        newest = done.last { !$0.version.hasPrefix(RepeatableMigration.prefix) }?.version
        pending = statuses.count { $0.isPending || $0.state == .failedPartWay }
    }

    /// VERSION, PENDING, LAST RUN, SNAPSHOT.
    var cells: [String] {
        [
            newest ?? "-", pending.map(String.init) ?? "-",
            lastRun.map { run in
                String(run.at.prefix(16).replacing("T", with: " ")) + " " + run.entry.action
                    + (run.entry.outcome == "success" ? "" : " (\(run.entry.outcome))")
            } ?? "-",
            (snapshot?.createdAt.prefix(16)).map { String($0.replacing("T", with: " ")) } ?? "-",
        ]
    }

    /// What a person should look at.
    func warning(_ name: String) -> String? {
        if let problem { return "\(name): \(problem)" }
        guard let stamp, stamp != name else { return nil }
        return "\(name): its database belongs to environment '\(stamp)'"
    }

    /// The facts for the JSON document.
    var facts: [String: JSONValue] {
        [
            "stamp": JSONValue(stamp), "newest_version": JSONValue(newest),
            "applied": JSONValue(applied), "pending": JSONValue(pending),
            "last_run": lastRun.map {
                .object([
                    "at": .string($0.at), "action": .string($0.entry.action),
                    "outcome": .string($0.entry.outcome), "version": JSONValue($0.entry.version),
                    "by": JSONValue($0.user), "host": JSONValue($0.host),
                    "run_id": JSONValue($0.runID),
                ])
            } ?? .null,
            "last_snapshot": snapshot.map {
                .object([
                    "id": .string($0.id.text), "created_at": .string($0.createdAt),
                ])
            } ?? .null,
        ]
    }
}
