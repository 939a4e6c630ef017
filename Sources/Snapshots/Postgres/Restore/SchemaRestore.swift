internal import Database
internal import PostgresCatalog

/// Runs what creates objects. Every error ends the restore, with the object's name.
struct SchemaRestore {
    /// So many statements go to the server at a time. They are one transaction, whose locks must
    /// fit the server's table of them.
    private static let batch = 60

    let connection: any BulkConnection
    let roles: RolePolicy
    let paths: SearchPaths
    /// The major version of the server that the snapshot was taken of.
    let sourceMajor: Int

    /// One statement and the entry it belongs to.
    private struct Task {
        let entry: SchemaEntry
        let statement: SchemaStatement
        /// The search path that its functions need.
        var path: SearchPaths.Path?
        /// Why it needs one.
        var reason: DatabaseError?
    }

    /// Creates the objects of a section in their order.
    func create(_ entries: [SchemaEntry], _ section: SchemaSection) throws {
        try create(entries.filter { $0.section == section })
    }

    /// Grants and revokes.
    func grant(_ entries: [SchemaEntry]) throws {
        try run(
            entries.flatMap { entry in
                entry.privileges.map { Task(entry: entry, statement: $0) }
            })
    }

    /// Creates the objects of a few entries; of up to a batch, in one transaction.
    func create(_ entries: [SchemaEntry]) throws {
        try run(
            entries.flatMap { entry in
                entry.statements.map { Task(entry: entry, statement: $0) }
            })
    }

    private func run(_ tasks: [Task]) throws {
        let kept = tasks.filter { !roles.kept([$0.statement]).isEmpty }
        for start in stride(from: 0, to: kept.count, by: Self.batch) {
            var some = Array(kept[start..<min(start + Self.batch, kept.count)])
            // Only what is created once rows are there calls functions.
            let mayCall = some.contains { $0.entry.section > .data }
            let savepoint = mayCall && connection.transactionState == .open
            while try !attempt(&some, savepoint: savepoint) {}
            for task in some {
                guard let path = task.path else { continue }
                paths.note("the \(task.entry.kind) '\(task.entry.plainName)'", path)
            }
        }
    }

    /// A statement as this server has to be told, to mean what it meant on an older one: up to
    /// PostgreSQL 15 a subscription wrote as its owner.
    private func sql(_ statement: SchemaStatement) -> String {
        let sql = statement.sql
        guard sourceMajor < 16, connection.serverVersionNumber >= 160_000,
            sql.hasPrefix("CREATE SUBSCRIPTION "), sql.hasSuffix(")")
        else { return sql }
        return sql.dropLast() + ", run_as_owner = true)"
    }

    /// Runs a batch; false where one of its statements has to be tried with a search path, which is
    /// noted then, and nothing was done.
    private func attempt(_ tasks: inout [Task], savepoint: Bool) throws -> Bool {
        var steps = savepoint ? [Step("SAVEPOINT migrate_create")] : []
        var places = savepoint ? [0] : []
        for (index, task) in tasks.enumerated() {
            let step = Step(sql(task.statement), rowLimit: 0)
            let own = task.path.map { [$0.step, step, SearchPaths.reset] } ?? [step]
            steps += own
            places += own.map { _ in index }
        }
        if savepoint { steps.append(Step("RELEASE SAVEPOINT migrate_create")) }
        do {
            try connection.run(steps)
            return true
        } catch {
            let index = error.stepIndex < places.count ? places[error.stepIndex] : 0
            let (task, cause) = (tasks[index], error.error)
            if let path = task.path {
                var failure = SnapshotError(creating: task.entry, task.reason ?? cause)
                if SearchPaths.isMissingName(cause) { failure.hint = SearchPaths.hint(path) }
                throw failure
            }
            guard task.entry.section > .data, SearchPaths.isMissingName(cause),
                savepoint || connection.transactionState == .idle
            else { throw SnapshotError(creating: task.entry, cause) }
            if savepoint { try connection.query("ROLLBACK TO SAVEPOINT migrate_create") }
            tasks[index].path = try paths.path(of: task.entry.id, connection)
            tasks[index].reason = cause
            return false
        }
    }

    /// Sets what belongs to the database as a whole.
    func apply(_ database: DatabaseProperties, to name: String) throws {
        let statements = roles.kept(
            database.settings(
                ofDatabase: name,
                includingOwner: !roles.missing.contains(database.owner.exact)
                    || roles.policy != .skip))
        do {
            try connection.run(statements.map { Step($0.sql) })
        } catch {
            throw SnapshotError(
                .restoreFailed, "setting up the database failed: \(error.error.message)",
                hint: error.error.hint, database: error.error)
        }
    }
}

extension SnapshotError {
    /// The failure of an object's statement.
    init(creating entry: SchemaEntry, _ error: DatabaseError) {
        guard error.code != .cancelled, error.code != .connectionLost else {
            self.init(error)
            return
        }
        self.init(
            .restoreFailed,
            "creating the \(entry.kind) '\(entry.plainName)' failed: \(error.message)",
            hint: error.hint, database: error)
    }
}
