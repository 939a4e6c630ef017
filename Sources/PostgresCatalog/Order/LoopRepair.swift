/// Rewrites objects that need each other, or that need something of a later section.
///
/// What can be taken apart is: the defaults and checks of tables, the checks of domains, a view
/// into one with the same columns and no contents and its query. What cannot may be able to wait
/// until after the rows: a function whose body was parsed when it was created, a materialised view.
struct LoopRepair {
    private let graph: DependencyGraph

    init(_ graph: DependencyGraph) { self.graph = graph }

    /// All objects after one round of repairs; nil where nothing is to be repaired.
    ///
    /// - Throws: `.dependencyLoop`.
    func repaired() throws(CatalogError) -> [any CatalogObject]? {
        var replacements: [Int: [any CatalogObject]] = [:]
        for loop in StrongComponents.loops(graph.needs) {
            replacements.merge(try repair(loop)) { first, _ in first }
        }
        if replacements.isEmpty { replacements = try repairSections() }
        guard !replacements.isEmpty else { return nil }
        return graph.objects.indices.flatMap { replacements[$0] ?? [graph.objects[$0]] }
    }

    private func repair(_ loop: [Int]) throws(CatalogError) -> [Int: [any CatalogObject]] {
        let ids = graph.ids(within: Set(loop))
        var replacements: [Int: [any CatalogObject]] = [:]
        // Parts of tables and domains cost a statement; a view without contents may be seen by
        // others, so as few as possible are made.
        for index in loop where graph.objects[index].kind != .view {
            replacements[index] = graph.objects[index].splitting(ids)
        }
        if !replacements.isEmpty { return replacements }
        for index in loop where graph.objects[index].kind == .view {
            if let objects = graph.objects[index].splitting(ids) { return [index: objects] }
        }
        throw CatalogError(
            .dependencyLoop,
            "no order can create what needs each other: "
                + loop.map { graph.objects[$0].description }.joined(separator: ", "))
    }

    private func repairSections() throws(CatalogError) -> [Int: [any CatalogObject]] {
        var replacements: [Int: [any CatalogObject]] = [:]
        for (index, needs) in graph.needs.enumerated() {
            let object = graph.objects[index]
            for needed in needs where graph.objects[needed].section > object.section {
                let ids = graph.ids(from: index, to: needed)
                if let parts = object.splitting(ids) {
                    replacements[index] = parts
                } else if let postponed = object.postponed() {
                    replacements[index] = [postponed]
                } else {
                    throw CatalogError(
                        .dependencyLoop,
                        "\(object.description) must be there before the rows and needs "
                            + "\(graph.objects[needed].description), which comes after them")
                }
                break
            }
        }
        return replacements
    }
}
