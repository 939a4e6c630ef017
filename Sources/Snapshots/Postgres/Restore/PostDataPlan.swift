internal import PostgresCatalog

/// The order in which indexes, constraints and the like are created side by side.
///
/// Each stage holds what needs nothing but earlier stages and what was there before the rows. Within
/// a stage the largest tables come first, and small objects go to the server several at a time.
enum PostDataPlan {
    private static let largeBytes: Int64 = 4 * 1024 * 1024
    private static let batch = 20

    /// The stages, each of batches of entries; `bytes` is the length of the rows of the table that an
    /// entry creates.
    ///
    /// A key of a large table is two entries: its index, which is built beside the others of the table,
    /// and in the next stage the constraint, which takes no time but keeps all others off the table.
    static func stages(_ entries: [SchemaEntry], bytes: [Int: Int64]) -> [[[SchemaEntry]]] {
        let large = Set(
            entries.filter { bytes[$0.id] ?? 0 >= largeBytes }
                .map { QualifiedName(schema: $0.schema ?? "", name: $0.name) })
        var depth: [Int: Int] = [:]
        var weight = bytes
        var stages: [[SchemaEntry]] = []
        func add(_ entry: SchemaEntry, to stage: Int) {
            while stages.count <= stage { stages.append([]) }
            stages[stage].append(entry)
        }
        for entry in entries where entry.section == .postData {
            var stage = entry.dependencies.compactMap { depth[$0] }.max().map { $0 + 1 } ?? 0
            weight[entry.id] =
                (entry.dependencies.compactMap { weight[$0] }.max() ?? 0) * effort(entry)
            var rest = entry
            if let (index, constraint) = parts(entry, ofOneOf: large) {
                add(index, to: stage)
                rest = constraint
                stage += 1
            }
            add(rest, to: stage)
            depth[entry.id] = stage
        }
        return stages.map { batches($0, weight) }
    }

    /// The index of a key, and the rest; nil for anything but a key of one of the tables, which have
    /// rows of their own: a partitioned table takes no index that is there.
    private static func parts(
        _ entry: SchemaEntry, ofOneOf tables: Set<QualifiedName>
    ) -> (SchemaEntry, SchemaEntry)? {
        guard entry.kind == "CONSTRAINT", let first = entry.statements.first,
            let key = KeyStatement(first.sql),
            tables.contains(QualifiedName(schema: entry.schema ?? "", name: key.tableName))
        else { return nil }
        var (index, constraint) = (entry, entry)
        index.statements = [SchemaStatement(key.index, roles: first.roles)]
        constraint.statements[0].sql = key.constraint
        return (index, constraint)
    }

    /// How much longer than most the index of a table of the same length takes: the longest are to
    /// begin first.
    private static func effort(_ entry: SchemaEntry) -> Int64 {
        guard entry.kind == "INDEX", let sql = entry.statements.first?.sql else { return 1 }
        return [" USING gin (", " USING gist (", " USING spgist ("].contains { sql.contains($0) }
            ? 4 : 1
    }

    private static func batches(
        _ entries: [SchemaEntry], _ weight: [Int: Int64]
    ) -> [[SchemaEntry]] {
        let large = entries.filter { weight[$0.id] ?? 0 >= largeBytes }
            .sorted { (weight[$1.id] ?? 0, $0.id) < (weight[$0.id] ?? 0, $1.id) }
        let small = entries.filter { weight[$0.id] ?? 0 < largeBytes }
        return large.map { [$0] }
            + stride(from: 0, to: small.count, by: batch).map { start in
                Array(small[start..<min(start + batch, small.count)])
            }
    }
}
