internal import Database
internal import Migrations
internal import ProjectConfig
internal import Releases

/// Where an approval is written: two files in the folder of approvals, or an entry in the log of the
/// environment's database.
struct ApprovalPlace {
    private let folder: ApprovalFolder
    private let log: (migrator: Migrator, database: OpenDatabase)?

    /// Opens the database where `environment` is given.
    ///
    /// - Throws: what opening it throws; `MigrationError` where it is another environment's.
    init(_ app: App, _ settings: ApprovalSettings, _ environment: String?) throws {
        folder = ApprovalFolder(path: settings.directory)
        guard let environment else {
            log = nil
            return
        }
        app.watchSignals()
        var options = app.options
        options.env = environment
        let project = try Project(options, usesOwnAddress: true)
        let database = try app.open(project, .look)
        guard database.exists else {
            database.connection.close()
            throw Self.noLog
        }
        database.connection.close()
        let writer = try app.open(project, .change)
        let migrator = app.migrator(project, writer)
        do {
            try migrator.checkEnvironment()
        } catch {
            writer.connection.close()
            throw error
        }
        log = (migrator, writer)
    }

    /// All statements in both places, not looked at yet.
    func read() throws -> [SignedText] {
        try folder.read() + (log.map { try $0.migrator.recordedApprovals() } ?? [])
    }

    /// Writes a statement.
    ///
    /// - Returns: where it stands now.
    /// - Throws: `Failure`, `MigrationError`.
    func write(_ statement: ApprovalStatement, signature: String) throws -> String {
        guard let log else { return try folder.write(statement, signature: signature) }
        let entry = LogEntry(
            action: RecordedApproval.action, details: statement.text + signature)
        guard try log.migrator.append([entry]) else { throw Self.noLog }
        return "the log of \(log.database.display)"
    }

    /// Closes the database.
    func close() { log?.database.connection.close() }

    private static var noLog: Failure {
        Failure(
            .refused, "no_log", "the database has no log yet to record an approval in",
            hint: "The first run makes it; leave out --record until then.")
    }
}

/// An approval as an entry of the log holds it: the statement, and its signature behind it.
enum RecordedApproval {
    /// What the entry says was done.
    static let action = "approval"

    private static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"

    /// The statement and the signature in the details of an entry; what stands behind them, such as
    /// a reason of the run, belongs to neither. Nil where there is none.
    static func parts(_ details: String) -> (text: String, signature: String)? {
        guard let start = details.firstRange(of: begin), let stop = details.firstRange(of: end)
        else { return nil }
        return (
            String(details[..<start.lowerBound]),
            String(details[start.lowerBound..<stop.upperBound]) + "\n"
        )
    }

    /// `approve by alice@example.com, plan 32e27b1427d9`; nil for any other text.
    static func summary(_ details: String) -> String? {
        guard let parts = parts(details), let statement = ApprovalStatement(parts.text) else {
            return nil
        }
        return "\(statement.decision.rawValue) by \(statement.principal), plan "
            + statement.plan.prefix(12) + (statement.reason.map { ": \($0)" } ?? "")
    }
}

extension Migrator {
    /// The approvals in the log of the database, not looked at yet.
    ///
    /// - Throws: `MigrationError`.
    func recordedApprovals() throws(MigrationError) -> [SignedText] {
        try entries(of: RecordedApproval.action).compactMap { entry in
            guard let parts = RecordedApproval.parts(entry.entry.details ?? "") else { return nil }
            return SignedText(
                text: parts.text, signature: parts.signature,
                source: "log entry \(entry.sequence)")
        }
    }
}
