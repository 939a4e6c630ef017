internal import Database
internal import PostgresCatalog

/// What happens where a role is named that the server does not have. Roles belong to the server, and
/// are in no snapshot.
package enum MissingRoles: String, Sendable, CaseIterable {
    /// The restore does not begin.
    case fail
    /// What names the role is left out: its objects belong to the role that restores.
    case skip
    /// The role is created, unable to log in.
    case createNologin = "create-nologin"
}

/// The roles that a snapshot names and the server lacks.
struct RolePolicy {
    let policy: MissingRoles
    let missing: Set<ExactText>

    /// Looks which roles are missing.
    ///
    /// - Throws: `.refused` where that must not be.
    init(
        _ policy: MissingRoles, _ model: SchemaModel, _ connection: any Connection
    ) throws {
        let named =
            model.entries.flatMap { ($0.statements + $0.privileges).flatMap(\.roles) }
            + model.database.statements.flatMap(\.roles) + [model.database.owner]
        let there = try connection.query("SELECT rolname FROM pg_catalog.pg_roles").rows
            .compactMap { $0[0].string }
        missing = Set(named.exact).subtracting(there.exact)
        self.policy = policy
        guard policy == .fail, !missing.isEmpty else { return }
        let names = missing.sorted().map { "'\($0.text)'" }.joined(separator: ", ")
        throw SnapshotError(
            .refused, "the server has no role \(names)",
            hint: "Create them, or restore with --missing-roles skip or create-nologin.")
    }

    /// What is to be run of some statements.
    func kept(_ statements: [SchemaStatement]) -> [SchemaStatement] {
        guard policy == .skip, !missing.isEmpty else { return statements }
        return statements.filter { missing.isDisjoint(with: $0.roles.exact) }
    }

    /// The roles that are to be created.
    var toCreate: [String] { policy == .createNologin ? missing.sorted().map(\.text) : [] }

    /// Creates them within a transaction.
    func createRoles(_ connection: any Connection) throws {
        guard !toCreate.isEmpty else { return }
        try connection.run(
            toCreate.map { Step("CREATE ROLE \(PostgresName.quoted($0)) NOLOGIN") })
    }

    /// What was done, in words.
    var report: [String] {
        missing.sorted().map(\.text).map { role in
            switch policy {
            case .fail: ""
            case .skip: "the role '\(role)' is missing; what names it was left out"
            case .createNologin: "the role '\(role)' was created, without the right to log in"
            }
        }
    }
}
