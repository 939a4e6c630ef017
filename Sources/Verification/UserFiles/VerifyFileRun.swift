internal import Database
internal import SQLText

/// Runs the user's queries, and turns the rows that they return into findings.
struct VerifyFileRun {
    /// So many rows of a query are shown.
    static let rowLimit = 10

    /// Runs one query after the settings that hold for it, and leaves nothing behind.
    typealias Run = (_ query: Step, _ settings: [Step]) throws(DatabaseError) -> Result<
        StepResult, DatabaseError
    >

    let run: Run
    /// False where some migrations have not run: a query may then speak of what is not there yet.
    var isComplete = true
    /// Queries that spoke of it, as `file:line`.
    private(set) var skipped: [String] = []

    init(run: @escaping Run) { self.run = run }

    mutating func findings(_ files: [VerifyFile]) throws(DatabaseError) -> [Finding] {
        var findings: [Finding] = []
        for file in files {
            var settings: [Step] = []
            for query in file.queries {
                let step = Step(query.sql, rowLimit: Self.rowLimit)
                switch try run(step, settings) {
                case .success(let result):
                    if query.isSetting { settings.append(step) }
                    guard result.rowCount > 0 else { continue }
                    findings.append(Self.finding(result, query, file))
                case .failure(let error):
                    if !isComplete && error.code == .undefinedObject {
                        let place = file.script.position(at: query.offset)
                        skipped.append("\(file.path):\(place.line)")
                    } else {
                        findings.append(Self.finding(error, query, file))
                    }
                }
            }
        }
        return findings
    }

    private static func finding(
        _ result: StepResult, _ query: VerifyFile.Query, _ file: VerifyFile
    ) -> Finding {
        let rows = counted(Int64(result.rowCount), "row")
        return Finding(
            Check.verifyFile.name, object: file.path,
            problem: "the query returned \(rows)"
                + (query.description.map { ": \($0)" } ?? ""),
            facts: ["row_count": .integer(Int64(result.rowCount))], rows: Finding.Rows(result),
            place: place(query.offset, file), identity: identity(query, file),
            extent: Int64(result.rowCount))
    }

    private static func finding(
        _ error: DatabaseError, _ query: VerifyFile.Query, _ file: VerifyFile
    ) -> Finding {
        var facts: [String: DatabaseValue] = [:]
        if let state = error.sqlState { facts["sqlstate"] = .text(state) }
        let offset = min(query.offset + (error.offset ?? 0), file.script.bytes.count)
        return Finding(
            Check.verifyFile.name, object: file.path,
            problem: "the query failed: \(error.message)", hint: hint(error), facts: facts,
            place: place(offset, file), identity: identity(query, file), extent: .max)
    }

    private static func hint(_ error: DatabaseError) -> String? {
        guard error.code == .undefinedObject else { return error.hint }
        return error.hint ?? "If migrations are pending, 'migrate up' may bring what it speaks of."
    }

    private static func place(_ offset: Int, _ file: VerifyFile) -> Finding.Place {
        let position = file.script.position(at: offset)
        return Finding.Place(file: file.path, line: position.line, column: position.column)
    }

    private static func identity(_ query: VerifyFile.Query, _ file: VerifyFile) -> String {
        "\(file.path)@\(query.offset)"
    }
}
