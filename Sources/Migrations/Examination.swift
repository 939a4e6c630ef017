internal import Database

/// What `doctor` wants to know of a database before a run.
package struct DatabaseExamination: Sendable {
    /// The privilege that a first run would lack; nil where none is missing.
    package var missingPrivilege: String?
    /// What the privileges allow, in words; empty on SQLite, where the file decides.
    package var privilegeWords: String
    /// False where a pooler stands in between; nil on SQLite.
    package var isDirect: Bool?
    /// Who holds the run's lock now.
    package var lockHolder: String?
}

extension Migrator {
    /// Looks at privileges, pooler and lock, without taking or changing anything.
    ///
    /// - Throws: `.foreignHistory`, `.database`.
    package func examine() throws(MigrationError) -> DatabaseExamination {
        let snapshot = try look()
        guard dialect == .postgres else {
            return DatabaseExamination(privilegeWords: "")
        }
        var examination = DatabaseExamination(privilegeWords: "")
        examination.isDirect = connection.announcedProcessID.map {
            $0 == snapshot.facts.backendPID
        }
        try examinePrivileges(snapshot, &examination)
        if case .session = context.lock {
            examination.lockHolder = try makeAdvisoryLock(snapshot).holder()
        }
        return examination
    }

    private func examinePrivileges(
        _ snapshot: HistorySnapshot, _ examination: inout DatabaseExamination
    ) throws(MigrationError) {
        if snapshot.facts.isInRecovery {
            examination.missingPrivilege = "the server is a standby and accepts no changes"
            return
        }
        let user = snapshot.facts.user ?? ""
        guard let schema = snapshot.schema else {
            examination.missingPrivilege =
                "the search path of role '\(user)' names no schema that exists"
            return
        }
        let rows: [Row]
        if snapshot.tableExists {
            rows = try connection.runOwn([
                Step(
                    "SELECT pg_catalog.has_table_privilege($1::regclass, 'INSERT') "
                        + "AND pg_catalog.has_table_privilege($1::regclass, 'UPDATE') "
                        + "AND pg_catalog.has_table_privilege($1::regclass, 'DELETE')",
                    [.text(store.table)])
            ])[0].rows
            examination.privilegeWords = "role '\(user)' may write \(store.table)"
        } else {
            rows = try connection.runOwn([
                Step(
                    "SELECT coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') "
                        + "FROM pg_catalog.pg_namespace WHERE nspname = $1), "
                        + "pg_catalog.has_database_privilege(pg_catalog.current_database(), "
                        + "'CREATE'))", [.text(schema)])
            ])[0].rows
            examination.privilegeWords = "role '\(user)' may create \(store.table)"
        }
        if rows.first?[0].boolean != true {
            examination.missingPrivilege =
                snapshot.tableExists
                ? "role '\(user)' may not write \(store.table)"
                : "role '\(user)' may not create \(store.table)"
        }
    }
}
