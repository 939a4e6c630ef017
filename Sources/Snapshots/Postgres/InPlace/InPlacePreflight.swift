internal import Database
internal import PostgresCatalog

/// Looks whether a role can empty a database and build it anew, and writes nothing.
struct InPlacePreflight {
    let content: RestoreContent
    /// What the target holds now.
    let target: SchemaModel
    let connection: any Connection

    private var wanted: SchemaModel { content.model }

    /// - Throws: `.refused` with what stands in the way.
    func check() throws {
        try checkDatabase()
        try checkSubscriptions()
        try checkGivenPrivileges()
        guard try !isSuperuser() else { return }
        try checkTarget()
        try checkExtensions()
        try checkKinds()
        try checkOwners()
        try checkCreation()
    }

    private func refuse(_ message: String, hint: String) -> SnapshotError {
        SnapshotError(.refused, message, hint: hint)
    }

    private static let elsewhere =
        "Restore as a superuser, or without --in-place as a role with CREATEDB."

    private func isSuperuser() throws -> Bool {
        try connection.query(
            "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
        ).rows.first?[0].boolean == true
    }

    private func role() throws -> String {
        try connection.query("SELECT current_user").rows[0][0].string ?? ""
    }

    private func checkDatabase() throws {
        let (one, other) = (target.database, wanted.database)
        let facts = [
            ("encoding", one.encoding, other.encoding), ("collation", one.collate, other.collate),
            ("character type", one.characterType, other.characterType),
            ("locale provider", one.localeProvider, other.localeProvider),
            ("locale", one.locale ?? "", other.locale ?? ""),
        ]
        guard let (what, present, wanted) = facts.first(where: { $0.1 != $0.2 }) else { return }
        throw refuse(
            "the \(what) of the database is '\(present)' and that of the snapshot '\(wanted)'",
            hint: "That of a database stays for its life: restore without --in-place, or --into "
                + "another one.")
    }

    private func checkSubscriptions() throws {
        let names = try connection.query(
            """
            SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d \
            ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database() \
            AND s.subslotname IS NOT NULL ORDER BY 1
            """
        ).rows.compactMap { $0[0].string }
        guard let first = names.first else { return }
        throw refuse(
            "the subscription '\(first)' has a slot on its publisher, and cannot be dropped in a "
                + "transaction",
            hint: "Drop it, or take its slot away: ALTER SUBSCRIPTION … DISABLE, then SET "
                + "(slot_name = NONE).")
    }

    /// What was granted on objects that stay cannot be taken back by what a snapshot says.
    private func checkGivenPrivileges() throws {
        let extensions = try TargetExtension.list(connection).filter { $0.isKept(by: wanted) }
        let kept = Set(
            target.entries.filter { entry in
                entry.kind == "EXTENSION" && extensions.contains { $0.name == entry.name }
            }.map(\.id))
        let snapshot = Dictionary(
            wanted.entries.map { (EntryKey($0), $0) }, uniquingKeysWith: { first, _ in first })
        for entry in target.entries where entry.kind == "ACL" {
            guard entry.dependencies.allSatisfy(kept.contains) else { continue }
            guard snapshot[EntryKey(entry)].map(entry.isEqual) != true else { continue }
            throw refuse(
                "the privileges on \(entry.plainName), which stays, are not those of the snapshot",
                hint: "Grant or revoke them by hand first, or restore without --in-place.")
        }
    }

    private func checkTarget() throws {
        let objects = try TargetObjects(connection).list()
        let foreign = objects.filter { !$0.mayDrop && $0.schema == nil }
        let large = try connection.query(
            """
            SELECT pg_catalog.count(*), pg_catalog.min(pg_catalog.pg_get_userbyid(lomowner)) \
            FROM pg_catalog.pg_largeobject_metadata WHERE NOT pg_catalog.pg_has_role(lomowner, 'USAGE')
            """
        ).rows[0]
        var names = foreign.prefix(3).map(\.description)
        if foreign.count > 3 { names.append("and \(foreign.count - 3) more") }
        if let count = large[0].integer, count > 0 {
            names.append("\(count) large objects of '\(large[1].string ?? "")'")
        }
        guard !names.isEmpty else { return try checkSchemas(objects) }
        throw refuse(
            "the role '\(try role())' may not drop what belongs to others: "
                + names.joined(separator: ", "), hint: Self.elsewhere)
    }

