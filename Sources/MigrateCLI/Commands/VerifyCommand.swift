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

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        let project = try app.project(&environment)
        let files = try app.verifyFiles(project)
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        app.terminal.result(
            "\(project.environment): \(database.display)"
                + (database.exists ? "" : " (not there yet; 'migrate up' creates it)"))
        var facts: [String: JSONValue] = [
            "database": .string(database.display), "database_exists": .bool(database.exists),
            "deep": .bool(deep),
        ]
        guard database.exists else {
            app.terminal.result("nothing to verify")
            facts.merge(VerificationReport().facts) { $1 }
            return Outcome(word: "nothing_to_do", facts: facts)
        }
        let report = try app.verify(project, database, isDeep: deep, files: files)
        app.print(report)
        facts.merge(report.facts) { $1 }
        if var failure = app.failure(report) {
            failure.documentFacts = facts
            throw failure
        }
        return Outcome(facts: facts)
    }
}
