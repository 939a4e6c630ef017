internal import ArgumentParser
internal import Database
internal import Verification

/// `migrate verify`
struct VerifyCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", _superCommandName: RootCommand.name,
        abstract: "Check the integrity of the database.",
        usage: "migrate verify [options]",
        discussion: """
            Runs the built-in checks, then each query of verify/*.sql, which must return no row. \
            Changes nothing. Exits with 10 where it finds an error; warnings are shown.
            """)

    @Flag(name: .long, help: "Check every constraint against the rows, and the indexes.")
    var deep = false

    @OptionGroup(title: "Global options") var options: GlobalOptions

    var isEvident: Bool { true }

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let files = try app.verifyFiles(project)
        let database: OpenDatabase
        do {
            database = try app.open(project, .look)
        } catch let error as DatabaseError {
            guard let report = VerificationReport(ofDamage: error) else { throw error }
            return try conclude(report, ["database_exists": true, "deep": .bool(deep)], app)
        }
        defer { database.connection.close() }
        app.terminal.result(
            "\(project.environment): \(database.display)"
                + (database.exists ? "" : " (not there yet; 'migrate up' creates it)"))
        let facts: [String: JSONValue] = [
            "database": .string(database.display), "database_exists": .bool(database.exists),
            "deep": .bool(deep),
        ]
        guard database.exists else {
            app.terminal.result("nothing to verify")
            return Outcome(
                word: "nothing_to_do", facts: facts.merging(VerificationReport().facts) { $1 })
        }
        let report = try app.verify(project, database, isDeep: deep, files: files)
        app.recordPassed(report, project, database)
        return try conclude(report, facts, app)
    }

    /// Prints the report; its errors are a failure.
    private func conclude(
        _ report: VerificationReport, _ facts: [String: JSONValue], _ app: App
    ) throws -> Outcome {
        app.print(report)
        let facts = facts.merging(report.facts) { $1 }
        guard var failure = app.failure(report) else { return Outcome(facts: facts) }
        failure.documentFacts = facts
        throw failure
    }
}