    /// A schema of somebody else stays; it must be as the snapshot has it.
    private func checkSchemas(_ objects: [TargetObject]) throws {
        let snapshot = Dictionary(
            wanted.entries.map { (EntryKey($0), $0) }, uniquingKeysWith: { first, _ in first })
        let foreign = Set(objects.filter { !$0.mayDrop }.compactMap(\.schema))
        for entry in target.entries where entry.kind == "SCHEMA" {
            let isForeign =
                entry.name == "public" ? try !ownsPublic() : foreign.contains(entry.name)
            guard isForeign, snapshot[EntryKey(entry)].map(entry.isEqual) != true else { continue }
            throw refuse(
                "the schema '\(entry.name)' belongs to '\(entry.owner ?? "")' and is not as in the "
                    + "snapshot", hint: Self.elsewhere)
        }
    }

    private func ownsPublic() throws -> Bool {
        try connection.query(
            """
            SELECT pg_catalog.pg_has_role(nspowner, 'USAGE') FROM pg_catalog.pg_namespace \
            WHERE nspname = 'public'
            """
        ).rows.first?[0].boolean ?? true
    }

    private func checkExtensions() throws {
        let there = try TargetExtension.list(connection)
        if let other = there.first(where: { !$0.isKept(by: wanted) && !$0.mayDrop }) {
            throw refuse(
                "the extension '\(other.name)' \(other.version) is not in the snapshot, and the role "
                    + "'\(try role())' may not drop it", hint: Self.elsewhere)
        }
        let kept = Set(there.filter { $0.isKept(by: wanted) }.map(\.name))
        for one in wanted.extensions where !kept.contains(one.name) {
            let rows = try connection.query(
                """
                SELECT trusted OR NOT superuser FROM pg_catalog.pg_available_extension_versions \
                WHERE name = $1 AND version = $2
                """, [.text(one.name), .text(one.version)]
            ).rows
            guard rows.first?[0].boolean != true else { continue }
            throw refuse(
                "the role '\(try role())' may not create the extension '\(one.name)' \(one.version)",
                hint: "Have a superuser create it in the schema '\(one.schema)', or restore as one."
            )
        }
    }

    /// Kinds that only a superuser creates.
    private func checkKinds() throws {
        let kinds: Set<String> = [
            "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "LANGUAGE", "ACCESS METHOD", "OPERATOR CLASS",
            "OPERATOR FAMILY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE", "SUBSCRIPTION",
            "PUBLICATION TABLES IN SCHEMA",
        ]
        guard let entry = wanted.entries.first(where: { kinds.contains($0.kind) }) else { return }
        throw refuse(
            "the snapshot has the \(entry.kind.lowercased()) '\(entry.plainName)', which only a "
                + "superuser can create", hint: Self.elsewhere)
    }

    private func checkOwners() throws {
        let there = RemainingObjects(target, wanted: wanted)
        let owners = Set(
            wanted.entries.filter { entry in
                !(["SCHEMA", "EXTENSION"].contains(entry.kind) && there.equal.contains(entry.id))
            }.compactMap(\.owner))
        let right = connection.serverVersionNumber >= 160_000 ? "SET" : "MEMBER"
        let foreign = try connection.query(
            """
            SELECT rolname FROM pg_catalog.pg_roles \
            WHERE NOT pg_catalog.pg_has_role(oid, '\(right)') ORDER BY 1
            """
        ).rows.compactMap { $0[0].string }
        guard let owner = foreign.first(where: owners.contains) else { return }
        let entry = wanted.entries.first { $0.owner == owner }
        throw refuse(
            "the snapshot has objects of '\(owner)', such as \(entry?.kind.lowercased() ?? "") "
                + "'\(entry?.plainName ?? "")', and '\(try role())' may not give it any",
            hint: "Make it a member of '\(owner)', or restore as another role.")
    }

    private func checkCreation() throws {
        let there = RemainingObjects(target, wanted: wanted)
        let rights = try connection.query(
            """
            SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
            (SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace \
            WHERE nspname = 'public')
            """
        ).rows[0]
        let needsDatabase = wanted.entries.first { entry in
            ["SCHEMA", "PUBLICATION"].contains(entry.kind) && entry.name != "public"
                || entry.kind == "EXTENSION" && !there.equal.contains(entry.id)
        }
        if let entry = needsDatabase, rights[0].boolean != true {
            throw refuse(
                "the role '\(try role())' may not create the \(entry.kind.lowercased()) "
                    + "'\(entry.name)'",
                hint: "Grant it CREATE on the database.")
        }
        if rights[1].boolean == false, wanted.entries.contains(where: { $0.schema == "public" }) {
            throw refuse(
                "the role '\(try role())' may not create objects in the schema 'public'",
                hint: "Grant it CREATE on the schema.")
        }
    }
}
