/// Reads views, materialised views, and which of these are to be filled.
struct ViewReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT c.oid, r.oid, n.nspname, c.relname, \(server.roleName("c.relowner")), \
            c.relkind, pg_catalog.pg_get_viewdef(c.oid), c.reloptions, tc.reloptions, \
            NULLIF(am.amname, 'heap'), ts.spcname, c.relispopulated, c.relreplident, \
            \(server.privilegeColumns("c.relacl", type: "'r'", owner: "c.relowner")) \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN' \
            LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid AND c.reltoastrelid <> 0 \
            LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
            LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace \
            WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' \
            AND \(server.isUserSchema("c.relnamespace")) \
            AND \(server.isNoMember(.relation, "c.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        let rows = answers[0].map { ViewRow(&$0) }
        for row in rows {
            let columns = contents.columns[row.oid]
            let privileges = contents.columns.privileges[row.oid] ?? []
            contents.objects.append(
                row.isMaterialized
                    ? row.materializedView(columns, privileges) : row.view(columns, privileges))
        }
        addContents(rows, &contents)
    }

    /// A materialised view is filled after those that it reads, through views too, and not at all
    /// where it was not filled, or would read one that is not: reading it fails.
    private func addContents(_ rows: [ViewRow], _ contents: inout CatalogContents) {
        guard rows.contains(where: \.isMaterialized) else { return }
        let rules = Dictionary(rows.map { ($0.rule, $0.oid) }, uniquingKeysWith: { $1 })
        var reads: [UInt32: Set<UInt32>] = [:]
        for edge in contents.edges where edge.dependent.catalog == .rewriteRule {
            guard edge.dependency.catalog == .relation, let view = rules[edge.dependent.oid],
                view != edge.dependency.oid
            else { continue }
            reads[view, default: []].insert(edge.dependency.oid)
        }
        let byOID = Dictionary(rows.map { ($0.oid, $0) }, uniquingKeysWith: { $1 })
        for row in rows where row.isMaterialized {
            let sources = Self.sources(of: row.oid, reads).compactMap { byOID[$0] }
                .filter(\.isMaterialized)
            guard row.isPopulated, sources.allSatisfy(\.isPopulated) else { continue }
            contents.objects.append(
                MaterializedViewContents(
                    viewID: ObjectID(.relation, row.oid), name: row.name,
                    dependencies: [ObjectID(.relation, row.oid)]
                        + sources.map { ObjectID(.relation, $0.oid, aspect: .contents) }))
        }
    }

    private static func sources(of view: UInt32, _ reads: [UInt32: Set<UInt32>]) -> Set<UInt32> {
        var found: Set<UInt32> = []
        var open = [view]
        while let next = open.popLast() {
            for source in reads[next] ?? [] where found.insert(source).inserted {
                open.append(source)
            }
        }
        found.remove(view)
        return found
    }
}

/// A row of the query for views.
private struct ViewRow {
    let oid: UInt32
    let rule: UInt32
    let name: ObjectName
    let owner: String
    let isMaterialized: Bool
    let query: String
    var options: [String]
    let toastOptions: [String]
    let accessMethod: String?
    let tablespace: String?
    let isPopulated: Bool
    let replicaIdentity: Character?
    let acl: String?
    let base: String?

    init(_ row: inout RowCursor) {
        oid = row.oid()
        rule = row.oid()
        name = ObjectName(schema: row.text(), row.text())
        owner = row.text()
        isMaterialized = row.letter() == "m"
        query = ViewColumns.query(row.text())
        options = row.array()
        toastOptions = row.array()
        accessMethod = row.optionalText()
        tablespace = row.optionalText()
        isPopulated = row.flag()
        replicaIdentity = row.letter()
        acl = row.optionalText()
        base = row.optionalText()
    }

    private func privileges(_ columns: [ObjectPrivileges.Column]) -> ObjectPrivileges {
        ObjectPrivileges(
            target: "TABLE \(SQLQuoting.qualified(name.schema ?? "", name.name))", owner: owner,
            acl: acl, base: base, columns: columns)
    }

    func view(_ columns: [Column], _ privileges: [ObjectPrivileges.Column]) -> View {
        // The check option is one of the options, and a clause of its own in SQL.
        let check = options.first { $0.hasPrefix("check_option=") }
        return View(
            id: ObjectID(.relation, oid), rule: ObjectID(.rewriteRule, rule), name: name,
            owner: owner, columns: columns, query: query,
            options: StorageOptions.list(options.filter { $0 != check }),
            checkOption: check.map { $0 == "check_option=local" ? "LOCAL" : "CASCADED" },
            privileges: self.privileges(privileges))
    }

    func materializedView(
        _ columns: [Column], _ privileges: [ObjectPrivileges.Column]
    ) -> MaterializedView {
        let options = [
            StorageOptions.list(options), StorageOptions.list(toastOptions, prefix: "toast."),
        ]
        return MaterializedView(
            id: ObjectID(.relation, oid), rule: ObjectID(.rewriteRule, rule), name: name,
            owner: owner, columns: columns, query: query,
            options: options.filter { !$0.isEmpty }.joined(separator: ", "),
            accessMethod: accessMethod, tablespace: tablespace,
            replicaIdentity: replicaIdentity == "f"
                ? "FULL" : replicaIdentity == "n" ? "NOTHING" : nil,
            privileges: self.privileges(privileges))
    }
}
