internal import Database

/// Takes privileges back to what they are in a new database, so that those of a snapshot, which are
/// the difference from that, can be given.
struct PrivilegesReset {
    let connection: any Connection

    /// The privileges that new objects get: all, or those of one role's objects.
    func defaults(of role: String? = nil) throws {
        let rows = try connection.query(
            """
            SELECT pg_catalog.pg_get_userbyid(d.defaclrole), n.nspname, d.defaclobjtype, \
            CASE WHEN a.grantee <> 0 THEN pg_catalog.pg_get_userbyid(a.grantee) END, \
            a.grantee IS NOT NULL \
            FROM pg_catalog.pg_default_acl d \
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace \
            LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a ON true \
            WHERE $1::pg_catalog.text IS NULL OR pg_catalog.pg_get_userbyid(d.defaclrole) = $1 \
            ORDER BY 1, 2, 3, 4
            """, [role.map { .text($0) } ?? .null]
        ).rows
        var revokes: [String] = []
        var grants: [String] = []
        for row in rows {
            guard let kind = Self.kinds[row[2].string ?? ""] else { continue }
            let owner = PostgresName.quoted(row[0].string ?? "")
            var prefix = "ALTER DEFAULT PRIVILEGES FOR ROLE \(owner)"
            if let schema = row[1].string { prefix += " IN SCHEMA \(PostgresName.quoted(schema))" }
            if row[4].boolean == true {
                let grantee = row[3].string.map(PostgresName.quoted) ?? "PUBLIC"
                revokes.append("\(prefix) REVOKE ALL ON \(kind) FROM \(grantee)")
            }
            guard row[1].string == nil else { continue }
            grants.append("\(prefix) GRANT ALL ON \(kind) TO \(owner)")
            if ["FUNCTIONS", "TYPES"].contains(kind) {
                grants.append("\(prefix) GRANT ALL ON \(kind) TO PUBLIC")
            }
        }
        try connection.run((revokes + grants).map { Step($0) })
    }

    private static let kinds = [
        "r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS",
        "L": "LARGE OBJECTS",
    ]

    /// The privileges on a schema that stays, and its comment.
    func schema(_ name: String) throws {
        let quoted = PostgresName.quoted(name)
        let rows = try connection.query(
            """
            SELECT DISTINCT pg_catalog.pg_get_userbyid(n.nspowner), a.grantee = 0, \
            pg_catalog.pg_get_userbyid(a.grantee) FROM pg_catalog.pg_namespace n \
            LEFT JOIN LATERAL pg_catalog.aclexplode(n.nspacl) a ON true WHERE n.nspname = $1
            """, [.text(name)]
        ).rows
        guard let owner = rows.first?[0].string.map(PostgresName.quoted) else { return }
        var steps = rows.compactMap { row -> Step? in
            guard let isPublic = row[1].boolean else { return nil }
            let grantee = isPublic ? "PUBLIC" : PostgresName.quoted(row[2].string ?? "")
            return Step("REVOKE ALL ON SCHEMA \(quoted) FROM \(grantee) CASCADE")
        }
        steps.append(Step("GRANT ALL ON SCHEMA \(quoted) TO \(owner)"))
        if name == "public" {
            let isOpen = connection.serverVersionNumber < 150_000
            steps.append(
                Step("GRANT USAGE\(isOpen ? ", CREATE" : "") ON SCHEMA public TO PUBLIC"))
        }
        steps.append(Step("COMMENT ON SCHEMA \(quoted) IS NULL"))
        try connection.run(steps)
    }
}
