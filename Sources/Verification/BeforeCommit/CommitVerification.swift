package import Database

/// Verification inside a migration's transaction, right before its commit: what it finds is rolled
/// back with the migration.
///
/// Only what the transaction touched is looked at (PostgreSQL: the relations that it locked as a
/// change locks them; SQLite: all foreign keys, and the tables whose definition changed). A finding
/// stops the migration only where the migration caused it: what was there before the transaction,
/// and has not become worse, is a warning. So is a constraint NOT VALID that no row breaks, for
/// validating it later is how it is added without blocking, and what the file itself allows.
///
/// The user's files are no one migration's: they say how the data is when a run is over, and run in
/// the transaction that ends it. Their rows always stop it.
///
/// Used by one thread, as its connection is.
package final class CommitVerification {
    /// What is about to be committed.
    package struct Moment {
        /// True where a file of the transaction speaks of `session_replication_role`: foreign keys
        /// may not have been enforced.
        package var isDistrusted = false
        /// True where the user's files are to run.
        package var runsFiles = true
        /// Names of checks whose findings do not stop it.
        package var allowed: Set<String> = []

        /// A moment like any other.
        package init() {}
    }

    private struct Identity: Hashable {
        var check: String
        var thing: String

        init(_ finding: Finding) {
            check = finding.check
            thing = finding.identity
        }
    }

    private let files: [VerifyFile]
    private let limits: QueryLimits
    private let isComplete: Bool
    /// What was there before, with its extent; nil before the first look.
    private var known: [Identity: Int64]?
    /// The definitions of an SQLite database before the transaction.
    private var schema = SQLiteSchema()

    /// Creates one for a run.
    ///
    /// - Parameters:
    ///   - files: the user's files.
    ///   - limits: how long a query may take (PostgreSQL).
    ///   - isComplete: false where migrations will be left that have not run.
    package init(
        files: [VerifyFile], limits: QueryLimits = QueryLimits(), isComplete: Bool = true
    ) {
        self.files = files
        self.limits = limits
        self.isComplete = isComplete
    }

    /// Remembers what is there; called before each transaction, with none open.
    ///
    /// While nothing was found there is nothing to remember, and the database is not looked at
    /// again: each transaction is looked at before its commit.
    ///
    /// - Throws: `DatabaseError` of any code.
    package func remember(_ connection: any Connection) throws(DatabaseError) {
        if connection.dialect == .sqlite { schema = try SQLiteSchema(connection) }
        if let known, known.isEmpty { return }
        let found: [Finding]
        switch connection.dialect {
        case .postgres:
            let reader = PostgresReader(
                connection: connection, isInTransaction: false, limits: limits)
            found = try PostgresChecks(reader: reader).runBefore()
        case .sqlite:
            let reader = SQLiteReader(connection: connection)
            found = try reader.reading { () throws(DatabaseError) in
                try ForeignKeyCheck.find(reader)
            }
        }
        known = Dictionary(
            found.map { (Identity($0), $0.extent) }, uniquingKeysWith: { max($0, $1) })
    }

    /// Looks at what the open transaction did. It goes on as if nobody had looked.
    ///
    /// - Returns: findings with severity `.error`, which are to stop it, and warnings.
    /// - Throws: `.cancelled`, `.connectionLost`, `.lockTimeout`, `.transactionRollback`. Every
    ///   other failure is a finding.
    package func inspect(
        _ connection: any Connection, _ moment: Moment
    ) throws(DatabaseError) -> [Finding] {
        var findings: [Finding]
        switch connection.dialect {
        case .postgres:
            let reader = PostgresReader(
                connection: connection, isInTransaction: true, limits: limits)
            findings = try PostgresChecks(reader: reader).runTouched(
                isDistrusted: moment.isDistrusted)
            findings = findings.compactMap { judged($0, moment) }
            findings += try run(moment) { step, settings throws(DatabaseError) in
                try reader.answerOne(step, after: settings, .usersOwn)
            }
        case .sqlite:
            let reader = SQLiteReader(connection: connection)
            let changed = try schema.changedTables(connection)
            findings = try reader.reading { () throws(DatabaseError) in
                try ForeignKeyCheck.find(reader) + QuickCheck.find(changed, reader)
            }
            findings = findings.compactMap { judged($0, moment) }
            findings += try reader.reading { () throws(DatabaseError) in
                try run(moment) { step, _ throws(DatabaseError) in try reader.answer(step) }
            }
        }
        return findings
    }

    private func run(
        _ moment: Moment, _ answer: @escaping VerifyFileRun.Run
    ) throws(DatabaseError) -> [Finding] {
        guard moment.runsFiles else { return [] }
        var run = VerifyFileRun(run: answer)
        run.isComplete = isComplete
        return try run.findings(files)
    }

    /// A finding as it counts here; nil for a warning that is nothing new.
    private func judged(_ finding: Finding, _ moment: Moment) -> Finding? {
        var finding = finding
        let before = known?[Identity(finding)]
        let isOld = before.map { finding.extent <= $0 } ?? false
        if isOld && finding.severity == .warning { return nil }
        if isOld {
            finding.severity = .warning
            finding.problem += " (as before this migration)"
        } else if finding.check == Check.notValidConstraint.name
            || moment.allowed.contains(finding.check)
        {
            finding.severity = .warning
        }
        return finding
    }
}
