internal import Database
internal import Migrations
internal import SQLiteDriver

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The checks of `doctor`, in the order in which they were made.
struct Examination {
    struct Check {
        var name: String
        var words: String
        var failure: Failure?
        var isWarning = false

        var json: JSONValue {
            var members: [String: JSONValue] = [
                "check": .string(name), "ok": .bool(failure == nil && !isWarning),
                "severity": failure != nil ? "error" : isWarning ? "warning" : "ok",
                "message": .string(failure?.message ?? words), "hint": JSONValue(failure?.hint),
            ]
            if let file = failure?.file { members["file"] = .string(file) }
            if let line = failure?.line { members["line"] = .integer(Int64(line)) }
            if let column = failure?.column { members["column"] = .integer(Int64(column)) }
            return .object(members)
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
        checks.append(
            Check(name: subject, words: failure.place + failure.message, failure: failure))
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

    mutating func lock(_ holder: String?) {
        guard let holder else {
            ok("lock", "free")
            return
        }
        subject = "lock"
        fail(
            Failure(
                .lockHeld, "lock_held", "held by \(holder)",
                hint: "A run would wait for it as long as 'lock_wait' says."))
    }

    mutating func databaseSize(_ connection: any Connection) throws {
        let row = try connection.query(
            "SELECT pg_catalog.pg_size_pretty(pg_catalog.pg_database_size("
                + "pg_catalog.current_database()))"
        ).rows.first
        ok(
            "disk",
            "the database has \(row?[0].string ?? "?"); the server's free space is not known "
                + "from here")
    }

    // MARK: Checks of a file

    /// Whether an SQLite file, and the folder for its journal, can be written.
    mutating func file(_ path: String, _ url: SQLiteURL) {
        let folder = Self.folder(of: path)
        let problem: String?
        if url.isReadOnly {
            problem = "the URL opens the database for reading only"
        } else if access(path, F_OK) == 0, access(path, W_OK) != 0 {
            problem = "this user may not write '\(path)'"
        } else if access(folder, W_OK | X_OK) != 0 {
            problem = "this user may not write in '\(folder)', where SQLite puts its journal"
        } else {
            problem = nil
        }
        guard let problem else {
            ok("privileges", "the file and its folder can be written")
            return
        }
        subject = "privileges"
        fail(
            Failure(
                .cannotConnect, "insufficient_privilege", problem,
                hint: url.isReadOnly
                    ? "Remove 'mode=ro' or 'immutable' from the URL."
                    : "Give this user permission to write the file and its folder."))
    }

    mutating func disk(_ path: String) {
        var space = statvfs()
        guard statvfs(Self.folder(of: path), &space) == 0 else { return }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        var size: UInt64 = 0
        var file = stat()
        if stat(path, &file) == 0 { size = UInt64(file.st_size) }
        let words = "\(free >> 20) MiB free, the database has \(size >> 20) MiB"
        // A table rebuild and its journal need the table's size twice.
        if free < size * 2 { warn("disk", words) } else { ok("disk", words) }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    // MARK: Checks of the files

    mutating func history(
        _ statuses: [MigrationStatus], _ migrator: Migrator, _ folder: String
    ) throws {
        let pending = statuses.count { $0.isPending }
        let applied = statuses.count { $0.state == .applied }
        let stopped = statuses.count { $0.state == .failedPartWay }
        let words = "\(count(statuses.count, "migration")), \(applied) applied, \(pending) pending"
        do {
            _ = try migrator.plan(UpRequest())
            if stopped == 0 {
                ok("migrations", words)
            } else {
                warn("migrations", words + ", \(stopped) stopped part-way; 'up' goes on with it")
            }
        } catch {
            fail(Failure(error, folder: folder))
        }
    }
}
