internal import Database
internal import Migrations
internal import ProjectConfig
internal import Snapshots
internal import Storage
internal import Verification

/// A failure in the form in which it is shown: every error of every layer becomes one, here.
struct Failure: Error {
    var code: String
    var message: String
    var hint: String?
    var status: ExitStatus
    var file: String?
    var line: Int?
    var column: Int?
    var sourceLine: String?
    /// Further lines: the server's detail, its own hint, SQLSTATE.
    var notes: [String] = []
    /// More facts for the `error` object of the JSON document.
    var facts: [String: JSONValue] = [:]
    /// Facts for the top of the JSON document, such as what was applied before the failure.
    var documentFacts: [String: JSONValue] = [:]
    /// What was done before, for the text output.
    var report: RunReport?

    init(_ status: ExitStatus, _ code: String, _ message: String, hint: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
    }

    init(_ error: ConfigError) {
        self.init(.configuration, error.code.rawValue, error.message, hint: error.hint)
        file = error.file
        line = error.line
        column = error.column
    }

    init(_ error: VerifyFileError) {
        self.init(.configuration, "invalid_verify_file", error.message, hint: error.hint)
        file = error.path
        line = error.line
        column = error.column
        sourceLine = error.sourceLine
    }

    init(_ error: DatabaseError) {
        self.init(Self.status(error), error.code.rawValue, error.message, hint: error.hint)
        add(error)
        if error.code == .insufficientPrivilege, hint == nil { hint = Self.privilegeHint }
    }

    private static let privilegeHint =
        "Grant it to the role that connects. The history tables need SELECT, INSERT, UPDATE and "
        + "DELETE; creating them needs CREATE on their schema."

    private static func status(_ error: DatabaseError) -> ExitStatus {
        switch error.code {
        case .cannotConnect, .connectionLost, .databaseMissing, .insufficientPrivilege, .readOnly,
            .corrupt:
            .cannotConnect
        case .invalidURL: .configuration
        case .lockTimeout: .lockHeld
        case .cancelled: .interrupted
        case .storage: .storageFailed
        default: .internalError
        }
    }

    init(_ error: MigrationError, folder: String = "") {
        self.init(Self.status(error), error.code.rawValue, error.message, hint: error.hint)
        if let cause = error.cause {
            if error.code == .database {
                code = cause.code.rawValue
                status = Self.status(cause)
                if cause.code == .insufficientPrivilege, hint == nil { hint = Self.privilegeHint }
            }
            // What the database says of a cancelled statement is what the user did.
            if error.code != .interrupted { add(cause) }
        }
        if !error.versions.isEmpty { facts["versions"] = JSONValue(error.versions) }
        if let holder = error.holder { facts["holder"] = .string(holder) }
        if let failed = error.failed { add(failed, error, folder) }
        if !error.findings.isEmpty {
            let findings = error.findings.map(Finding.init)
            // The first one that blocks is the message.
            let blocking = findings.filter { $0.severity == .error }
            notes += blocking.first?.rows?.notes ?? []
            for finding in blocking.dropFirst() {
                notes.append(finding.line)
                notes += (finding.rows?.notes ?? []).map { "  " + $0 }
            }
            documentFacts["findings"] = .array(findings.map(\.json))
            if let remedy = blocking.first?.hint {
                hint = (hint.map { $0 + " " } ?? "") + "What would mend it: " + remedy
            }
        }
        report = error.report
        if let report = error.report { documentFacts.merge(report.facts) { $1 } }
    }

    private static func status(_ error: MigrationError) -> ExitStatus {
        switch error.code {
        case .invalidFiles: .configuration
        case .invalidRequest: .usage
        case .checksumMismatch, .outOfOrder, .missing, .future, .failedPartWay: .historyDisagrees
        case .foreignHistory, .refused, .irreversible, .transactionPooler, .wrongDatabase: .refused
        case .lockHeld, .lockTimeout: .lockHeld
        case .migrationFailed: .migrationFailed
        case .stoppedPartWay: .stoppedPartWay
        case .verificationFailed: .verificationFailed
        case .interrupted: .interrupted
        case .database: .internalError
        }
    }

