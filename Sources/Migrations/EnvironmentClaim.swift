/// What a run knows of whose database it works on.
package enum EnvironmentClaim: Sendable, Hashable {
    /// The run's environment was named, or its own address is used: the database is its, or the run
    /// is wrong here.
    case certain
    /// The address was given by hand and no environment with it: the database is stamped with
    /// nothing. Where it is stamped with one of those that are configured, that one has to be named,
    /// or its rules would be gone around.
    case unnamed(configured: [String])

    /// Nothing is known, and nothing is refused.
    package static let none = EnvironmentClaim.unnamed(configured: [])

    /// Whether the run may stamp.
    var isCertain: Bool { self == .certain }
}

extension Migrator {
    /// Refuses a database that is stamped with another environment than the run's.
    ///
    /// - Throws: `.wrongDatabase`.
    func refuseOtherEnvironment(_ snapshot: HistorySnapshot) throws(MigrationError) {
        if let problem = problem(of: snapshot.stamp) { throw problem }
    }

    /// What is wrong with the database that the last look has found; nil where nothing is.
    package var environmentProblem: MigrationError? { problem(of: stamp) }

    private func problem(of stamp: String?) -> MigrationError? {
        let environment = context.identity.environment
        guard let stamp, stamp != environment else { return nil }
        switch context.claim {
        case .certain:
            return MigrationError(
                .wrongDatabase,
                "this database belongs to environment '\(stamp)', not to '\(environment)'",
                hint: "Look at the address of '\(environment)'. If it is a copy that is now its "
                    + "database, say so: migrate repair --restamp --env \(environment)")
        case .unnamed(let configured):
            guard configured.contains(stamp) else { return nil }
            return MigrationError(
                .wrongDatabase,
                "this database belongs to environment '\(stamp)', which was not named",
                hint: "Add --env \(stamp): its rules hold for its database, whatever the address.")
        }
    }

    /// Refuses a database of another environment before anything is done with it; a history that is
    /// another tool's, or none, says nothing of that.
    ///
    /// - Throws: `.wrongDatabase`, `.interrupted`, `.database`.
    package func checkEnvironment() throws(MigrationError) {
        do {
            try refuseOtherEnvironment(look())
        } catch {
            guard error.code == .foreignHistory else { throw error }
        }
    }
}
