internal import Database
internal import PostgresCatalog

/// Empties a database within a transaction: all that its model covers goes, but for extensions that
/// the snapshot has as well, and for schemas that belong to others or hold what stays.
struct ContentsDrop {
    /// So many statements go to the server at a time.
    private static let batch = 100

    let connection: any Connection
    /// What is to be restored.
    let model: SchemaModel

    func run() throws {
        let extensions = try TargetExtension.list(connection)
        let kept = extensions.filter { $0.isKept(by: model) || $0.name == "plpgsql" }
        let gone = extensions.filter { one in !kept.contains { $0.name == one.name } }
        // While they are there, others could not drop what they use.
        let before = try TargetObjects(connection).list()
        try drop(before.filter { ["EVENT TRIGGER", "SUBSCRIPTION"].contains($0.kind) })
        try drop(
            gone.map {
                (
                    "extension '\($0.name)'",
                    "DROP EXTENSION IF EXISTS \(PostgresName.quoted($0.name)) CASCADE"
                )
            })
        try PrivilegesReset(connection: connection).defaults()
        let objects = try TargetObjects(connection).list()
        try drop(objects.filter { $0.schema == nil })
        try connection.query(
            "SELECT pg_catalog.count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata"
        )
        let places = try schemasOfExtensions()
        // Without CASCADE: what someone else has put there meanwhile ends the restore.
        try drop(
            objects.compactMap { object in
                guard let schema = object.schema, object.mayDrop, !places.contains(schema) else {
                    return nil
                }
                return (object.description, "DROP SCHEMA IF EXISTS \(object.identity)")
            })
    }

    /// The schemas of extensions that stay, and of members of theirs, which can be in any.
    private func schemasOfExtensions() throws -> Set<String> {
        Set(
            try connection.query(
                """
                SELECT DISTINCT n.nspname FROM pg_catalog.pg_depend d \
                JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid WHERE d.refclassid = 2615 \
                AND (d.classid = 3079 OR EXISTS (SELECT FROM pg_catalog.pg_depend e \
                WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'))
                """
            ).rows.compactMap { $0[0].string })
    }

    private func drop(_ objects: [TargetObject]) throws {
        try drop(
            objects.map {
                ($0.description, "DROP \($0.kind) IF EXISTS \($0.identity) CASCADE")
            })
    }

    private func drop(_ statements: [(name: String, sql: String)]) throws {
        for start in stride(from: 0, to: statements.count, by: Self.batch) {
            let some = statements[start..<min(start + Self.batch, statements.count)]
            do {
                try connection.run(some.map { Step($0.sql, rowLimit: 0) })
            } catch {
                guard error.error.code != .lockTimeout, error.error.code != .cancelled else {
                    throw error.error
                }
                let name = some[some.startIndex + error.stepIndex].name
                throw SnapshotError(
                    .restoreFailed, "dropping the \(name) failed: \(error.error.message)",
                    hint: error.error.hint, database: error.error)
            }
        }
    }
}