    init(_ error: SnapshotError) {
        self.init(Self.status(error), error.code.rawValue, error.message, hint: error.hint)
        if let cause = error.database {
            if error.code == .database { code = cause.code.rawValue }
            if error.code != .interrupted { add(cause) }
        }
        if let cause = error.storage { code = cause.code.rawValue }
        if !error.damage.isEmpty { facts["damage"] = .array(error.damage.map(\.json)) }
    }

    private static func status(_ error: SnapshotError) -> ExitStatus {
        switch error.code {
        case .noRepository: .configuration
        case .notFound, .damaged, .unsupported: .snapshotDamaged
        case .databaseDamaged: .verificationFailed
        case .refused: .refused
        case .restoreFailed: .restoreFailed
        case .interrupted: .interrupted
        case .storage: error.storage?.code == .locked ? .lockHeld : .storageFailed
        case .database: error.database.map(status) ?? .internalError
        }
    }

    private mutating func add(_ error: DatabaseError) {
        if let detail = error.detail { notes.append("detail: \(detail)") }
        if let serverHint = error.hint, serverHint != hint { notes.append("hint: \(serverHint)") }
        if let context = error.context { notes.append("context: \(context)") }
        if let state = error.sqlState {
            notes.append("SQLSTATE \(state)")
            facts["sqlstate"] = .string(state)
        }
        if let code = error.extendedCode { notes.append("SQLite result code \(code)") }
        if let detail = error.detail { facts["detail"] = .string(detail) }
    }

    private mutating func add(
        _ failed: MigrationError.Failed, _ error: MigrationError, _ folder: String
    ) {
        file = failed.file.map { folder.isEmpty || $0.contains(" ") ? $0 : folder + "/" + $0 }
        line = failed.line
        column = failed.column
        sourceLine = failed.sourceLine
        guard !failed.version.isEmpty else { return }
        documentFacts["failed"] = .object([
            "version": .string(failed.version), "name": .string(failed.name),
            "file": JSONValue(file), "line": JSONValue(line), "column": JSONValue(column),
            "sqlstate": JSONValue(failed.databaseError?.sqlState),
            "message": .string(failed.databaseError?.message ?? error.message),
        ])
    }

    /// The `error` object of the JSON document.
    var json: JSONValue {
        var members = facts
        members["code"] = .string(code)
        members["message"] = .string(message)
        members["hint"] = JSONValue(hint)
        members["exit_status"] = .integer(Int64(status.rawValue))
        if let file { members["file"] = .string(file) }
        if let line { members["line"] = .integer(Int64(line)) }
        if let column { members["column"] = .integer(Int64(column)) }
        return .object(members)
    }

    /// `file:line:column: `, as far as it is known.
    var place: String {
        guard let file else { return "" }
        return ([file] + [line, column].compactMap { $0.map(String.init) }).joined(separator: ":")
            + ": "
    }

    /// The lines that a person sees.
    func text(_ terminal: Terminal) -> String {
        var lines = [place + terminal.styledError("error:", .red) + " " + message]
        if let sourceLine, let column {
            let excerpt = SourceExcerpt(
                sourceLine, column: column, width: min(Terminal.errorWidth, 120) - 5)
            lines.append("    " + excerpt.text)
            lines.append("    " + excerpt.pad + terminal.styledError("^", .red))
        }
        lines += notes.map { "  " + $0 }
        if let hint { lines.append(terminal.styledError("hint:", .bold) + " " + hint) }
        return lines.joined(separator: "\n")
    }
}

extension Damage {
    /// The damage for the JSON document.
    var json: JSONValue { .object(["object": .string(object), "problem": .string(problem)]) }
}

extension RunReport {
    /// The facts of a run for the JSON document.
    var facts: [String: JSONValue] {
        func list(_ migrations: [FinishedMigration]) -> JSONValue {
            .array(
                migrations.map {
                    .object([
                        "version": .string($0.version), "name": .string($0.name),
                        "duration_ms": .integer($0.durationMilliseconds),
                    ])
                })
        }
        return [
            "run_id": .string(runID), "applied": list(applied), "reverted": list(reverted),
            "warnings": JSONValue(warnings), "dry_run": .bool(isDryRun),
        ]
    }
}
