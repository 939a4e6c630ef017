package import Database

/// One thing that a check found in a migration's transaction.
package struct CheckFinding: Sendable, Hashable {
    /// A place in a file of queries.
    package struct Place: Sendable, Hashable {
        /// The file's path as it is shown.
        package var file: String
        /// From 1.
        package var line: Int
        /// From 1, in characters.
        package var column: Int

        /// Creates a place.
        package init(file: String, line: Int, column: Int) {
            self.file = file
            self.line = line
            self.column = column
        }
    }

    /// Rows that show it.
    package struct Rows: Sendable, Hashable {
        /// The columns' names.
        package var columns: [String]
        /// Some of the rows, values as text; nil is NULL.
        package var values: [[String?]]
        /// How many there are.
        package var count: Int

        /// Creates some rows.
        package init(columns: [String], values: [[String?]], count: Int) {
            self.columns = columns
            self.values = values
            self.count = count
        }
    }

    /// The check's name.
    package var check: String
    /// True where the migration must not be committed; else it is a warning.
    package var isBlocking: Bool
    /// What it is about, such as `public.orders`.
    package var object: String
    /// What is wrong: lower case, no full stop.
    package var problem: String
    /// What to do about it.
    package var hint: String?
    /// Further facts, in snake_case.
    package var facts: [String: DatabaseValue] = [:]
    /// Rows that show it, where there are some.
    package var rows: Rows?
    /// Where in a file of queries, if it came from one.
    package var place: Place?

    /// Creates a finding.
    package init(
        check: String, isBlocking: Bool, object: String, problem: String, hint: String? = nil
    ) {
        self.check = check
        self.isBlocking = isBlocking
        self.object = object
        self.problem = problem
        self.hint = hint
    }
}

/// A transaction that is about to be committed.
package struct CommitMoment {
    /// The migrations in it, in order.
    package var steps: [PlannedMigration]
    /// True where no other transaction of the run follows.
    package var endsRun: Bool
}

/// Checks inside a migration's transaction; whoever makes them reads and changes nothing.
package struct CommitChecks {
    /// Looks at the database before each transaction, with none open.
    package var prepare: (any Connection) throws(DatabaseError) -> Void
    /// Looks at it before the commit; a finding that blocks rolls the transaction back.
    package var inspect: (any Connection, CommitMoment) throws(DatabaseError) -> [CheckFinding]

    /// Creates checks.
    package init(
        prepare: @escaping (any Connection) throws(DatabaseError) -> Void,
        inspect: @escaping (any Connection, CommitMoment) throws(DatabaseError) -> [CheckFinding]
    ) {
        self.prepare = prepare
        self.inspect = inspect
    }
}

extension Migrator {
    /// Gives the commit checks their look at the database before a transaction.
    func prepareCommitChecks(_ step: PlannedMigration) throws(MigrationError) {
        guard let checks = context.commitChecks else { return }
        do {
            try context.cancellation.interruptible(connection.interrupter) {
                () throws(DatabaseError) in try checks.prepare(connection)
            }
        } catch {
            throw failure(error, .own, step)
        }
    }

    /// Refuses the commit of `steps` where a check finds what they must not leave behind; the last
    /// of them stands for all in the error. Warnings go into the report.
    func runCommitChecks(
        _ steps: [PlannedMigration], _ execution: inout Execution
    ) throws(MigrationError) {
        guard let checks = context.commitChecks, let step = steps.last else { return }
        let findings: [CheckFinding]
        do {
            let moment = CommitMoment(steps: steps, endsRun: execution.isLast(step))
            findings = try context.cancellation.interruptible(connection.interrupter) {
                () throws(DatabaseError) in try checks.inspect(connection, moment)
            }
        } catch {
            throw failure(error, .own, step)
        }
        let blocking = findings.filter(\.isBlocking)
        guard let first = blocking.first else {
            for finding in findings {
                let warning = "\(step.version): \(finding.object): \(finding.problem)"
                // A transaction that is tried again is looked at again.
                guard !execution.report.warnings.contains(warning) else { continue }
                execution.report.warnings.append(warning)
            }
            return
        }
        let others = blocking.count - 1
        var error = MigrationError(
            .verificationFailed,
            "\(first.object): \(first.problem)"
                + (others > 0 ? " (and \(others) more finding\(others == 1 ? "" : "s"))" : ""),
            hint: steps.count == 1
                ? "\(step.version) was rolled back." : "All \(steps.count) were rolled back.",
            failed: place(nil, step, step.script, statement: nil))
        error.findings = findings
        throw error
    }
}
