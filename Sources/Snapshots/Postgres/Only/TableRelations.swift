internal import PostgresCatalog

/// What hangs on which table of a model, and which partition belongs where.
struct TableRelations {
    let model: SchemaModel
    private let entries: [Int: SchemaEntry]
    private(set) var tables: [RestoredTable: SchemaEntry] = [:]
    /// The parent of each partition.
    private(set) var parents: [RestoredTable: RestoredTable] = [:]
    private var partitions: [RestoredTable: [RestoredTable]] = [:]
    /// What hangs on each table, in the order in which it is created.
    private(set) var parts: [RestoredTable: [SchemaEntry]] = [:]
    /// The sequences that columns own without being an identity, by their entries' ids.
    private(set) var owned: [Int: RestoredTable] = [:]

    init(_ model: SchemaModel) {
        self.model = model
        entries = Dictionary(
            model.entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in model.entries where entry.kind == "TABLE" { tables[entry.table] = entry }
        for entry in model.entries where entry.kind == "TABLE ATTACH" {
            guard let parent = dependencies(of: entry).first(where: { $0 != entry.table }) else {
                continue
            }
            parents[entry.table] = parent
            partitions[parent, default: []].append(entry.table)
        }
        for entry in model.entries {
            guard let table = table(of: entry) else { continue }
            if entry.kind == "SEQUENCE OWNED BY" {
                for sequence in entry.dependencies.compactMap({ entries[$0] })
                where sequence.kind == "SEQUENCE" {
                    owned[sequence.id] = table
                    parts[table, default: []].append(sequence)
                }
            }
            parts[table, default: []].append(entry)
        }
    }

    /// An entry by its id.
    func entry(_ id: Int) -> SchemaEntry? { entries[id] }

    /// The tables among what an entry needs.
    func dependencies(of entry: SchemaEntry) -> [RestoredTable] {
        entry.dependencies.compactMap { entries[$0] }.filter { $0.kind == "TABLE" }.map(\.table)
    }

    /// The partitions right below a table.
    func children(of table: RestoredTable) -> [RestoredTable] { partitions[table] ?? [] }

    /// The table that an entry belongs to; nil for one that stands for itself.
    private func table(of entry: SchemaEntry) -> RestoredTable? {
        switch entry.kind {
        case "CONSTRAINT", "CHECK CONSTRAINT", "NOT NULL CONSTRAINT", "FK CONSTRAINT", "RULE",
            "TRIGGER", "POLICY", "DEFAULT":
            return named(entry) { entry.name.hasPrefix($0.name + " ") }
        case "PUBLICATION TABLE": return named(entry) { entry.name.hasSuffix(" " + $0.name) }
        case "ROW SECURITY", "TABLE ATTACH": return entry.table
        case "INDEX", "STATISTICS":
            let candidates = dependencies(of: entry)
            guard candidates.count > 1 else { return candidates.first }
            let sql = entry.statements.first?.sql ?? ""
            return candidates.first {
                sql.contains(" \($0.text) ") || sql.hasSuffix(" \($0.text)")
                    || sql.contains(" \($0.quoted) ") || sql.hasSuffix(" \($0.quoted)")
            } ?? candidates.first
        case "INDEX ATTACH": return partition(of: entry)
        case "SEQUENCE":
            let isIdentity = entry.statements.first?.sql.hasPrefix("ALTER TABLE ") == true
            return isIdentity ? dependencies(of: entry).first : nil
        case "SEQUENCE OWNED BY", "ACL": return dependencies(of: entry).first
        default: return nil
        }
    }

    /// The table with the longest name that fits, among what the entry needs.
    private func named(
        _ entry: SchemaEntry, _ fits: (RestoredTable) -> Bool
    ) -> RestoredTable? {
        dependencies(of: entry).filter { $0.schema == entry.schema && fits($0) }
            .max { $0.name.utf8.count < $1.name.utf8.count }
    }

    /// The table of the lower one of two indexes.
    private func partition(of entry: SchemaEntry) -> RestoredTable? {
        let indexes = entry.dependencies.compactMap { entries[$0] }
            .filter { ["INDEX", "CONSTRAINT"].contains($0.kind) }
        let tables = indexes.flatMap { dependencies(of: $0) }
        return tables.first { table in parents[table].map(tables.contains) == true }
    }
}

extension SchemaEntry {
    /// The table of its own schema and name.
    var table: RestoredTable { RestoredTable(schema: schema ?? "", name: name) }

    /// Whether it is something that rows can be read from.
    var isRelation: Bool {
        ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"].contains(kind)
    }
}
