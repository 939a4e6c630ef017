import Database

/// What a database may hold for what its history says, from running the statements one by one
/// without the program.
struct MigrationOracle {
    /// `DatabaseState.recorded` to the contents that go with it. Up and down may differ in the way
    /// in which SQLite writes a table's definition.
    private var allowed: [String: [[String]]] = [:]
    /// The contents and the history after all has run.
    private(set) var final: [String] = []
    private var finalRecord = ""

    /// Replays the set on an empty database, up and down.
    init(_ set: TracedMigrations, on connection: any Connection) throws {
        // The rebuild of a table drops the old one, which others refer to.
        if connection.dialect == .sqlite { try connection.query("PRAGMA foreign_keys = OFF") }
        try note("", connection)
        var versions: [String] = []
        for migration in set.migrations {
            try replay(migration.up, of: migration, after: versions, "↑", connection)
            versions.append(migration.version)
            try note(versions.joined(separator: " "), connection)
        }
        for statement in set.repeatable { try connection.query(statement) }
        finalRecord = (versions + ["R"]).joined(separator: " ")
        try note(finalRecord, connection)
        final = try DatabaseState(of: connection).contents
        for migration in set.migrations.reversed() {
            versions.removeLast()
            try replay(migration.down, of: migration, after: versions, "↓", connection)
            try note(versions.joined(separator: " "), connection)
        }
    }

    private mutating func replay(
        _ units: [[String]], of migration: TracedMigrations.Migration, after versions: [String],
        _ arrow: String, _ connection: any Connection
    ) throws {
        var done = 0
        func key() -> String {
            (versions + ["\(migration.version)\(arrow)\(done)"]).joined(separator: " ")
        }
        if !migration.isTransactional { try note(key(), connection) }
        for unit in units {
            for statement in unit {
                try connection.run([Step(statement, runsAlone: connection.dialect == .postgres)])
            }
            done += unit.count
            if !migration.isTransactional { try note(key(), connection) }
        }
    }

    private mutating func note(_ key: String, _ connection: any Connection) throws {
        allowed[key, default: []].append(try DatabaseState(of: connection).contents)
    }

    /// What is wrong with a database between two runs, a part-way migration allowed for.
    func problems(_ state: DatabaseState) -> [String] {
        var problems = state.damage + state.chainProblems
        var fitting = allowed[state.recorded] ?? []
        if state.partWay != nil { fitting += allowed[state.recordedIfStartedIsDone] ?? [] }
        let contents =
            state.partWay == nil ? state.contents : state.contentsWithoutInvalidIndexes
        if fitting.isEmpty {
            problems.append("the history says '\(state.recorded)', which cannot be")
        } else if !fitting.contains(contents) {
            problems.append(
                "the history says '\(state.recorded)', and the database holds: "
                    + Self.difference(contents, from: fitting[0]))
        }
        let runs = state.successes("repeatable", "R__summary")
        if runs != state.repeats {
            problems.append(
                "the repeatable migration ran \(state.repeats) times and is logged \(runs) times")
        }
        return problems
    }

    /// What is wrong with a database on which everything has run.
    func finalProblems(_ state: DatabaseState) -> [String] {
        var problems = self.problems(state)
        if state.recorded != finalRecord {
            problems.append("the history says '\(state.recorded)' in the end")
        }
        if state.contents != final {
            problems.append(
                "the end is not that of an undisturbed run: "
                    + Self.difference(state.contents, from: final))
        }
        return problems
    }

    private static func difference(_ lines: [String], from expected: [String]) -> String {
        let changes = lines.difference(from: expected).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }
        return changes.prefix(8).joined(separator: "; ")
    }
}
