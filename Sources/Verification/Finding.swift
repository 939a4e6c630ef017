package import Database

/// One thing that a check found, or could not look at, as facts; MigrateCLI makes the words.
package struct Finding: Sendable, Hashable {
    /// How much it matters.
    package enum Severity: String, Sendable {
        /// Something is broken, or a check could not be carried out: verification has failed.
        case error
        /// A person should know; nothing is broken yet.
        case warning
    }

    /// A place in one of the user's files.
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

    /// Rows that show what is wrong: a few of them, and how many there are.
    package struct Rows: Sendable, Hashable {
        /// The columns' names; two may be the same.
        package var columns: [String]
        /// Some of the rows, values as text; nil is NULL.
        package var values: [[String?]]
        /// How many rows there are.
        package var count: Int

        /// Creates some rows.
        package init(columns: [String], values: [[String?]], count: Int) {
            self.columns = columns
            self.values = values
            self.count = count
        }
    }

    /// The check's name, as `Check.name`.
    package var check: String
    /// How much it matters.
    package var severity: Severity
    /// What it is about: a name, schema-qualified and quoted where SQL needs it, or a file.
    package var object: String
    /// What is wrong: lower case, no full stop.
    package var problem: String
    /// What to do about it: a command, or whole sentences.
    package var hint: String?
    /// Further facts for scripts, in snake_case: numbers and names.
    package var facts: [String: DatabaseValue]
    /// Rows that show it, where the check has some.
    package var rows: Rows?
    /// Where in the user's file; nil for the built-in checks.
    package var place: Place?
    /// Which thing it is about, however that is named today: two runs of a check are compared by
    /// it.
    package var identity: String
    /// How bad it is, in the check's own unit (rows, mostly), for comparing with an earlier run.
    package var extent: Int64

    /// Creates a finding; `identity` is `object` unless another is given.
    package init(
        _ check: String, _ severity: Severity = .error, object: String, problem: String,
        hint: String? = nil, facts: [String: DatabaseValue] = [:], rows: Rows? = nil,
        place: Place? = nil, identity: String? = nil, extent: Int64 = 0
    ) {
        self.check = check
        self.severity = severity
        self.object = object
        self.problem = problem
        self.hint = hint
        self.facts = facts
        self.rows = rows
        self.place = place
        self.identity = identity ?? object
        self.extent = extent
    }

    /// A check that could not look at `object`: a warning where a privilege is missing, an error
    /// where the database failed at it, for then nobody knows whether it is well.
    init(
        _ check: String, couldNotLookAt object: String, _ error: DatabaseError,
        identity: String? = nil
    ) {
        let lacksPrivilege = error.code == .insufficientPrivilege
        self.init(
            check, lacksPrivilege ? .warning : .error, object: object,
            problem: "this could not be checked: \(error.message)",
            hint: lacksPrivilege
                ? "Grant the role what it lacks, or verify as another role."
                : error.hint ?? Self.remedy(error.code),
            identity: identity)
    }

    private static func remedy(_ code: DatabaseError.Code) -> String? {
        switch code {
        case .statementTimeout: "Raise 'statement_timeout', or verify when it is quieter."
        case .lockTimeout: "Something holds the table; verify when it is quieter."
        default: nil
        }
    }
}

extension Finding.Rows {
    /// Some rows of a result, and how many there are in all.
    init(_ result: StepResult, count: Int? = nil) {
        self.init(
            columns: result.columns, values: result.rows.map { $0.values.map(\.string) },
            count: count ?? result.rowCount)
    }
}

/// `1 row`, `2 rows`.
func counted(_ number: Int64, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
