internal import Database
internal import PostgresCatalog

/// Runs what creates objects. Every error ends the restore, with the object's name.
struct SchemaRestore {
    /// So many statements go to the server at a time. They are one transaction, whose locks must
    /// fit the server's table of them.
    private static let batch = 60

    let connection: any BulkConnection
    let roles: RolePolicy

    /// One statement and the entry it belongs to.
    private typealias Task = (entry: SchemaEntry, statement: SchemaStatement)

    /// Creates the objects of a section in their order.
    func create(_ entries: [SchemaEntry], _ section: SchemaSection) throws {
        try run(
            entries.filter { $0.section == section }.flatMap { entry in
                entry.statements.map { (entry, $0) }
            })
    }

    /// Grants and revokes.
    func grant(_ entries: [SchemaEntry]) throws {
        try run(entries.flatMap { entry in entry.privileges.map { (entry, $0) } })
    }

    /// Creates the objects of a few entries, in one transaction.
    func create(_ entries: [SchemaEntry]) throws {
        try run(entries.flatMap { entry in entry.statements.map { (entry, $0) } })
    }

    private func run(_ tasks: [Task]) throws {
        let kept = tasks.filter { !roles.kept([$0.statement]).isEmpty }
        for start in stride(from: 0, to: kept.count, by: Self.batch) {
            let some = kept[start..<min(start + Self.batch, kept.count)]
            do {
                try connection.run(some.map { Step($0.statement.sql, rowLimit: 0) })
            } catch {
                let entry = some[some.startIndex + error.stepIndex].entry
                throw SnapshotError(creating: entry, error.error)
            }
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
        let name = entry.schema.map { "\($0).\(entry.name)" } ?? entry.name
        self.init(
            .restoreFailed, "creating the \(entry.kind) '\(name)' failed: \(error.message)",
            hint: error.hint, database: error)
    }
}
