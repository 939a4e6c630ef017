package import Database

/// Verification of one database: the engine's front door. It changes nothing, prints nothing, and
/// works on a standby and on a database that only allows reading.
///
/// Used by one thread, as its connection is.
package struct Verifier {
    private let connection: any Connection
    private let limits: QueryLimits

    /// Creates one for an open connection; `limits` hold on PostgreSQL.
    package init(_ connection: any Connection, limits: QueryLimits = QueryLimits()) {
        self.connection = connection
        self.limits = limits
    }

    /// Runs the built-in checks, then the user's files.
    ///
    /// - Parameters:
    ///   - isDeep: also compare every row with every constraint, without trusting an index.
    ///   - files: the user's files; each query must return no row.
    ///   - isComplete: false where some migrations have not run: queries that speak of what is not
    ///     there yet are then told in a note and are no finding.
    /// - Returns: what ran, and what was found.
    /// - Throws: `.cancelled`, `.connectionLost`; on SQLite `.lockTimeout` as well. Every other
    ///   failure is a finding.
    package func run(
        isDeep: Bool = false, files: [VerifyFile] = [], isComplete: Bool = true
    ) throws(DatabaseError) -> VerificationReport {
        var report = VerificationReport()
        switch connection.dialect {
        case .postgres:
            let reader = PostgresReader(
                connection: connection, isInTransaction: false, limits: limits)
            try PostgresChecks(reader: reader).run(isDeep: isDeep, &report)
            try run(files, isComplete, &report) { step, settings throws(DatabaseError) in
                try reader.answerOne(step, after: settings, .usersOwn)
            }
        case .sqlite:
            let reader = SQLiteReader(connection: connection)
            try reader.reading { () throws(DatabaseError) in
                try SQLiteChecks(reader: reader).run(isDeep: isDeep, &report)
                try run(files, isComplete, &report) { step, _ throws(DatabaseError) in
                    try reader.answer(step)
                }
            }
        }
        return report
    }

    private func run(
        _ files: [VerifyFile], _ isComplete: Bool, _ report: inout VerificationReport,
        _ answer: @escaping VerifyFileRun.Run
    ) throws(DatabaseError) {
        guard !files.isEmpty else { return }
        var run = VerifyFileRun(run: answer)
        run.isComplete = isComplete
        report.add(.verifyFile, try run.findings(files))
        report.addSkipped(run.skipped)
    }
}

extension VerificationReport {
    /// Notes queries that speak of what later migrations bring.
    mutating func addSkipped(_ places: [String]) {
        guard !places.isEmpty else { return }
        notes.append(
            "\(places.joined(separator: ", ")): not run, for it speaks of something that is not "
                + "there before all migrations have run.")
    }
}
