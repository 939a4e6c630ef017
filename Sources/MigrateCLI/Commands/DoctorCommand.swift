internal import ArgumentParser
internal import Database
internal import Migrations
internal import SQLiteDriver

/// `migrate doctor`
struct DoctorCommand: DatabaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", _superCommandName: RootCommand.name,
        abstract: "Connect, and say all that would stop a run.",
        usage: "migrate doctor [options]",
        discussion: "Changes nothing. The exit status is that of the first check that failed.")

    @OptionGroup(title: "Global options") var options: GlobalOptions

    func perform(_ app: App, _ environment: inout String?) throws -> Outcome {
        app.watchSignals()
        var examination = Examination()
        do {
            let project = try app.project(&environment)
            examination.ok(
                "configuration",
                project.configPath.map { "\($0), environment '\(project.environment)'" }
                    ?? "none; the database was named on the command line")
            try examine(app, project, &examination)
        } catch let error {
            guard let failure = Program.knownFailure(error, app) else { throw error }
            examination.fail(failure)
        }
        examination.print(app.terminal)
        let failed = examination.checks.first { $0.failure != nil }
        app.terminal.result(
            failed == nil
                ? "nothing here would stop a run"
                : "\(count(examination.checks.count { $0.failure != nil }, "check")) failed")
        return Outcome(
            word: failed == nil ? "done" : "found",
            status: failed?.failure?.status ?? .done,
            facts: ["checks": .array(examination.checks.map(\.json))])
    }

    private func examine(
        _ app: App, _ project: Project, _ examination: inout Examination
    ) throws {
        examination.subject = "connection"
        let database = try app.open(project, .look)
        defer { database.connection.close() }
        let connection = database.connection
        examination.ok(
            "connection",
            database.exists
                ? database.display : "\(database.display) is not there yet; 'up' creates it")
        try examination.versions(connection)
        let migrator = app.migrator(project, database)
        examination.subject = "history"
        let report = try migrator.examine()
        do {
            try migrator.checkEnvironment()
            examination.ok(
                "identity",
                migrator.stamp.map { "the database belongs to '\($0)'" }
                    ?? "the database is stamped with no environment yet")
        } catch {
            examination.subject = "identity"
            examination.fail(Failure(error, folder: project.folder))
            examination.subject = "history"
        }
        if let path = database.filePath {
            try examination.file(path, SQLiteURL(project.url.text))
            examination.lock(try app.lockHolder(path))
            examination.disk(path)
        } else if connection.dialect == .postgres {
            examination.privileges(report)
            examination.pooler(report)
            examination.lock(report.lockHolder)
            try examination.databaseSize(connection)
        }
        examination.subject = "migrations"
        try examination.history(try migrator.status(), migrator, project.folder)
    }
}
