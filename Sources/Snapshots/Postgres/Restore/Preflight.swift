internal import Database
internal import PostgresCatalog

/// Looks whether a server can take a snapshot, and writes nothing.
struct Preflight {
    private let content: RestoreContent
    private let connection: any Connection

    init(_ content: RestoreContent, _ connection: any Connection) {
        self.content = content
        self.connection = connection
    }

    /// Checks all for a database that is created, or put in the place of `target`.
    ///
    /// - Throws: `.refused`.
    func check(_ missingRoles: MissingRoles, target: String) throws -> RolePolicy {
        try checkPrivileges()
        try checkOwner(target)
        return try checkServer(missingRoles)
    }

    /// Checks what does not depend on where in the server it is restored.
    ///
    /// - Throws: `.refused`.
    func checkServer(_ missingRoles: MissingRoles) throws -> RolePolicy {
        try checkVersion()
        try checkExtensions()
        return try RolePolicy(missingRoles, content.model, connection)
    }

    /// Whether the server is no older than that of the snapshot.
    func checkVersion() throws {
        let major = connection.serverVersionNumber / 10_000
        guard major >= content.serverMajor else {
            throw SnapshotError(
                .refused,
                "the snapshot is of PostgreSQL \(content.serverMajor), and the server is "
                    + connection.serverVersion,
                hint: "Restore into a server of version \(content.serverMajor) or later.")
        }
    }

    private func checkPrivileges() throws {
        let row = try connection.query(
            """
            SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles \
            WHERE rolname = current_user
            """
        ).rows.first
        guard row?[0].boolean == true else {
            throw SnapshotError(
                .refused, "the role may not create databases",
                hint: "Grant it CREATEDB, restore as another role, or restore with --in-place.")
        }
    }

    /// Only its owner renames a database; it had better be known before hours of work.
    private func checkOwner(_ target: String) throws {
        let row = try connection.query(
            """
            SELECT pg_catalog.pg_has_role(datdba, 'USAGE'), pg_catalog.pg_get_userbyid(datdba) \
            FROM pg_catalog.pg_database WHERE datname = $1
            """, [.text(target)]
        ).rows.first
        guard let row, row[0].boolean != true else { return }
        throw SnapshotError(
            .refused,
            "the database '\(target)' belongs to '\(row[1].string ?? "")', and only its owner may "
                + "rename it",
            hint: "Restore as that role or a member of it, or with --in-place.")
    }

    private func checkExtensions() throws {
        let rows = try connection.query(
            "SELECT name, version FROM pg_catalog.pg_available_extension_versions"
        ).rows
        let available = Set(rows.map { [$0[0].string, $0[1].string] })
        let missing = content.model.extensions.filter {
            !available.contains([$0.name, $0.version])
        }
        guard let first = missing.first else { return }
        let names = missing.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        throw SnapshotError(
            .refused, "the server does not have the extension \(names)",
            hint: "Install '\(first.name)' in the version of the snapshot.")
    }
}
