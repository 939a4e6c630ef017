/// The objects in an order in which they can be created.
struct RestoreOrder: Sendable {
    /// The graph, free of loops.
    let graph: DependencyGraph
    /// Indices into the graph's objects, in the order.
    let order: [Int]

    /// Puts objects in order, after taking apart or postponing what needs each other.
    ///
    /// - Throws: `.dependencyLoop`.
    init(_ contents: CatalogContents) throws(CatalogError) {
        var objects = contents.objects
        while true {
            let graph = DependencyGraph(objects, contents)
            if let repaired = try LoopRepair(graph).repaired() {
                objects = repaired
                continue
            }
            self.graph = graph
            order = Self.order(graph.needs)
            return
        }
    }

    /// Visits the objects in their sorted order, each after all that it needs.
    private static func order(_ needs: [[Int]]) -> [Int] {
        var order: [Int] = []
        order.reserveCapacity(needs.count)
        var isVisited = Array(repeating: false, count: needs.count)
        for root in needs.indices where !isVisited[root] {
            var path: [(node: Int, next: Int)] = [(root, 0)]
            isVisited[root] = true
            while let (node, next) = path.last {
                if next < needs[node].count {
                    path[path.count - 1].next += 1
                    let needed = needs[node][next]
                    if !isVisited[needed] {
                        isVisited[needed] = true
                        path.append((needed, 0))
                    }
                } else {
                    path.removeLast()
                    order.append(node)
                }
            }
        }
        return order
    }
}
