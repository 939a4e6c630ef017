internal import Database

/// The built-in checks of an SQLite database, in the order in which they are reported.
struct SQLiteChecks {
    let reader: SQLiteReader

    /// Runs the checks of plain `verify`, or all of them.
    func run(isDeep: Bool, _ report: inout VerificationReport) throws(DatabaseError) {
        report.add(.integrityCheck, try integrity())
        report.add(.foreignKeyCheck, try ForeignKeyCheck.find(reader))
        guard isDeep else { return }
        let tables: [SQLiteTable]
        do {
            tables = try SQLiteTable.all(reader)
        } catch {
            guard !SQLiteReader.endsVerification(error) else { throw error }
            report.add(
                .notNullViolation,
                [Finding(Check.notNullViolation.name, couldNotLookAt: "the schema", error)])
            return
        }
        let rules = try SQLiteTableRules.find(tables, reader)
        for check in [Check.notNullViolation, .checkViolation, .strictType] {
            report.add(check, rules.filter { $0.check == check.name })
        }
        report.add(.uniqueViolation, try SQLiteUniqueRows.find(tables, reader))
    }

    /// SQLite's own look at every page, row and index, of which it tells 100 problems at most.
    ///
    /// Source: https://www.sqlite.org/pragma.html#pragma_integrity_check
    private func integrity() throws(DatabaseError) -> [Finding] {
        switch try reader.answer("PRAGMA main.integrity_check") {
        case .success(let result):
            return Self.findings(result, Check.integrityCheck.name)
        case .failure(let error):
            return [
                Finding(
                    Check.integrityCheck.name, object: "main",
                    problem: "the database cannot be read: \(error.message)",
                    hint: error.hint ?? Self.damageHint)
            ]
        }
    }

    /// What `integrity_check` or `quick_check` says, a finding for each of its lines.
    static func findings(_ result: StepResult, _ check: String) -> [Finding] {
        result.rows.compactMap { $0[0].string }.filter { $0 != "ok" }
            .flatMap { $0.split(separator: "\n").map(String.init) }
            .filter { !$0.hasPrefix("*** in database ") }
            .map { line in
                Finding(
                    check, object: object(in: line), problem: line,
                    hint: hint(line), identity: line)
            }
    }

    /// The table or index that a line names; the database where it names none.
    private static func object(in line: String) -> String {
        for mark in [" missing from index ", " of index ", "non-unique entry in index "] {
            if let range = line.firstRange(of: mark) { return String(line[range.upperBound...]) }
        }
        for mark in ["NULL value in ", "CHECK constraint failed in "] {
            if let range = line.firstRange(of: mark) { return String(line[range.upperBound...]) }
        }
        if line.hasPrefix("non-") || line.hasPrefix("NUMERIC value in ")
            || line.hasPrefix("TEXT value in "), let range = line.firstRange(of: " value in ")
        {
            return String(line[range.upperBound...])
        }
        return "main"
    }

    private static func hint(_ line: String) -> String {
        if line.contains(" index ") { return "REINDEX; builds the indexes anew from the rows." }
        if line.contains(" value in ") || line.hasPrefix("CHECK ") {
            return "Mend the rows; 'migrate verify --deep' says which constraint and how many."
        }
        return damageHint
    }

    private static let damageHint =
        "The file is damaged: restore it from a copy, or try '.recover' of sqlite3."
}
