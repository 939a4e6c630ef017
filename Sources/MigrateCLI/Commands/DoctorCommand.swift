internal import ArgumentParser
internal import Database
internal import Migrations

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// `migrate doctor`
struct DoctorCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", _superCommandName: RootCommand.name,
        abstract: "Connect, and say all that would stop a run.",
        discussion: "Changes nothing. The exit status is that of the first check that failed.")

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var examination = Examination()
        do {
            let project = try app.project(&environment)
            examination.ok(
                "configuration",
                project.configPath.map { "\($0), environment '\(project.environment)'" }
                    ?? "none; the database was named on the command line")
            try examine(app, project, &examination)
        } catch let error {
            guard let failure = Program.knownFailure(error, app) else { throw error }
            examination.fail(failure)
        }
        examination.print(app.terminal)
        let failed = examination.checks.first { $0.failure != nil }
        return Outcome(
            word: failed == nil ? "done" : "found",
            status: failed?.failure?.status ?? .done,
            facts: ["checks": .array(examination.checks.map(\.json))])
    }

    private func examine(
        _ app: App, _ project: Project, _ examination: inout Examination
    ) throws {
        examination.subject = "connection"
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let connection = database.connection
        examination.ok(
            "connection",
            database.exists
                ? database.display : "\(database.display) is not there yet; 'up' creates it")
        try examination.versions(connection)
        let migrator = app.migrator(project, database)
        examination.subject = "history"
        let report = try migrator.examine()
        examination.privileges(report)
        examination.pooler(report)
        examination.lock(report)
        try examination.disk(database, connection)
        examination.subject = "migrations"
        try examination.history(try migrator.status(), migrator)
    }
}

/// The checks of `doctor`, in the order in which they were made.
struct Examination {
    struct Check {
        var name: String
        var words: String
        var failure: Failure?
        var isWarning = false

        var json: JSONValue {
            .object([
                "check": .string(name), "ok": .bool(failure == nil && !isWarning),
                "severity": failure != nil ? "error" : isWarning ? "warning" : "ok",
                "message": .string(failure?.message ?? words),
                "hint": JSONValue(failure?.hint),
            ])
        }
    }

    private(set) var checks: [Check] = []
    /// What a thrown error is about.
    var subject = "configuration"

    mutating func ok(_ name: String, _ words: String) {
        checks.append(Check(name: name, words: words))
    }

    mutating func warn(_ name: String, _ words: String) {
        checks.append(Check(name: name, words: words, isWarning: true))
    }

    mutating func fail(_ failure: Failure) {
        checks.append(Check(name: subject, words: failure.message, failure: failure))
    }

    func print(_ terminal: Terminal) {
        for check in checks {
            let mark =
                check.failure != nil
                ? terminal.styled("FAIL", .red)
                : check.isWarning
                    ? terminal.styled("warn", .yellow) : terminal.styled("ok  ", .green)
            terminal.result("\(mark)  \(check.name): \(check.words)")
            if let hint = check.failure?.hint { terminal.result("      \(hint)") }
        }
    }

    // MARK: Checks

    mutating func versions(_ connection: any Connection) throws {
        let version = connection.serverVersion
        switch connection.dialect {
        case .sqlite:
            ok("versions", "migrate \(BuildInformation.version), SQLite \(version)")
        case .postgres:
            let text = "\(BuildInformation.text); server PostgreSQL \(version)"
            if (140_000..<190_000).contains(connection.serverVersionNumber) {
                ok("versions", text)
            } else {
                warn("versions", text + ", which is not among the tested majors 14 to 18")
            }
        }
    }

    mutating func privileges(_ report: DatabaseExamination) {
        guard let missing = report.missingPrivilege else {
            ok("privileges", report.privilegeWords)
            return
        }
        subject = "privileges"
        fail(
            Failure(
                .cannotConnect, "insufficient_privilege", missing,
                hint: "Grant it to the role, or name another place with 'history_table: "
                    + "schema.name'."))
    }

    mutating func pooler(_ report: DatabaseExamination) {
        guard let isDirect = report.isDirect else { return }
        if isDirect {
            ok("pooler", "none in between")
        } else {
            warn(
                "pooler",
                "a pooler stands in between; one that pools transactions needs 'lock: lease'")
        }
    }

    mutating func lock(_ report: DatabaseExamination) {
        guard let holder = report.lockHolder else {
            ok("lock", "free")
            return
        }
        subject = "lock"
        fail(
            Failure(
                .lockHeld, "lock_held", "held by \(holder)",
                hint: "A run would wait for it as long as 'lock_wait' says."))
    }

    mutating func disk(_ database: OpenDatabase, _ connection: any Connection) throws {
        guard connection.dialect == .sqlite else {
            let row = try connection.query(
                "SELECT pg_catalog.pg_size_pretty(pg_catalog.pg_database_size("
                    + "pg_catalog.current_database()))"
            ).rows.first
            ok(
                "disk",
                "the database has \(row?[0].string ?? "?"); the server's free space is not known from here"
            )
            return
        }
        guard let path = database.filePath else { return }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var space = statvfs()
        guard statvfs(folder.isEmpty ? "/" : folder, &space) == 0 else { return }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        var size: UInt64 = 0
        var file = stat()
        if stat(path, &file) == 0 { size = UInt64(file.st_size) }
        let words = "\(free >> 20) MiB free, the database has \(size >> 20) MiB"
        // A table rebuild and its journal need the table's size twice.
        if free < size * 2 { warn("disk", words) } else { ok("disk", words) }
    }

    mutating func history(_ statuses: [MigrationStatus], _ migrator: Migrator) throws {
        let pending = statuses.count { $0.isPending }
        let applied = statuses.count { $0.state == .applied }
        do {
            _ = try migrator.plan(UpRequest())
            ok(
                "migrations",
                "\(count(statuses.count, "migration")), \(applied) applied, \(pending) pending")
        } catch {
            fail(Failure(error))
        }
    }
}
