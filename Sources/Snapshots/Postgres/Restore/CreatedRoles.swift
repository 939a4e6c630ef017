internal import Database

/// Roles that a restore creates because the server lacks them. Until the restore has come to its end
/// a comment tells which restore made them, so that they go with it where it fails or is killed.
enum CreatedRoles {
    private static let mark = "created by the unfinished restore "

    /// Creates roles that cannot log in: all of them or none.
    static func create(
        _ roles: [String], for names: RestoreNames, _ connection: any Connection
    ) throws {
        guard !roles.isEmpty else { return }
        let steps = roles.flatMap { role in
            let quoted = PostgresName.quoted(role)
            return [
                Step("CREATE ROLE \(quoted) NOLOGIN"),
                Step("COMMENT ON ROLE \(quoted) IS \(PostgresName.literal(mark + names.restored))"),
            ]
        }
        do {
            try connection.run([Step("BEGIN")] + steps + [Step("COMMIT")])
        } catch {
            if connection.transactionState != .idle { _ = try? connection.query("ROLLBACK") }
            throw error.error
        }
    }

    /// Steps that make them roles like any other.
    static func unmark(_ roles: [String]) -> [Step] {
        roles.map { Step("COMMENT ON ROLE \(PostgresName.quoted($0)) IS NULL") }
    }

    /// Drops those of a restore; its database must be gone.
    ///
    /// - Returns: their names.
    static func drop(of names: RestoreNames, _ connection: any Connection) throws -> [String] {
        let roles = try marked(connection).filter { $0.names == names }.map(\.role)
        for role in roles { try connection.query("DROP ROLE \(PostgresName.quoted(role))") }
        return roles
    }

    /// Roles that are marked, each with the restore that made it.
    static func marked(_ connection: any Connection) throws -> [(role: String, names: RestoreNames)]
    {
        try connection.query(
            """
            SELECT r.rolname, d.description FROM pg_catalog.pg_shdescription d \
            JOIN pg_catalog.pg_roles r ON r.oid = d.objoid \
            WHERE d.classoid = 1260 AND pg_catalog.starts_with(d.description, $1) ORDER BY 1
            """, [.text(mark)]
        ).rows.compactMap { row in
            guard let role = row[0].string, let name = row[1].string?.dropFirst(mark.count),
                let names = RestoreNames.read(String(name), "restore")
            else { return nil }
            return (role, names)
        }
    }
}
