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
    static func stages(_ entries: [SchemaEntry], bytes: [Int: Int64]) -> [[[SchemaEntry]]] {
        var depth: [Int: Int] = [:]
        var weight = bytes
        var stages: [[SchemaEntry]] = []
        for entry in entries where entry.section == .postData {
            let stage = entry.dependencies.compactMap { depth[$0] }.max().map { $0 + 1 } ?? 0
            depth[entry.id] = stage
            weight[entry.id] = entry.dependencies.compactMap { weight[$0] }.max() ?? 0
            while stages.count <= stage { stages.append([]) }
            stages[stage].append(entry)
        }
        return stages.map { batches($0, weight) }
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
