/// How the program ends. Kept equal to docs/exit-status.md by a test.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case internalError = 1
    case usage = 2
    case configuration = 3
    case cannotConnect = 4
    case lockHeld = 5
    case migrationFailed = 6
    case stoppedPartWay = 7
    case historyDisagrees = 8
    case refused = 9
    case verificationFailed = 10
    case snapshotDamaged = 11
    case storageFailed = 12
    case restoreFailed = 13
    case pending = 20
    case interrupted = 130

    /// One line of the table.
    var meaning: String {
        switch self {
        case .done: "done, or nothing to do"
        case .internalError: "unexpected internal error"
        case .usage: "usage"
        case .configuration:
            "configuration, or migration files that do not hold together; nothing ran"
        case .cannotConnect: "cannot connect, or the connection broke"
        case .lockHeld: "lock held by another run, or lock timeout"
        case .migrationFailed: "a migration failed; the database is as it was before it"
        case .stoppedPartWay:
            "a non-transactional migration failed part-way; what ran is recorded"
        case .historyDisagrees:
            "history and files disagree: checksum mismatch, out of order, missing"
        case .refused:
            "refused: protected environment, another environment's database, irreversible migration, "
                + "another tool's history"
        case .verificationFailed: "verification failed"
        case .snapshotDamaged: "snapshot damaged, incomplete or unreadable"
        case .storageFailed: "storage failed"
        case .restoreFailed: "restore failed; the target is as it was"
        case .pending: "status --exit-code: there are pending migrations"
        case .interrupted: "interrupted"
        }
    }

    /// The whole table, as `migrate help exit-status` prints it.
    static var table: String {
        allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 3 - number.count) + number + "  " + status.meaning
        }.joined(separator: "\n")
    }
}
