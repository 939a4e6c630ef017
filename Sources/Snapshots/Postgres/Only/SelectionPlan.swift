internal import PostgresCatalog

/// What is to be done so that some tables of a snapshot are in a database: a pure value.
struct SelectionPlan {
    /// The tables that are there and get other rows, those with partitions included.
    private(set) var replaced: Set<RestoredTable> = []
    /// The tables that are created.
    private(set) var created: Set<RestoredTable> = []
    /// All that is created, in the order of the snapshot.
    private(set) var entries: [SchemaEntry] = []
    /// Partitions that are created, of a table that is there.
    private(set) var attached: Set<RestoredTable> = []
    /// What of the snapshot could not come along, in words.
    private(set) var leftOut: [String] = []
    /// What comes along without having been asked for, in words.
    private(set) var brought: [String] = []

    private let snapshot: TableRelations
    private let there: TableRelations
    private let keys: Set<EntryKey>
    private var chosen: Set<Int> = []

    /// Plans; `wanted` are tables of the snapshot.
    ///
    /// - Throws: `.refused` where a table is there with another definition, or one cannot be created
    ///   without others.
    init(
        _ wanted: Set<RestoredTable>, of snapshot: SchemaModel, into target: SchemaModel
    ) throws(SnapshotError) {
        self.snapshot = TableRelations(snapshot)
        there = TableRelations(target)
        keys = Set(target.entries.map(EntryKey.init))
        for table in wanted.sorted() { select(table) }
        // Creating one can take another one along.
        var done: Set<RestoredTable> = []
        while let table = created.subtracting(done).sorted().first {
            done.insert(table)
            if let entry = self.snapshot.tables[table] { add(entry) }
        }
        try refuseRouted(snapshot.tables)
        for table in created.sorted() { try addParts(of: table) }
        for table in replaced.sorted() {
            try TableDefinition.check(table, self.snapshot, there, creating: created)
        }
        addLostKeys()
        entries = snapshot.entries.filter { chosen.contains($0.id) }
        noteLostViews()
    }

    /// Every table whose rows are loaded.
    var tables: Set<RestoredTable> { replaced.union(created) }

    /// Which partition such a row goes to, only the server that it is restored to can tell.
    private func refuseRouted(_ contents: [TableContents]) throws(SnapshotError) {
        for table in contents where tables.contains(RestoredTable(table)) {
            guard let root = table.loadsThrough else { continue }
            let whole = RestoredTable(schema: root.schema, name: root.name)
            guard !tables.contains(whole) else { continue }
            throw SnapshotError(
                .refused,
                "\(RestoredTable(table).text) is partitioned by the hash of an enum, and which rows "
                    + "belong there can be different after a restore",
                hint: "Restore \(whole.text) as a whole.")
        }
    }

    private mutating func select(_ table: RestoredTable) {
        if there.tables[table] != nil { replaced.insert(table) } else { created.insert(table) }
        for child in snapshot.children(of: table) where !tables.contains(child) { select(child) }
    }

    private func isThere(_ entry: SchemaEntry) -> Bool { keys.contains(EntryKey(entry)) }

    /// Adds an entry and what it needs and the database lacks.
    private mutating func add(_ entry: SchemaEntry) {
        guard !isThere(entry), chosen.insert(entry.id).inserted else { return }
        if entry.kind == "TABLE", !created.contains(entry.table) {
            brought.append("the table \(entry.table.text), which others need, is restored as well")
            select(entry.table)
        }
        let parent = entry.kind == "TABLE" ? snapshot.parents[entry.table] : nil
        for id in entry.dependencies {
            guard let needed = snapshot.entry(id) else { continue }
            // A partition can do without the table it is a part of.
            if needed.kind == "TABLE", needed.table == parent { continue }
            add(needed)
        }
    }

    // MARK: - What hangs on a table

    private mutating func addParts(of table: RestoredTable) throws(SnapshotError) {
        for entry in snapshot.parts[table] ?? [] {
            if entry.kind == "TABLE ATTACH", let parent = snapshot.parents[table],
                there.tables[parent] != nil
            {
                attached.insert(table)
            }
            if let missing = missingRelation(entry) {
                try leaveOut(entry, of: table, missing)
            } else if entry.kind == "PUBLICATION TABLE", !hasPublication(entry) {
                leftOut.append(
                    "\(table.text) is in no publication: that of '\(entry.name)' is not there")
            } else {
                add(entry)
            }
        }
    }

    private func hasPublication(_ entry: SchemaEntry) -> Bool {
        entry.dependencies.compactMap(snapshot.entry).filter { $0.kind == "PUBLICATION" }
            .allSatisfy(isThere)
    }

    /// A table or view that an entry needs and that will not be there.
    private func missingRelation(_ entry: SchemaEntry) -> SchemaEntry? {
        var seen: Set<Int> = []
        func find(_ entry: SchemaEntry) -> SchemaEntry? {
            guard seen.insert(entry.id).inserted, !isThere(entry), !chosen.contains(entry.id) else {
                return nil
            }
            if entry.isRelation { return entry }
            for id in entry.dependencies {
                if let found = snapshot.entry(id).flatMap(find) { return found }
            }
            return nil
        }
        return find(entry)
    }

    private mutating func leaveOut(
        _ entry: SchemaEntry, of table: RestoredTable, _ missing: SchemaEntry
    ) throws(SnapshotError) {
        // The places of indexes go with the place of the table.
        guard entry.kind != "INDEX ATTACH" else { return }
        guard entry.kind != "POLICY" else {
            throw SnapshotError(
                .refused,
                "the policy '\(entry.name)' needs \(missing.plainName), which is not there",
                hint: "Restore that as well: without a policy others could see what they must not.")
        }
        let what = entry.kind == "FK CONSTRAINT" ? "foreign key" : entry.kind.lowercased()
        leftOut.append(
            "the \(what) '\(entry.name)' of \(table.text): there is no \(missing.plainName)")
    }

    /// Foreign keys to a table that is created, of tables that are there: they went with it.
    private mutating func addLostKeys() {
        for (table, parts) in snapshot.parts where there.tables[table] != nil {
            for entry in parts where entry.kind == "FK CONSTRAINT" && !isThere(entry) {
                let others = snapshot.dependencies(of: entry).filter { $0 != table }
                guard others.contains(where: created.contains),
                    others.allSatisfy({ created.contains($0) || there.tables[$0] != nil })
                else { continue }
                chosen.insert(entry.id)
                brought.append("the foreign key '\(entry.name)' of \(table.text) is put back")
            }
        }
    }

    private mutating func noteLostViews() {
        let ids = Set(created.compactMap { snapshot.tables[$0]?.id })
        for entry in snapshot.model.entries
        where ["VIEW", "MATERIALIZED VIEW"].contains(entry.kind) && !isThere(entry)
            && !chosen.contains(entry.id) && !ids.isDisjoint(with: entry.dependencies)
        {
            leftOut.append("the \(entry.kind.lowercased()) \(entry.plainName), which is not there")
        }
    }
}
