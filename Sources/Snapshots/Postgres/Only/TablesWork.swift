internal import Database
internal import PostgresCatalog

/// The steps of a restore of tables, within its transaction.
struct TablesWork {
    let connection: any BulkConnection
    let access: CatalogAccess
    /// The snapshot, with the rows of the tables that are restored.
    let content: RestoreContent
    let plan: SelectionPlan
    /// What was there before.
    let target: SchemaModel
    let roles: RolePolicy
    let existing: ReplacedTables

    private var schema: SchemaRestore {
        SchemaRestore(
            connection: connection, roles: roles, paths: content.paths,
            sourceMajor: content.serverMajor)
    }

    var proof: InPlaceProof {
        InPlaceProof(connection: connection, access: access, content: content, roles: roles)
    }

    /// All tables that the work writes to, or drops a key of.
    var lockedTables: [RestoredTable] {
        Set(existing.keys.flatMap { [$0.table, $0.other] }).union(plan.replaced).sorted()
    }

    /// Materialised views that show what was there before.
    var staleViews: [String] {
        let relations = TableRelations(target)
        return target.entries.filter { entry in
            entry.kind == "MATERIALIZED VIEW"
                && !plan.replaced.isDisjoint(with: relations.dependencies(of: entry))
        }.map { "the materialised view \($0.plainName)" }
    }

    /// Empties what is there and creates what is missing.
    func begin() throws {
        try existing.open()
        if !plan.entries.isEmpty {
            // What the role grants on new objects is not what the snapshot says of these.
            try PrivilegesReset(connection: connection).defaults(of: try role())
        }
        let attachments = plan.attached
        try schema.create(
            plan.entries.filter { $0.section == .preData && !isLate($0, attachments) })
    }

    /// The place of a partition in a table that is there is taken when the partition has its indexes,
    /// or the server would make others for it.
    private func isLate(_ entry: SchemaEntry, _ attached: Set<RestoredTable>) -> Bool {
        entry.kind == "TABLE ATTACH" && attached.contains(entry.table)
    }

    private func role() throws -> String {
        try connection.query("SELECT current_user").rows[0][0].string ?? ""
    }

    func setSequences() throws {
        try schema.create(plan.entries, .data)
        guard content.holdsRows else { return }
        let created = Set(plan.entries.map(\.id))
        let relations = TableRelations(content.model)
        let ids = created.union(
            plan.tables.flatMap { relations.parts[$0] ?? [] }.map(\.id))
        try OwnedSequences(
            connection: connection,
            sequences: content.document.sequences.filter { $0.entry.map(ids.contains) ?? false },
            created: created
        ).set(of: plan.tables)
    }

    /// Creates indexes, constraints and triggers, and then the foreign keys: those that were there, and
    /// those of the snapshot. Each looks at every row.
    func finishTables() throws {
        let entries = plan.entries.filter { $0.section == .postData && $0.kind != "ROW SECURITY" }
        let first: Set<String> = ["CONSTRAINT", "INDEX"]
        let keys = entries.filter { $0.kind == "FK CONSTRAINT" }
        let attached = indexesOfAttached
        try schema.create(entries.filter { first.contains($0.kind) })
        try schema.create(plan.entries.filter { isLate($0, plan.attached) })
        try schema.create(
            entries.filter { entry in
                !first.contains(entry.kind) && entry.kind != "FK CONSTRAINT"
                    && !attached.contains(entry.id)
            })
        let before = target.entries.filter { $0.kind == "FK CONSTRAINT" }
        for key in existing.keys {
            guard
                let entry = before.first(where: {
                    $0.schema == key.table.schema && $0.name == "\(key.table.name) \(key.name)"
                })
            else {
                throw SnapshotError(
                    .refused,
                    "the foreign key '\(key.name)' of \(key.table.text) belongs to an extension")
            }
            try schema.create([entry])
        }
        try schema.create(keys)
        try connection.query("SET CONSTRAINTS ALL IMMEDIATE")
    }

    /// The places of indexes that attaching a partition gives them.
    private var indexesOfAttached: Set<Int> {
        guard !plan.attached.isEmpty else { return [] }
        let relations = TableRelations(content.model)
        return Set(
            plan.attached.flatMap { relations.parts[$0] ?? [] }
                .filter { $0.kind == "INDEX ATTACH" }.map(\.id))
    }

    /// Puts back what was turned off, grants, and looks whether all is as it should be.
    func end() throws {
        try existing.close()
        try schema.create(plan.entries.filter { $0.kind == "ROW SECURITY" })
        try schema.grant(plan.entries)
        if !plan.entries.isEmpty {
            let role = try role()
            try schema.grant(
                target.entries.filter {
                    $0.kind == "DEFAULT ACL" && $0.name.hasPrefix(role + " ")
                })
        }
        try schema.create(plan.entries.filter { $0.section == .final })
        try checkObjects()
    }

    private func checkObjects() throws {
        let model = try access.schema(connection)
        let found = Dictionary(
            CatalogDocument(model, states: nil).entries.map {
                ($0.key, RestoreProof.comparable($0))
            },
            uniquingKeysWith: { first, _ in first })
        let ids = Set(plan.entries.map(\.id))
        var wanted = content.document.entries.filter { ids.contains($0.id) }
        let isExact =
            connection.serverVersionNumber / 10_000 == content.serverMajor
            && (roles.missing.isEmpty || roles.policy == .createNologin)
        if !isExact { wanted = [] }
        let keys = Set(existing.keys.map { "\($0.table.name) \($0.name)".exact })
        let relations = TableRelations(target)
        let stayed = Set(
            plan.replaced.flatMap { table in
                ([relations.tables[table]].compactMap { $0 } + (relations.parts[table] ?? []))
                    .map(\.id)
            })
        wanted += CatalogDocument(target, states: nil).entries.filter { entry in
            stayed.contains(entry.id) || entry.kind == "DEFAULT ACL"
                || entry.kind == "FK CONSTRAINT" && keys.contains(entry.name.exact)
        }
        for entry in wanted where found[entry.key] != RestoreProof.comparable(entry) {
            let name = entry.schema.map { "\($0).\(entry.name)" } ?? entry.name
            throw SnapshotError(
                .restoreFailed,
                "the \(entry.kind) '\(name)' \(found[entry.key] == nil ? "is missing" : "is another one")"
            )
        }
        try RestoreWork.checkIndexes(connection)
    }
}

extension CatalogDocument.Entry {
    /// What makes it unique.
    var key: [ExactText] { [kind, schema ?? "", name].exact }
}
