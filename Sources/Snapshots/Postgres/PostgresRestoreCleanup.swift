package import Database

/// Removes what restores have left behind: their own databases, and no other.
package enum PostgresRestoreCleanup {
    /// What was done.
    package struct Report: Sendable {
        /// Databases that were dropped.
        package var dropped: [String] = []
        /// Databases that were opened again.
        package var reopened: [String] = []
        /// Databases of restores that still run, which were left alone.
        package var running: [String] = []
        /// Roles that were dropped.
        package var roles: [String] = []
    }

    /// Drops the databases of restores of one target that were killed, with the roles that they had
    /// created, and opens the target where one had closed it.
    ///
    /// - Parameters:
    ///   - target: the database that they were to create or replace.
    ///   - connect: opens a session to a database of the server.
    /// - Returns: what was done.
    /// - Throws: `.database`.
    package static func run(
        target: String, connect: (String) throws -> any BulkConnection
    ) throws(SnapshotError) -> Report {
        do {
            let session = try MaintenanceSession(connect, besides: target)
            defer { session.connection.close() }
            var report = Report()
            for name in try session.databases() {
                guard let names = RestoreNames.read(name, "restore"), names.target == target
                else { continue }
                guard try session.lock(names) else {
                    report.running.append(name)
                    continue
                }
                if try undo(names, session, &report.roles) { report.reopened.append(names.target) }
                report.dropped.append(name)
                try session.unlock(names)
            }
            try dropRoles(of: target, session, &report.roles)
            return report
        } catch {
            throw SnapshotError(postgres: error)
        }
    }

    /// Drops the roles of restores whose databases are gone.
    private static func dropRoles(
        of target: String, _ session: MaintenanceSession, _ roles: inout [String]
    ) throws {
        for names in try Set(CreatedRoles.marked(session.connection).map(\.names)) {
            guard names.target == target, try session.lock(names) else { continue }
            roles += try CreatedRoles.drop(of: names, session.connection)
            try session.unlock(names)
        }
    }

    /// Drops the database that a restore has replaced.
    ///
    /// - Returns: its name.
    /// - Throws: `.notFound` where there is none of this restore; `.database`.
    package static func forget(
        _ id: String, connect: (String) throws -> any BulkConnection
    ) throws(SnapshotError) -> String {
        do {
            let session = try MaintenanceSession(connect, besides: "")
            defer { session.connection.close() }
            let found = try session.databases().first { RestoreNames.read($0, "before")?.id == id }
            guard let found else {
                throw SnapshotError(.notFound, "no database was kept by a restore '\(id)'")
            }
            try session.drop(found)
            return found
        } catch {
            throw SnapshotError(postgres: error)
        }
    }

    /// Drops a restore's database and the roles that it has created, and opens the target where the
    /// restore was stopped while it was about to swap.
    ///
    /// - Parameters:
    ///   - names: of the restore.
    ///   - session: is connected to none of its databases.
    ///   - roles: gets the names of the roles.
    /// - Returns: whether the target was opened.
    /// - Throws: what the database says.
    @discardableResult
    static func undo(
        _ names: RestoreNames, _ session: MaintenanceSession, _ roles: inout [String]
    ) throws -> Bool {
        let target = try session.find(names.target)
        // The restored database is closed by nothing but the swap, right after the target.
        let restored = try session.find(names.restored)
        guard restored.exists else {
            roles += try CreatedRoles.drop(of: names, session.connection)
            return false
        }
        var isReopened = false
        if target.exists, !target.allowsConnections, !(try session.find(names.kept).exists) {
            try session.allowConnections(names.target, true)
            isReopened = true
        }
        try session.drop(names.restored)
        roles += try CreatedRoles.drop(of: names, session.connection)
        return isReopened
    }
}
